import { describe, expect, it } from 'vitest';
import { problemsOf, route, routes } from './config-problems.js';

describe('a config of a gateway', () => {
  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'gatewayFrom must be given an object'],
    ['an unknown field', { routes, trusted: [] }, 'trusted is unknown; known are routes, services'],
    ['no routes', {}, 'routes must be a list of routes, and is missing'],
    ['a route that is none', { routes: [5] }, 'routes[0] must be an object, got 5'],
    [
      'an unknown field of a route',
      route({ reply: {}, pth: 1 }),
      'routes[0].pth is unknown; did you mean `path`?',
    ],
    ['a path', { routes: [{ path: 'x', reply: {} }] }, 'routes[0].path must be '],
    [
      'a name that is no text',
      route({ name: { toString: [] } }),
      'routes[0].name must be a string, got an object',
    ],
    [
      'a path that is no text',
      { routes: [{ path: [{ toString: 0 }], reply: {} }] },
      'routes[0].path must be ',
    ],
    [
      'a name of a side that is no text',
      route({
        upstream: { split: [{ name: { toString: 0 }, weight: 1, upstream: 'http://a', policy: [] }] },
      }),
      'routes[0].upstream.split must be a list',
    ],
    ['an end', route({}), 'routes[0].upstream must be given, or `reply`, or `redirect`'],
    ['an origin', route({ upstream: 'x' }), 'routes[0].upstream must be an origin such as'],
    [
      'a service',
      route({ upstream: { service: 'x' } }),
      'routes[0].upstream.service names "x", but services holds nothing',
    ],
    [
      'a side of a split',
      route({ upstream: { split: [{ name: 'a', weight: 1, upstream: { service: 'x' } }] } }),
      'routes[0].upstream.split[0].upstream.service names "x", but services holds nothing',
    ],
    [
      'a field of a side',
      route({ upstream: { split: [{ name: 'a', wieght: 1, upstream: 'http://a' }] } }),
      'routes[0].upstream.split[0].wieght is unknown; did you mean `weight`?',
    ],
    [
      'a mirror',
      route({ reply: {}, mirror: { upstream: 'http://a', ration: 1 } }),
      'routes[0].mirror.ration is unknown; did you mean `ratio`?',
    ],
    ['a function', route({ upstream: { function: 'x' } }), 'names "x", but extras.functions holds nothing'],
    [
      'a policy',
      route({ reply: {}, policy: 'x' }),
      'routes[0].policy names "x", but pipelines holds nothing',
    ],
    [
      'a part of a policy',
      route({ reply: {}, policy: [{ kind: 'bulkhead' }] }),
      'routes[0].policy[0].slots must be an integer >= 1, and is missing',
    ],
    ['a pipeline', { routes, pipelines: { a: [{ kind: 'retri' }] } }, 'pipelines.a[0].kind must be'],
    [
      'an authenticator',
      route({ reply: {}, auth: 'x' }),
      'routes[0].auth names "x", but authenticators holds nothing',
    ],
    [
      'auth',
      route({ reply: {}, auth: 5 }),
      'routes[0].auth must be a name, a list of names, or false, got 5',
    ],
    [
      'scopes',
      route({ reply: {}, scopes: ['a'] }),
      'routes[0].auth must be given where `scopes` or `authorize` are',
    ],
    [
      'a limit',
      route({
        reply: {},
        limits: [
          { name: 'a', limit: 1, perMs: 1 },
          { name: 'a b', limit: 1, perMs: 1 },
        ],
      }),
      'routes[0].limits[1].name must be 1 to 64 letters',
    ],
    [
      'a field of a limit',
      route({ reply: {}, limits: [{ name: 'a', limit: 1, perMs: 1, per: 1 }] }),
      'routes[0].limits[0].per is unknown; known are name, limit',
    ],
    [
      'whom a limit counts',
      route({ reply: {}, limits: [{ name: 'a', limit: 1, perMs: 1, by: 'x' }] }),
      'routes[0].limits[0].by names "x", but extras.limitBy holds nothing',
    ],
    ['a rewrite', route({ reply: {}, rewrite: '/:x' }), 'routes[0].rewrite must be of names that'],
    ['a redirect', route({ redirect: { to: '/:x' } }), 'routes[0].redirect.to must be of names that'],
    [
      'a status',
      route({ reply: { status: 99 } }),
      'routes[0].reply.status must be an integer >= 200 <= 599, got 99',
    ],
    [
      'a field of a reply',
      route({ reply: { headers: { 'a b': 'c' } } }),
      'routes[0].reply.headers holds "a b", which is no field',
    ],
    [
      'cors',
      route({ reply: {}, cors: { origins: ['x'] } }),
      "routes[0].cors.origins must be '*', or a list of origins",
    ],
    ['cors of all', { routes, cors: 5 }, 'cors must be an object, got 5'],
    [
      'addresses',
      route({ reply: {}, ip: { allow: ['x'] } }),
      'routes[0].ip.allow must be a list of addresses',
    ],
    [
      'a part of addresses',
      route({ reply: {}, ip: { alow: [] } }),
      'routes[0].ip.alow is unknown; did you mean `allow`?',
    ],
    [
      'fields of the gateway',
      { routes, identityFields: { subjct: 'a' } },
      'identityFields.subjct is unknown; did you mean `subject`?',
    ],
    ['a number', { routes, maxFieldCount: 0 }, 'maxFieldCount must be an integer >= 1 <= 2000, got 0'],
    [
      'limits of the server',
      { routes, limits: { maxConnections: 0 } },
      'limits.maxConnections must be an integer >= 1, got 0',
    ],
    [
      'a field of those',
      { routes, limits: { maxConections: 1 } },
      'limits.maxConections is unknown; did you mean `maxConnections`?',
    ],
    ['a place', { routes, listen: { port: 'x' } }, 'listen.port must be an integer >= 0 <= 65535, got "x"'],
    ['a clock', { routes, clock: {} }, 'clock is no data: give it as extras.clock'],
    [
      'an instance',
      { routes, services: { a: { instances: ['x'] } } },
      'services.a.instances[0] must be an origin',
    ],
    [
      'a way',
      { routes, services: { a: { instances: [], by: 'x' } } },
      "services.a.by must be 'least-busy' or",
    ],
    [
      'outliers',
      { routes, services: { a: { instances: [], outliers: { minHosts: 0 } } } },
      'services.a.outliers.minHosts must be',
    ],
    [
      'two instances',
      { routes, services: { a: { instances: ['http://a', 'http://a'] } } },
      'services.a.instances[1] has the id of another',
    ],
    [
      'a kind',
      { routes, authenticators: { a: { kind: 'x' } } },
      "authenticators.a.kind must be 'api-keys' or 'jwt' or 'signed-requests'",
    ],
    [
      'a secret in the file',
      { routes, authenticators: { a: { kind: 'api-keys', keys: [{ key: 'k'.repeat(20), subject: 'a' }] } } },
      'authenticators.a.keys[0].key must be a reference to the environment',
    ],
    [
      'a hash',
      { routes, authenticators: { a: { kind: 'api-keys', keys: [{ hash: 'x', subject: 'a' }] } } },
      'authenticators.a.keys[0].hash must be a SHA-256',
    ],
    ['jose', { routes, authenticators: { a: { kind: 'jwt' } } }, 'authenticators.a needs the module `jose`'],
    [
      'a part of an answer',
      route({ upstream: { aggregate: { parts: { a: { upstream: 'http://a', path: '/:x' } } } } }),
      'routes[0].upstream.aggregate.parts.a.path must be of names that',
    ],
    [
      'what stands for no part',
      route({ upstream: { aggregate: { parts: { a: { upstream: 'http://a', path: '/', otherwise: 1 } } } } }),
      'parts.a.otherwise is only for a part',
    ],
    [
      'no parts',
      route({ upstream: { aggregate: {} } }),
      'routes[0].upstream.aggregate.parts must be an object of parts by name, and is missing',
    ],
    [
      'routes of one name',
      {
        routes: [
          { path: '/a', name: 'x', reply: {} },
          { path: '/b', name: 'x', reply: {} },
        ],
      },
      'routes[1].name must be its own, got that of routes[0]',
    ],
    [
      'routes of which none goes first',
      {
        routes: [
          { path: '/a', methods: ['DELETE', 'PUT'], reply: {} },
          { path: '/a', methods: ['PUT', 'POST'], reply: {} },
        ],
      },
      'routes[1] takes PUT as routes[0] does, and none goes first',
    ],
    ['a hidden route', { routes: [...routes, ...routes] }, 'routes[1] takes nothing that routes[0] leaves'],
    [
      'a name of objects',
      JSON.parse('{"routes":[],"__proto__":{}}'),
      '["__proto__"] is no name for data'.slice(15),
    ],
  ])('is refused for %s', (_name, config, message) => {
    const [first, ...more] = problemsOf(config);
    expect(first).toContain(message);
    expect(more).toEqual([]);
  });
});
