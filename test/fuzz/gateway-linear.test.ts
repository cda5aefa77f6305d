import * as yaml from 'yaml';
import { forwardedValue, hasVia, listedOf, namesOf, passFields } from '../../src/core/hop-fields.js';
import { cacheable } from '../../src/core/http-cache-answer.js';
import { readCacheControl } from '../../src/core/http-cache-control.js';
import { saidUnder } from '../../src/core/http-cache-store.js';
import { hasIt } from '../../src/core/http-conditions.js';
import { readRange } from '../../src/core/ip-range.js';
import { readFields } from '../../src/core/request-fields.js';
import { queryValues } from '../../src/core/route-conditions.js';
import { normalPath } from '../../src/core/route-path.js';
import { paramsOf, type RoutePattern, readPattern } from '../../src/core/route-pattern.js';
import { RouteTable } from '../../src/core/route-table.js';
import { readHost, readTarget } from '../../src/core/route-target.js';
import { readOrigin } from '../../src/gateway/upstream.js';
import { gatewayFrom } from '../../src/gateway.js';
import { checkTimes, readersOf, refused } from './linear-time.js';

const { reader, readers } = readersOf();
const noLimit = Number.MAX_SAFE_INTEGER;

const table = new RouteTable(
  ['/', '/a/*rest', '/a/:x/a/:y/a/*rest', '/:a/:b/:c/:d/:e/:f/:g/b', '/:a/*', '/a/a/a/a/a/a/a/a'].map(
    path => ({
      ...{ name: path, host: undefined, methods: [], pattern: readPattern(path) as RoutePattern },
      conditions: { headers: [], query: [] },
    }),
  ),
);
const find = (path: string): unknown => {
  const found = table.find({ host: 'a', method: 'GET', path, query: '', headerOf: () => undefined });
  return found.kind === 'route' ? paramsOf(found.route.pattern, path) : found;
};
reader('a path of many segments', size => '/a'.repeat(size / 2), find);
reader('a path of one segment', size => `/${'a'.repeat(size)}`, find);
reader('a path of no route', size => `/b${'/a'.repeat(size / 2)}/`, find);

/** No target is longer than 65 536 characters: an eighth of what others read is more than enough. */
const path = (name: string, make: (size: number) => string): void =>
  reader(name, size => make(size / 8), normalPath);
path('a path of dots', size => '/..'.repeat(size / 3));
path('a path of dots that climb and come back', size => '/a/..'.repeat(size / 5));
path('a path of escapes', size => '/%41%2e'.repeat(size / 7));
path('a path of escapes of escapes', size => '/%25252e'.repeat(size / 8));
path('a path of escapes that are none', size => `${'/%41'.repeat(size / 4)}%`);
path('a path of slashes', size => '/'.repeat(size));
path('a path of semicolons', size => `/${';a'.repeat(size / 2)}`);
path('a path that is not UTF-8', size => '/%e2%82'.repeat(size / 7));

reader(
  'a pattern of names',
  size => Array.from({ length: size / 256 }, (_, at) => `/:n${at}`).join(''),
  readPattern,
);
reader('a pattern of one name', size => `/:${'a'.repeat(size)}`, readPattern);
reader('a pattern of texts', size => '/a'.repeat(size / 16), readPattern);
reader('a pattern of escapes', size => '/%41'.repeat(size / 4), readPattern);

reader(
  'a target that is absolute',
  size => `http://${'a'.repeat(size)}/`,
  target => readTarget('GET', target),
);
reader('a host of labels', size => 'a.'.repeat(size / 2), readHost);
reader('a host of digits', size => `a:${'1'.repeat(size)}`, readHost);
reader('an address of groups', size => `[${'1:'.repeat(size / 2)}]`, readHost);
reader('a range of groups', size => `${'1:'.repeat(size / 8)}/64`, readRange);
reader('an origin with a path', size => `http://a${'/a'.repeat(size / 2)}`, readOrigin);
reader('an origin of at signs', size => `http://${'a@'.repeat(size / 2)}`, readOrigin);
reader(
  'a query of parameters',
  size => `?${'a=b&'.repeat(size / 16)}`,
  query => queryValues(query, 'a'),
);
reader(
  'a query of escapes',
  size => `?a=${'%41+'.repeat(size / 4)}`,
  query => queryValues(query, 'a'),
);

const fields = (name: string, make: (size: number) => string[]): void =>
  reader(name, make, raw => {
    readFields(raw, '1.1', noLimit, new Set());
    const names = namesOf(raw);
    passFields(raw, names, ['a'], () => false);
    listedOf(raw, names);
  });
const many = (count: number, name: string, value: string): string[] =>
  Array.from({ length: count }, () => [name, value]).flat();
