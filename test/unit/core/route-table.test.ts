import { describe, expect, it } from 'vitest';
import {
  conditionsKey,
  meets,
  queryValues,
  type RouteConditions,
} from '../../../src/core/route-conditions.js';
import { type RoutePattern, readPattern } from '../../../src/core/route-pattern.js';
import { MOST_STATES, RouteStates } from '../../../src/core/route-states.js';
import {
  compareRoutes,
  firstRoute,
  hiddenPair,
  RouteTable,
  type TableRoute,
  takesHost,
} from '../../../src/core/route-table.js';

interface Said {
  readonly host?: string;
  readonly methods?: readonly string[];
  readonly headers?: RouteConditions['headers'];
  readonly query?: RouteConditions['query'];
}

const route = (path: string, { host, methods = [], headers = [], query = [] }: Said = {}): TableRoute => ({
  ...{
    name: path,
    host,
    methods,
    pattern: readPattern(path) as RoutePattern,
    conditions: { headers, query },
  },
});
const ask = (path: string, over: Partial<Parameters<RouteTable<TableRoute>['find']>[0]> = {}) => ({
  ...{ host: 'h', method: 'GET', path, query: '', headerOf: () => undefined, ...over },
});
const nameOf = (table: RouteTable<TableRoute>, path: string, over = {}) => {
  const found = table.find(ask(path, over));
  return found.kind === 'route' ? found.route.name : found.kind;
};

describe('RouteTable', () => {
  it('takes the most exact path, in whatever order they were declared', () => {
    const paths = ['/*', '/:a/b', '/a/*', '/a/:b', '/a/b', '/:a', '/', '/a/'];
    for (const order of [paths, [...paths].reverse()]) {
      const table = new RouteTable(order.map(path => route(path)));
      expect(
        ['/', '/a', '/b', '/a/', '/a/b', '/a/c', '/x/b', '/x/c', '/a/b/c', '/x/'].map(p => nameOf(table, p)),
      ).toEqual(['/', '/a/*', '/:a', '/a/', '/a/b', '/a/:b', '/:a/b', '/*', '/a/*', '/*']);
    }
  });

  it('knows no path that no route takes', () => {
    const table = new RouteTable([route('/a'), route('/:x/b')]);
    expect(nameOf(table, '/b')).toBe('path');
    expect(nameOf(table, '/a/c')).toBe('path');
    expect(nameOf(table, '/a/b/c')).toBe('path');
    expect(nameOf(new RouteTable([]), '/')).toBe('path');
  });

  it('takes the named host before those below one, the longer first, before any', () => {
    const hosts = [undefined, '*.b.c', '*.a.b.c', 'x.b.c', '*.c'];
    const table = new RouteTable(
      hosts.map(host => ({ ...route('/', host === undefined ? {} : { host }), name: host ?? 'any' })),
    );
    const found = ['x.b.c', 'y.b.c', 'q.a.b.c', 'b.c', 'c', 'n.o', 'evilx.b.c'].map(host =>
      nameOf(table, '/', { host }),
    );
    expect(found).toEqual(['x.b.c', '*.b.c', '*.a.b.c', '*.c', 'any', 'any', '*.b.c']);
  });

  it('goes on to a less exact route where the exact one has not this path, method or header', () => {
    const table = new RouteTable([
      ...[route('/a', { host: 'h', methods: ['POST'] }), route('/:x', { methods: ['GET'] })],
      route('/v', { headers: [['x-version', '2']] }),
    ]);
    expect(nameOf(table, '/a')).toBe('/:x');
    expect(nameOf(table, '/v')).toBe('/:x');
    expect(
      nameOf(table, '/v', { headerOf: (name: string) => (name === 'x-version' ? '2' : undefined) }),
    ).toBe('/v');
    expect(table.find(ask('/a', { method: 'PUT' }))).toEqual({
      kind: 'method',
      allowed: ['GET', 'HEAD', 'POST'],
    });
    expect(nameOf(table, '/a', { method: 'HEAD' })).toBe('/:x');
  });

  it('says which methods there are, without HEAD where there is no GET', () => {
    const table = new RouteTable([route('/a', { methods: ['POST'] })]);
    expect(table.find(ask('/a'))).toEqual({ kind: 'method', allowed: ['POST'] });
  });

  it('takes named methods before any, and more conditions before fewer', () => {
    const [any, get, one, two] = [
      ...[
        route('/a'),
        route('/a', { methods: ['GET'] }),
        route('/a', { methods: ['GET'], query: [['q', true]] }),
      ],
      route('/a', { methods: ['GET'], query: [['q', true]], headers: [['h', true]] }),
    ] as [TableRoute, TableRoute, TableRoute, TableRoute];
    expect([any, get, one, two].sort(compareRoutes)).toEqual([two, one, get, any]);
    expect(new RouteTable([any, get, one, two]).find(ask('/a', { query: '?q' }))).toEqual({
      kind: 'route',
      route: one,
    });
  });

  it('tells of a route that another hides', () => {
    const [get, both, any] = [
      ...[route('/:a', { methods: ['GET'] }), route('/:b', { methods: ['GET', 'PUT'] }), route('/:c')],
    ] as [TableRoute, TableRoute, TableRoute];
    expect(hiddenPair([get, both, any])).toBeUndefined();
    expect(hiddenPair([both, get])).toEqual([both, get]);
    expect(hiddenPair([any, get])).toEqual([any, get]);
    expect(hiddenPair([any, { ...any, host: 'h' }])).toBeUndefined();
    expect(hiddenPair([get, route('/:a', { methods: ['HEAD'] })])).toBeDefined();
    expect(hiddenPair([any, route('/:a', { query: [['q', 'x']] })])).toBeUndefined();
  });

  it('agrees with the definition about hosts', () => {
    expect(takesHost(route('/', { host: '*.b' }), 'a.b')).toBe(true);
    expect(takesHost(route('/', { host: '*.b' }), '.b')).toBe(false);
    expect(takesHost(route('/', { host: '*.b' }), 'b')).toBe(false);
    expect(takesHost(route('/', { host: '*.b' }), 'ab')).toBe(false);
    expect(takesHost(route('/', { host: 'a' }), 'b')).toBe(false);
    expect(firstRoute([route('/a'), route('/b')], ask('/b'))?.name).toBe('/b');
  });

  it('refuses patterns that want too many states', () => {
    const kinds = Array.from({ length: 18 }, (_, depth) =>
      [...Array.from({ length: depth }, () => ':p'), `t${depth}`].map((part, at) =>
        part === ':p' ? `:p${at}` : part,
      ),
    );
    const many = kinds.map((parts, rank) => ({
      pattern: readPattern(
        `/${[...parts, ...Array.from({ length: 18 - parts.length }, (_, at) => `:r${at}`)].join('/')}`,
      ),
      rank,
    })) as { pattern: RoutePattern; rank: number }[];
    expect(() => new RouteStates(many)).toThrow(`want more than ${MOST_STATES} states`);
    expect(new RouteStates(many.slice(0, 4)).count).toBeLessThan(1000);
  });
});

