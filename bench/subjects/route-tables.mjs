// Which route a path takes, in tables of different sizes: their shape is that of an API of many resources.
const core = name => import(new URL(`../../dist/core/${name}.js`, import.meta.url));

const paths = ['/api/v1/r3/42', '/api/v1/r7/42/items/9', '/api/v1/r1', '/api/v1/r5/42/files/a/b/c'];
const headerOf = () => undefined;
const questionOf = path => ({ host: 'api.example', method: 'GET', path, query: '', headerOf });

function routesOf(resources, readPattern) {
  const conditions = { headers: [], query: [] };
  const all = [];
  for (let at = 0; at < resources; at++) {
    for (const tail of ['', '/:id', '/:id/items/:item', '/:id/files/*rest', '/search']) {
      const path = `/api/v1/r${at}${tail}`;
      all.push({ name: path, host: undefined, methods: ['GET'], pattern: readPattern(path), conditions });
    }
  }
  return all;
}

const table = (name, resources) => ({
  name,
  load: async () => {
    const [{ RouteTable }, { readPattern }] = await Promise.all([core('route-table'), core('route-pattern')]);
    return (_settings, operation) => {
      const made = new RouteTable(routesOf(resources, readPattern));
      const questions = paths.map(questionOf);
      let call = 0;
      return () => operation(made.find(questions[call++ & 3]).route);
    };
  },
});

export const bare = {
  name: 'bare',
  load: async () => (_settings, operation) => () => operation({ name: '' }),
};
export const fifty = table('50 routes', 10);
export const thousand = table('1 000 routes', 200);
export const tenThousand = table('10 000 routes', 2_000);
