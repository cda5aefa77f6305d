// Five parts that answer at once: what is measured is the gathering.
const built = new URL('../../dist/proxy.js', import.meta.url);

const names = ['a', 'b', 'c', 'd', 'e'];

/** What anybody writes by hand, without a deadline, a limit, or a word about what is missing. */
export const bare = {
  name: 'bare',
  load: async () => (_settings, operation) => async () => {
    const [a, b, c, d, e] = await Promise.all(names.map(() => operation()));
    return { a, b, c, d, e };
  },
};

/** The same where a part may be missing. */
export const settled = {
  name: 'Promise.allSettled',
  load: async () => (_settings, operation) => async () => {
    const all = await Promise.allSettled(names.map(() => operation()));
    return Object.fromEntries(all.map(({ value }, at) => [names[at], value]));
  },
};

const keelsonWith = (name, partsOf) => ({
  name,
  load: async () => {
    const { aggregate, optional } = await import(built);
    return (_settings, operation) => {
      const page = aggregate(partsOf(operation, optional));
      return async () => (await page.execute()).data;
    };
  },
});

const every = value => Object.fromEntries(names.map(name => [name, value]));

export const keelson = keelsonWith('keelson', operation => every(operation));
export const keelsonOptional = keelsonWith('keelson, optional parts', (operation, optional) =>
  every(optional(operation)),
);