fields('many fields', size => ['host', 'a', ...many(size / 16, 'x-a', 'b')]);
fields('a field that is long', size => ['host', 'a', 'x-a', 'a'.repeat(size)]);
fields('a name that is long', size => ['host', 'a', '_-'.repeat(size / 8), 'a']);
fields('a Connection of names', size => ['host', 'a', 'connection', 'close, '.repeat(size / 28)]);
fields('a Connection of blanks', size => [
  'host',
  'a',
  'connection',
  `${' '.repeat(size)},${' '.repeat(size)}`,
]);
fields('codings', size => ['host', 'a', 'transfer-encoding', 'gzip,'.repeat(size / 5)]);
fields('many lengths', size => ['host', 'a', ...many(size / 32, 'content-length', '5')]);
fields('expectations', size => ['host', 'a', 'expect', '100-continue'.repeat(size / 12)]);
reader(
  'a Via of hops',
  size => ['1.1 a, '.repeat(size / 7)],
  via => hasVia(via, 'b'),
);
reader(
  'a Via of comments',
  size => [`1.1 a ${'('.repeat(size)}`],
  via => hasVia(via, 'b'),
);
reader('a Forwarded of quotes', size => '"\\'.repeat(size / 8), forwardedValue);

/** What a cache reads: a field that an answer depends on, and those that speak of its age. */
const said = (text: string): unknown => saidUnder(['a'], () => text);
reader('a field of blanks that an answer depends on', size => `a${' '.repeat(size)}b`, said);
reader('a field of commas that an answer depends on', size => ' ,'.repeat(size / 16), said);
const validators = { etag: '"b"', lastModified: undefined };
const tags = (text: string): unknown => hasIt(text, undefined, validators);
reader('an If-None-Match of tags', size => '"a",'.repeat(size / 16), tags);
reader('an If-None-Match of quotes', size => '"'.repeat(size / 4 + 1), tags);
reader('a Cache-Control of names', size => 'a,'.repeat(size / 16), readCacheControl);
reader('a Cache-Control of an open quote', size => `a="${'\\'.repeat(size / 4)}`, readCacheControl);
const aged = (age: string): unknown =>
  cacheable(
    {
      ...{ status: 200, sentAt: 0, receivedAt: 0, named: false },
      field: name => (name === 'age' ? age : undefined),
    },
    { defaultTtlMs: 1, staleWhileRevalidateMs: 0, staleIfErrorMs: 0 },
  );
reader('an Age of blanks', size => `${' '.repeat(size)}a`, aged);
reader('an Age of digits', size => `${'1'.repeat(size)}a`, aged);

const config = (name: string, make: (size: number) => unknown): void =>
  reader(name, make, value => refused(() => gatewayFrom(value as string)));
const plain = { path: '/', reply: {} };
const named = (count: number, value: unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`field${at}`, value]));
config('a gateway of many routes', size => ({
  routes: Array.from({ length: size / 8_192 }, (_, at) => ({ ...plain, path: `/${at}` })),
}));
config('a gateway of many mistakes', size => ({
  routes: Array.from({ length: size / 512 }, () => ({ pth: 5 })),
}));
config('a gateway of unknown fields', size => ({ routes: [], ...named(size / 512, 1) }));
config('a route of unknown fields', size => ({ routes: [{ ...plain, ...named(size / 512, 1) }] }));
config('a gateway of references', size => ({ routes: [], name: '$'.concat('{A}').repeat(size / 64) }));
config('a gateway of services', size => ({
  routes: [],
  services: named(size / 16_384, { instances: ['http://a', 'http://b'] }),
}));
const text = (name: string, make: (size: number) => string): void => config(`a text of JSON, ${name}`, make);
text('that nests', size => '['.repeat(size));
text('of blanks', size => ' '.repeat(size));
text('of one string', size => `"${'a'.repeat(size)}"`);
text('of an open string', size => `"${'\\\\'.repeat(size / 2)}`);
text('of escapes', size => `"${'\\u0041'.repeat(size / 6)}"`);
text('of digits', size => '1'.repeat(size));
text('of digits and dots', size => '1.'.repeat(size / 2));
text('of a list', size => `[${'1,'.repeat(size / 16)}1]`);
text('of fields', size => `{${Array.from({ length: size / 256 }, (_, at) => `"f${at}":1`).join()}}`);
text('of one long name with many mistakes', size => {
  const routes = Array.from({ length: 100 }, () => '{"path":"/","x":1}').join(',\n');
  return `{"${'a'.repeat(size)}":1,"routes":[${routes}]}`;
});
reader(
  'a text of YAML, of routes',
  size => `routes:\n${'  - { path: /, replay: 1 }\n'.repeat(size / 2_048)}`,
  value => refused(() => gatewayFrom(value, { yaml })),
);

checkTimes(readers);
