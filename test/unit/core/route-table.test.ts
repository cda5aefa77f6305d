import { describe, expect, it } from 'vitest';
import {
  conditionsKey,
  meets,
  queryValues,
  type RouteConditions,
} from '../../../src/core/route-conditions.js';
import { type RoutePattern, readPattern } from '../../../src/core/route-pattern.js';
import {
  compareRoutes,
  firstRoute,
  hiddenPair,
  RouteTable,
  sharedMethods,
  type TableRoute,
  takesHost,
  tiedPair,
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

  it.each(['.b', '.', 'a.', '.a.b', 'a..b', '', 'b', 'ab.c.b', '*.b'])(
    'agrees with the definition about the host %j, which is none or an odd one',
    host => {
      const table = new RouteTable(['*.b', 'b', 'a.'].map(name => route('/', { host: name })));
      const found = table.find(ask('/', { host }));
      const expected = firstRoute(table.routes, ask('/', { host }));
      expect(found.kind === 'route' ? found.route : undefined).toBe(expected);
    },
  );

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

  it('has an order of hosts and methods, whichever is asked about first', () => {
    const below = ['*.a.b.c', '*.b.c'].map(host => route('/', { host }));
    const [get, any] = [route('/', { methods: ['GET'] }), route('/')];
    for (const [first, second] of [below, [below[1]!, any], [get, any]] as [TableRoute, TableRoute][]) {
      expect(compareRoutes(first, second)).toBeLessThan(0);
      expect(compareRoutes(second, first)).toBeGreaterThan(0);
    }
    expect(compareRoutes(get, route('/', { methods: ['PUT'] }))).toBe(0);
    expect(compareRoutes(any, route('/'))).toBe(0);
    const head = route('/', { methods: ['HEAD'] });
    for (const methods of [['POST'], ['GET', 'HEAD']]) {
      expect(compareRoutes(route('/', { methods }), head)).toBe(0);
    }
  });

  it('counts conditions before it goes by what they say', () => {
    const one = route('/', { query: [['a', true]] });
    const more = ['b', 'c'].map(name => [name, true] as const);
    for (const two of [route('/', { query: more }), route('/', { headers: more })]) {
      expect(compareRoutes(two, one)).toBeLessThan(0);
      expect(compareRoutes(one, two)).toBeGreaterThan(0);
    }
  });

  it('goes by what conditions say where there are as many, and takes HEAD by name before HEAD by GET', () => {
    const [one, two] = [route('/a', { headers: [['a', '1']] }), route('/a', { headers: [['b', '1']] })];
    const [get, head] = [route('/a', { methods: ['GET', 'PUT'] }), route('/a', { methods: ['HEAD'] })];
    for (const [first, second] of [
      [one, two],
      [head, get],
      [route('/a', { methods: ['GET', 'HEAD'] }), get],
    ] as [TableRoute, TableRoute][]) {
      expect(compareRoutes(first, second)).toBeLessThan(0);
      expect(compareRoutes(second, first)).toBeGreaterThan(0);
    }
    const table = new RouteTable([get, head]);
    expect(table.find(ask('/a', { method: 'HEAD' }))).toEqual({ kind: 'route', route: head });
    expect(table.find(ask('/a'))).toEqual({ kind: 'route', route: get });
  });

  it('tells of two routes of which none goes first, and of the methods that both name', () => {
    const [get, both, post] = [['GET'], ['GET', 'PUT', 'POST'], ['POST', 'PUT']].map(methods =>
      route('/:a', { methods }),
    ) as [TableRoute, TableRoute, TableRoute];
    expect(tiedPair([get, both])).toEqual([get, both]);
    expect(tiedPair([get, post, both])).toEqual([get, both]);
    expect(tiedPair([get, post, route('/:c')])).toBeUndefined();
    expect(tiedPair([get, { ...both, host: 'h' }])).toBeUndefined();
    expect(tiedPair([get, route('/:a', { methods: ['HEAD'] })])).toBeUndefined();
    expect(sharedMethods(both, post)).toEqual(['PUT', 'POST']);
  });

  it('tells of a route that another hides', () => {
    const [get, both, any] = [
      ...[route('/:a', { methods: ['GET'] }), route('/:b', { methods: ['GET', 'PUT'] }), route('/:c')],
    ] as [TableRoute, TableRoute, TableRoute];
    expect(hiddenPair([get, both, any])).toBeUndefined();
    expect(hiddenPair([both, get])).toEqual([both, get]);
    expect(hiddenPair([any, get])).toEqual([any, get]);
    expect(hiddenPair([any, route('/:d')])).toEqual([any, route('/:d')]);
    expect(hiddenPair([any, { ...any, host: 'h' }])).toBeUndefined();
    expect(hiddenPair([any, route('/a'), route('/b')])).toBeUndefined();
    expect(hiddenPair([get, route('/:a', { methods: ['HEAD'] })])).toBeDefined();
    expect(hiddenPair([any, route('/:a', { query: [['q', 'x']] })])).toBeUndefined();
  });

  it('agrees with the definition about hosts', () => {
    expect(takesHost(route('/', { host: '*.b' }), 'a.b')).toBe(true);
    expect(takesHost(route('/', { host: '*.b' }), '.b')).toBe(false);
    expect(takesHost(route('/', { host: '*.b' }), 'b')).toBe(false);
    expect(takesHost(route('/', { host: '*.b' }), 'ab')).toBe(false);
    expect(takesHost(route('/', { host: 'a' }), 'b')).toBe(false);
    expect(takesHost(route('/', { host: 'a' }), 'a')).toBe(true);
    expect(takesHost(route('/', { host: '[::1]' }), '[::1]')).toBe(true);
    expect(firstRoute([route('/a'), route('/b')], ask('/b'))?.name).toBe('/b');
  });
});

describe('conditions', () => {
  it('reads a query by name', () => {
    expect(queryValues('?a=1&b&a=%32+x&c%20=4&%zz=5', 'a')).toEqual(['1', '2 x']);
    expect(queryValues('?a=1&b', 'b')).toEqual(['']);
    expect(queryValues('?c%20=4', 'c ')).toEqual(['4']);
    expect(queryValues('?%zz=5', '%zz')).toEqual(['5']);
    expect(queryValues('', 'a')).toEqual([]);
    expect(queryValues('?=1&=2&a=3', '')).toEqual(['1', '2']);
    expect(queryValues('?=1', '=1')).toEqual([]);
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
    expect(conditionsKey({ headers: [], query: [b, a] })).toBe(conditionsKey({ headers: [], query: [a, b] }));
    const other = conditionsKey({ headers: [['a', '2'], b], query: [] });
    expect(other).not.toBe(conditionsKey({ headers: [a, b], query: [] }));
    expect(conditionsKey({ headers: [a], query: [] })).not.toBe(conditionsKey({ headers: [], query: [a] }));
  });
});
