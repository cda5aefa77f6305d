import { afterEach, describe, expect, it, vi } from 'vitest';
import { apiKeys, type GatewayEvents, type GatewayRequest, hashApiKey } from '../../../src/gateway.js';
import { InMemoryRateLimitStore, type RateLimitStore } from '../../../src/index.js';
import { ask, eventually } from '../gateway-wire/wire.js';
import { Begun } from './begun.js';

const begun = new Begun();
afterEach(() => begun.end());

describe('who asks', () => {
  const key = 'k'.repeat(40);
  const auth = async () =>
    apiKeys({
      keys: [
        { hash: await hashApiKey(key), identity: { subject: 'ada', scopes: ['read'], claims: { org: 'ü' } } },
      ],
    });

  it('is found out before anything is handed on, and told to the upstream by us alone', async () => {
    const upstream = await begun.hello();
    const { url } = await begun.serve({
      auth: await auth(),
      identityFields: { claims: { 'x-org': 'org' } },
      routes: [
        { path: '/*', upstream: upstream.url, scopes: ['read'] },
        { path: '/write', upstream: upstream.url, scopes: ['read', 'write'] },
        { path: '/never', upstream: upstream.url, authorize: () => false },
        { path: '/open', upstream: upstream.url, auth: false },
      ],
    });
    const spoofed = { 'x-auth-subject': 'root', x_org: 'evil', 'x-org': 'evil' };
    const none = await fetch(url, { headers: spoofed });
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'ApiKey']);
    expect((await fetch(url, { headers: { 'x-api-key': 'wrong' } })).status).toBe(401);
    expect((await fetch(`${url}/write`, { headers: { 'x-api-key': key } })).status).toBe(403);
    expect((await fetch(`${url}/never`, { headers: { 'x-api-key': key } })).status).toBe(403);
    expect(upstream.requests).toHaveLength(0);
    expect((await fetch(url, { headers: { ...spoofed, 'x-api-key': key } })).status).toBe(200);
    const { headers } = upstream.requests[0]!;
    expect(headers).toMatchObject({ 'x-auth-subject': 'ada', 'x-auth-scopes': 'read', 'x-org': '%C3%BC' });
    expect(headers).not.toHaveProperty('x-api-key');
    expect(headers).not.toHaveProperty('x_org');
    expect((await fetch(`${url}/open`, { headers: spoofed })).status).toBe(200);
    expect(upstream.requests[1]!.headers).not.toHaveProperty('x-auth-subject');
  });

  it('cannot be found out now: 503, and nobody gets in', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const broken = {
      name: 'x',
      challenge: 'X',
      credentialFields: [],
      authenticate: () => Promise.reject(new Error('down')),
    };
    const upstream = await begun.hello();
    const { url, gateway } = await begun.serve({
      auth: broken,
      routes: [{ path: '/*', name: 'all', upstream: upstream.url }],
    });
    expect((await fetch(url)).status).toBe(503);
    expect((await fetch(url)).status).toBe(503);
    // Without a listener it is told once, not for each request.
    expect(error).toHaveBeenCalledTimes(1);
    const failures: GatewayEvents['authenticatorFailed'][] = [];
    gateway.on('authenticatorFailed', event => failures.push(event));
    expect((await fetch(url)).status).toBe(503);
    expect(failures).toMatchObject([
      { gateway: 'gateway', route: 'all', authenticator: 'x', error: { message: 'down' } },
    ]);
    expect(error).toHaveBeenCalledTimes(1);
    expect(upstream.requests).toHaveLength(0);
    error.mockRestore();
  });
});