describe('conditions', () => {
  it('reads a query by name', () => {
    expect(queryValues('?a=1&b&a=%32+x&c%20=4&%zz=5', 'a')).toEqual(['1', '2 x']);
    expect(queryValues('?a=1&b', 'b')).toEqual(['']);
    expect(queryValues('?c%20=4', 'c ')).toEqual(['4']);
    expect(queryValues('?%zz=5', '%zz')).toEqual(['5']);
    expect(queryValues('', 'a')).toEqual([]);
  });

  it('are met by one of the values, or by any where any will do', () => {
    const none = () => undefined;
    expect(meets({ headers: [], query: [['a', '2']] }, none, '?a=1&a=2')).toBe(true);
    expect(meets({ headers: [], query: [['a', '3']] }, none, '?a=1&a=2')).toBe(false);
    expect(meets({ headers: [['h', true]], query: [] }, () => '', '')).toBe(true);
    expect(meets({ headers: [['h', true]], query: [] }, none, '')).toBe(false);
  });

  it('have one key, in whatever order they are', () => {
    const [a, b] = [
      ['a', '1'],
      ['b', true],
    ] as const;
    expect(conditionsKey({ headers: [a, b], query: [] })).toBe(conditionsKey({ headers: [b, a], query: [] }));
    expect(conditionsKey({ headers: [a], query: [] })).not.toBe(conditionsKey({ headers: [], query: [a] }));
  });
});
