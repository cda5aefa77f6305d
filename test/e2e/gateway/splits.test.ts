import { afterEach, describe, expect, it, vi } from 'vitest';
import type { GatewayEvents, GatewayRoute, UpstreamSplit } from '../../../src/gateway.js';
import { ApiGateway, apiKeys, hashApiKey } from '../../../src/gateway.js';
import { CircuitBreaker } from '../../../src/index.js';
import { eventually } from '../gateway-wire/wire.js';
import { Begun } from './begun.js';

const begun = new Begun();
afterEach(() => begun.end());

/** Two upstreams that say who they are, and a gateway before them. */
async function setUp(by: UpstreamSplit['by'], more: Partial<GatewayRoute> = {}, random = () => 0) {
  const [stable, canary] = await Promise.all(
    ['stable', 'canary'].map(name => begun.server((_, response) => response.end(name))),
  );
  const upstream = (weight: number) => ({
    split: [
      { name: 'stable', weight: 100 - weight, upstream: stable!.url },
      { name: 'canary', weight, upstream: canary!.url },
    ],
    ...(by === undefined ? {} : { by }),
  });
  const routes = (weight: number) => [{ path: '/*', upstream: upstream(weight), ...more }];
  const { gateway, url } = await begun.serve({ routes: routes(30), random, trustedPeers: ['127.0.0.1'] });
  const ask = async (headers: Record<string, string> = {}) => (await fetch(url, { headers })).text();
  return { gateway, url, ask, routes, stable: stable!, canary: canary! };
}

const clients = Array.from({ length: 60 }, (_, at) => `client-${at}`);

describe('a split', () => {
  it.each([
    ['a cookie', { cookie: 'sid' }, (id: string) => ({ cookie: `x=1; sid=${id}` })],
    ['a field', { header: 'X-Client' }, (id: string) => ({ 'x-client': id })],
    [
      'a function',
      (request: { header(name: string): string | undefined }) => request.header('x-a'),
      (id: string) => ({ 'x-a': id }),
    ],
    ['the address', 'ip', (id: string) => ({ 'x-forwarded-for': `10.0.0.${id.slice(7)}` })],
  ] as const)(
    'keeps a client on one side, by %s, and moves clients only to the side that grows',
    async (_, by, headers) => {
      const { gateway, ask, routes } = await setUp(by);
      const all = () => Promise.all(clients.map(id => ask(headers(id))));
      const first = await all();
      expect(new Set(first)).toEqual(new Set(['stable', 'canary']));
      expect(await all()).toEqual(first);
      gateway.replace(routes(70));
      const second = await all();
      expect(second).not.toEqual(first);
      for (const [at, side] of first.entries()) if (side === 'canary') expect(second[at]).toBe('canary');
    },
  );

  it('goes by who asks', async () => {
    const keys = clients.slice(0, 12);
    const auth = apiKeys({
      keys: await Promise.all(
        keys.map(async subject => ({ hash: await hashApiKey(subject), identity: { subject } })),
      ),
    });
    const { ask } = await setUp('identity', { auth });
    const all = () => Promise.all(keys.map(key => ask({ 'x-api-key': key })));
    const first = await all();
    expect(new Set(first)).toEqual(new Set(['stable', 'canary']));
    expect(await all()).toEqual(first);
  });

  it('goes by chance where there is no key, or the function for it fails', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    let chance = 0.69;
    const random = () => chance;
    const one = await setUp({ cookie: 'sid' }, {}, random);
    expect(await one.ask()).toBe('stable');
    chance = 0.7;
    expect(await one.ask()).toBe('canary');
    const two = await setUp(() => 7 as never, {}, random);
    expect(await two.ask()).toBe('canary');
    const three = await setUp(
      () => {
        throw new Error('x');
      },
      {},
      random,
    );
    expect(await three.ask()).toBe('canary');
    expect(await three.ask()).toBe('canary');
    expect(error).toHaveBeenCalledTimes(1);
    const failed = vi.fn();
    three.gateway.on('splitFailed', failed);
    expect(await three.ask()).toBe('canary');
    expect(failed).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ gateway: 'gateway', error: new Error('x') }),
    );
    expect(error).toHaveBeenCalledTimes(1);
    error.mockRestore();
  });

  it('tells the side, and each side may have a policy of its own', async () => {
    const bad = await begun.server((_, response) => response.writeHead(500).end());
    const good = await begun.hello();
    const policy = new CircuitBreaker({ name: 'canary', minCalls: 1, openMs: 60_000 });
    const { gateway, url } = await begun.serve({
      routes: [
        {
          path: '/*',
          upstream: {
            by: { header: 'x-side' },
            split: [
              { name: 'good', weight: 1, upstream: good.url },
              { name: 'bad', weight: 1, upstream: bad.url, policy },
            ],
          },
        },
      ],
    });
    const log: GatewayEvents['completed'][] = [];
    gateway.on('completed', event => log.push(event));
    const ask = async (id: string) => (await fetch(url, { headers: { 'x-side': id } })).status;
    for (const id of clients) await ask(id);
    await eventually(() => log.length === clients.length, 'all lines');
    expect(policy.state).toBe('open');
    expect(bad.requests).toHaveLength(1);
    expect(new Set(log.map(({ side, status }) => `${side} ${status}`))).toEqual(
      new Set(['good 200', 'bad 500', 'bad 503']),
    );
    expect(gateway.describe()['routes']).toMatchObject([{ end: 'split' }]);
  });

  it.each([
    [{ split: [] }, '`upstream.split` must be a list of two sides or more'],
    [{ split: [{ name: 'a', weight: 1, upstream: 'http://a' }] }, '`upstream.split` must be a list of two'],
    [{ split: [side('a', 1), side('a', 1)] }, '`upstream.split` must be of sides with names of their own'],
    [{ split: [side('a', 0), side('b', 0)] }, '`upstream.split` must be of sides of which one has a weight'],
    [{ split: [side('a', 1), side('b', -1)] }, '`upstream.split.weight` must be a number >= 0'],
    [{ split: [side('', 1), side('b', 1)] }, '`upstream.split.name` must be'],
    [{ split: [side('a', 1), { ...side('b', 1), policy: 7 }] }, '`policy` must be a policy'],
    [{ split: [side('a', 1), side('b', 1)], by: 'x' }, '`upstream.by` must be'],
    [{ split: [side('a', 1), side('b', 1)], by: { header: 'a', cookie: 'b' } }, '`upstream.by` must be'],
    [{ split: [side('a', 1), side('b', 1)], by: { header: 'a b' } }, '`upstream.by` must be'],
    [{ split: [side('a', 1), { ...side('b', 1), upstream: { split: [] } }] }, '`upstream.service` must be'],
  ])('refuses %j', (upstream, message) => {
    expect(() => new ApiGateway({ routes: [{ path: '/', upstream: upstream as never }] })).toThrow(message);
  });
});

function side(name: string, weight: number) {
  return { name, weight, upstream: 'http://127.0.0.1:1' };
}