describe('limits', () => {
  it('are told, and kept for each client', async () => {
    const { url, port } = await begun.serve({
      trustedPeers: ['127.0.0.1'],
      routes: [
        {
          ...{ path: '/*', reply: { body: 'ok' } },
          limits: [{ name: 'burst', limit: 2, perMs: 60_000 }],
        },
      ],
    });
    const first = await fetch(url, { headers: { 'x-forwarded-for': '2001:db8::1' } });
    expect(first.headers.get('ratelimit-policy')).toBe('"burst";q=2;w=60');
    expect(first.headers.get('ratelimit')).toMatch(/^"burst";r=1;t=\d+$/);
    // Another address of the same /64 is the same client.
    await fetch(url, { headers: { 'x-forwarded-for': '2001:db8::ffff' } });
    const third = await fetch(url, { headers: { 'x-forwarded-for': '2001:db8::2' } });
    expect(third.status).toBe(429);
    expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await third.json()).toMatchObject({ status: 429, 'violated-policies': ['burst'] });
    expect((await fetch(url, { headers: { 'x-forwarded-for': '2001:db8:0:1::1' } })).status).toBe(200);
    expect((await ask(port, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n')).status).toBe(200);
  });

  it('refuse whom they cannot count, and go on as they are told without their store', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const store = { take: () => Promise.reject(new Error('down')), refund: async () => {} };
    const rule = { limit: 1, perMs: 1_000 };
    const { url } = await begun.serve({
      routes: [
        {
          path: '/key',
          reply: {},
          limits: [{ name: 'a', ...rule, by: request => request.header('x-tenant') }],
        },
        { path: '/allow', reply: {}, limits: [{ name: 'b', ...rule, store }] },
        { path: '/deny', reply: {}, limits: [{ name: 'c', ...rule, store, onStoreError: 'deny' }] },
      ],
    });
    expect((await fetch(`${url}/key`)).status).toBe(403);
    expect((await fetch(`${url}/key`, { headers: { 'x-tenant': 't' } })).status).toBe(200);
    expect((await fetch(`${url}/allow`)).status).toBe(200);
    expect((await fetch(`${url}/deny`)).status).toBe(503);
    error.mockRestore();
  });

  it('hold no more of a key than its digest where it is long, and still tell long ones apart', async () => {
    const keys: string[] = [];
    const memory = new InMemoryRateLimitStore();
    const store: RateLimitStore = {
      take: take => {
        keys.push(take.key);
        return memory.take(take);
      },
      refund: target => memory.refund(target),
    };
    const by = (request: GatewayRequest) => request.header('x-tenant');
    const { url } = await begun.serve({
      routes: [{ path: '/*', reply: {}, limits: [{ name: 'a', limit: 1, perMs: 60_000, by, store }] }],
    });
    const long = 'a'.repeat(9_000);
    const tenants = ['t'.repeat(256), 't'.repeat(257), `${long}1`, `${long}2`, `${long}1`];
    const statuses: number[] = [];
    for (const tenant of tenants) {
      statuses.push((await fetch(url, { headers: { 'x-tenant': tenant } })).status);
    }
    expect(statuses).toEqual([200, 200, 200, 200, 429]);
    expect(keys[0]).toBe(`a:${'t'.repeat(256)}`);
    for (const key of keys.slice(1)) expect(key).toMatch(/^a:sha256:[\da-f]{64}$/);
    expect(new Set(keys).size).toBe(4);
  });

  it('tell of a store that is down and of `by` that throws; the console hears of each once', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const store = { take: () => Promise.reject(new Error('down')), refund: async () => {} };
    const by = () => {
      throw new Error('x');
    };
    const rule = { limit: 1, perMs: 1_000 };
    const { url, gateway } = await begun.serve({
      routes: [
        { path: '/by', name: 'one', reply: {}, limits: [{ name: 'a', ...rule, by }] },
        { path: '/store', name: 'two', reply: {}, limits: [{ name: 'b', ...rule, store }] },
      ],
    });
    const all = async () => {
      for (const path of ['/by', '/store']) await (await fetch(url + path)).text();
    };
    await all();
    await all();
    expect(error.mock.calls.map(([said]) => said)).toEqual([
      'keelson: `by` of the limit a failed',
      'keelson: `store` of the limit b failed',
    ]);
    const failures: GatewayEvents['limitFailed'][] = [];
    gateway.on('limitFailed', event => failures.push(event));
    await all();
    expect(failures).toMatchObject([
      { gateway: 'gateway', route: 'one', limit: 'a', part: 'by', error: { message: 'x' } },
      { gateway: 'gateway', route: 'two', limit: 'b', part: 'store', error: { message: 'down' } },
    ]);
    expect(error).toHaveBeenCalledTimes(2);
    error.mockRestore();
  });

  it('of what runs at a time are kept', async () => {
    const upstream = await begun.server(() => {});
    const { url, gateway } = await begun.serve({
      maxInFlight: 1,
      routes: [{ path: '/*', upstream: upstream.url }],
    });
    const controller = new AbortController();
    const hanging = fetch(url, { signal: controller.signal }).catch(() => {});
    await eventually(() => gateway.snapshot().inFlight === 1, 'the first');
    expect((await fetch(url)).status).toBe(503);
    controller.abort();
    await hanging;
  });
});

describe('pages, places and platforms', () => {
  it('a page of another origin is answered by the rules, before anybody is asked who it is', async () => {
    const upstream = await begun.server((_, response) =>
      response.setHeader('access-control-allow-origin', '*').end('ok'),
    );
    const { url } = await begun.serve({
      auth: apiKeys({ keys: [] }),
      cors: { origins: ['https://app.example'], headers: ['x-api-key'], exposed: ['x-a'], credentials: true },
      routes: [
        { path: '/*', methods: ['PUT'], upstream: upstream.url },
        { path: '/open', auth: false, upstream: upstream.url },
      ],
    });
    const asks = (origin: string, method = 'PUT') =>
      fetch(`${url}/x`, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': method } });
    const allowed = await asks('https://app.example');
    expect(allowed.status).toBe(204);
    expect(Object.fromEntries(allowed.headers)).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'x-api-key',
      'access-control-allow-credentials': 'true',
      vary: 'Origin',
    });
    expect((await asks('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
    expect((await asks('https://app.example', 'POST')).status).toBe(405);
    const found = await fetch(`${url}/open`, { headers: { origin: 'https://app.example' } });
    expect(found.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(found.headers.get('access-control-expose-headers')).toBe('x-a');
  });

  it('an address is let in by the rules', async () => {
    const { url } = await begun.serve({
      trustedPeers: ['127.0.0.1'],
      routes: [{ path: '/*', reply: {}, ip: { allow: ['10.0.0.0/8'], deny: ['10.6.6.6'] } }],
    });
    const from = async (ip: string) => (await fetch(url, { headers: { 'x-forwarded-for': ip } })).status;
    expect(await Promise.all(['10.1.1.1', '10.6.6.6', '11.1.1.1', 'x'].map(from))).toEqual([
      200, 403, 403, 403,
    ]);
  });

  it('says how it is', async () => {
    let ready = true;
    const health = { live: '/livez', ready: '/readyz', check: () => ready };
    const { url } = await begun.serve({ health, routes: [{ path: '/*', reply: { status: 418 } }] });
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    ready = false;
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  });

  it('describes its routes in the order of precedence', async () => {
    const { gateway } = await begun.serve({
      routes: [
        { path: '/*', reply: {} },
        { path: '/a', methods: ['GET'], redirect: { to: '/b' } },
      ],
    });
    expect(JSON.parse(JSON.stringify(gateway.describe()))).toMatchObject({
      kind: 'gateway',
      routes: [
        { route: 'GET /a', end: 'redirect' },
        { route: '/*', end: 'reply' },
      ],
    });
  });
});
