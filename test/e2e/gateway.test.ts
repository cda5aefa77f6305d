import { createHash, randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  ApiGateway,
  type ApiGatewayOptions,
  apiKeys,
  type GatewayEvents,
  hashApiKey,
} from '../../src/gateway.js';
import {
  aggregate,
  CircuitBreaker,
  Fallback,
  optional,
  Retry,
  ServiceProxy,
  Timeout,
} from '../../src/index.js';
import { TestServer } from '../integration/http-server.js';
import { ask, eventually, gatewayTo, RawClient, RawUpstream } from './gateway-wire/wire.js';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});
const keep = <T extends AsyncDisposable>(one: T): T => {
  open.push(one);
  return one;
};
const serve = async (options: ApiGatewayOptions) => {
  const gateway = keep(new ApiGateway(options));
  const { url, port } = await gateway.listen({ port: 0, host: '127.0.0.1' });
  return { gateway, url, port };
};
const server = async (handle: Parameters<typeof TestServer.start>[0]) => keep(await TestServer.start(handle));
const hello = () => server((_, response) => response.end('hello'));

describe('upstreams', () => {
  it('are services: each attempt goes to another instance, and one that fails is taken out', async () => {
    const [good, bad] = [await hello(), await server((_, response) => response.writeHead(503).end('no'))];
    const stock = new ServiceProxy({
      service: 'stock',
      instances: [
        { id: 'good', url: good.url },
        { id: 'bad', url: bad.url },
      ],
      policy: new Retry({ attempts: 2, backoff: { kind: 'constant', delayMs: 1 } }),
      outliers: { consecutiveFailures: 3 },
    });
    const { url } = await serve({
      services: { stock },
      routes: [{ path: '/*', upstream: { service: 'stock', basePath: '/v1' } }],
    });
    for (let at = 0; at < 20; at++) expect((await fetch(`${url}/x`)).status).toBe(200);
    expect(bad.requests.length).toBeGreaterThan(0);
    expect(bad.requests.length).toBeLessThan(10);
    expect(good.requests[0]!.url).toBe('/v1/x');
    expect(stock.outliers!.snapshot()).toBeDefined();
  });

  it('are not asked without an instance: 503, and when to ask again', async () => {
    const empty = new ServiceProxy({ service: 'empty', instances: [] });
    const { url } = await serve({ routes: [{ path: '/*', upstream: empty }] });
    const found = await fetch(url);
    expect(found.status).toBe(503);
    expect(found.headers.get('retry-after')).toBe('1');
    expect(found.headers.get('content-type')).toBe('application/problem+json');
  });

  it('are functions and aggregates', async () => {
    const page = aggregate({
      user: async (_, input: { params: Record<string, string> }) => ({ id: input.params['id'] }),
      tips: optional(() => Promise.reject<string[]>(new Error('asleep')), { otherwise: [] }),
    });
    const { url } = await serve({
      routes: [
        {
          path: '/double',
          upstream: async (_, __, body) => ({ json: { twice: Number(await body.text()) * 2 } }),
        },
        { path: '/web', upstream: () => new Response('a stream', { status: 201, headers: { 'x-a': '1' } }) },
        { path: '/page/:id', upstream: { aggregate: page } },
      ],
    });
    expect(await (await fetch(`${url}/double`, { method: 'POST', body: '21' })).json()).toEqual({
      twice: 42,
    });
    const web = await fetch(`${url}/web`);
    expect([web.status, web.headers.get('x-a'), await web.text()]).toEqual([201, '1', 'a stream']);
    const partial = await fetch(`${url}/page/7`);
    expect(await partial.json()).toEqual({ user: { id: '7' }, tips: [] });
    expect(partial.headers.get('cache-control')).toBe('no-store');
    expect(partial.headers.get('x-aggregate-missing')).toBe('tips');
  });

  it('that are functions and fail cost their own request, with no word of why', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { url } = await serve({
      routes: [
        { path: '/throw', upstream: () => Promise.reject(new Error('secret')) },
        { path: '/nothing', upstream: () => undefined as never },
        { path: '/field', upstream: () => ({ headers: { 'x-a': 'a\r\nSet-Cookie: b' } }) },
        { path: '/slow', upstream: () => new Promise<never>(() => {}), timeoutMs: 50 },
        { path: '/large', upstream: async (_, __, body) => ({ body: await body.bytes() }), maxBodyBytes: 3 },
      ],
    });
    const statuses = ['throw', 'nothing', 'field', 'slow'].map(async path => {
      const found = await fetch(`${url}/${path}`);
      expect(await found.text()).not.toContain('secret');
      expect(found.headers.get('set-cookie')).toBeNull();
      return found.status;
    });
    expect(await Promise.all(statuses)).toEqual([500, 500, 500, 504]);
    const stream = new Response('too large').body!;
    const large = await fetch(`${url}/large`, {
      method: 'POST',
      body: stream,
      duplex: 'half',
    } as RequestInit);
    expect(large.status).toBe(413);
    error.mockRestore();
  });

  it('get and give fields as the route says', async () => {
    const upstream = await server((_, response) => response.setHeader('x-server', 's').end('ok'));
    const { url } = await serve({
      routes: [
        {
          ...{ path: '/*', upstream: upstream.url, preserveHost: true },
          requestHeaders: { 'x-added': '1', 'user-agent': null },
          answerHeaders: { 'x-server': null, 'strict-transport-security': 'max-age=1' },
        },
      ],
    });
    const found = await fetch(url);
    expect(found.headers.get('x-server')).toBeNull();
    expect(found.headers.get('strict-transport-security')).toBe('max-age=1');
    expect(upstream.requests[0]!.headers).toMatchObject({ 'x-added': '1', host: url.slice(7) });
    expect(upstream.requests[0]!.headers).not.toHaveProperty('user-agent');
  });
});

describe('policies of a route', () => {
  const failing = () => server((_, response) => response.writeHead(503, { 'retry-after': '0' }).end('busy'));
  const retry = () => new Retry({ attempts: 3, backoff: { kind: 'constant', delayMs: 1 } });

  it('repeat what may be repeated, and nothing else (GW6)', async () => {
    const upstream = await failing();
    const { url } = await serve({ routes: [{ path: '/*', upstream: upstream.url, policy: retry() }] });
    const count = async (init: RequestInit): Promise<number> => {
      const before = upstream.requests.length;
      const found = await fetch(url, init);
      // The last word of the upstream goes to the client.
      expect([found.status, await found.text()]).toEqual([503, 'busy']);
      return upstream.requests.length - before;
    };
    expect(await count({})).toBe(3);
    expect(await count({ method: 'DELETE' })).toBe(3);
    expect(await count({ method: 'POST' })).toBe(1);
    expect(await count({ method: 'PATCH', body: 'x' })).toBe(1);
    expect(await count({ method: 'PUT', body: 'x' })).toBe(1);
  });

  it('open the circuit for statuses of failure: 503, and the upstream is spared', async () => {
    const upstream = await failing();
    const policy = new CircuitBreaker({ minCalls: 3, failureRatio: 0.5 });
    const { url } = await serve({ routes: [{ path: '/*', upstream: upstream.url, policy }] });
    for (let at = 0; at < 6; at++) expect((await fetch(url)).status).toBe(503);
    expect(upstream.requests).toHaveLength(3);
  });

  it('end what takes too long: 504, and the upstream is aborted', async () => {
    const upstream = keep(await RawUpstream.start());
    upstream.script = () => {};
    const { url } = await serve({
      routes: [{ path: '/*', upstream: upstream.origin, policy: new Timeout({ timeoutMs: 100 }) }],
    });
    expect((await fetch(url)).status).toBe(504);
    await eventually(() => upstream.closed === 1, 'the end of the connection to the upstream');
  });

  it('may answer in the stead of an upstream', async () => {
    const policy = new Fallback({ value: { json: { from: 'memory' } } });
    const { url } = await serve({ routes: [{ path: '/*', upstream: 'http://127.0.0.1:1', policy }] });
    expect(await (await fetch(url)).json()).toEqual({ from: 'memory' });
  });
});

describe('who asks', () => {
  const key = 'k'.repeat(40);
  const auth = async () =>
    apiKeys({
      keys: [
        { hash: await hashApiKey(key), identity: { subject: 'ada', scopes: ['read'], claims: { org: 'ü' } } },
      ],
    });

  it('is found out before anything is handed on, and told to the upstream by us alone', async () => {
    const upstream = await hello();
    const { url } = await serve({
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
      authenticate: () => Promise.reject(new Error()),
    };
    const upstream = await hello();
    const { url } = await serve({ auth: broken, routes: [{ path: '/*', upstream: upstream.url }] });
    expect((await fetch(url)).status).toBe(503);
    expect(upstream.requests).toHaveLength(0);
    error.mockRestore();
  });
});

describe('limits', () => {
  it('are told, and kept for each client', async () => {
    const { url, port } = await serve({
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
    const { url } = await serve({
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

  it('of what runs at a time are kept', async () => {
    const upstream = await server(() => {});
    const { url, gateway } = await serve({
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
    const upstream = await server((_, response) =>
      response.setHeader('access-control-allow-origin', '*').end('ok'),
    );
    const { url } = await serve({
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
    const { url } = await serve({
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
    const { url } = await serve({ health, routes: [{ path: '/*', reply: { status: 418 } }] });
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    ready = false;
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  });

  it('describes its routes in the order of precedence', async () => {
    const { gateway } = await serve({
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

describe('a gateway that lives', () => {
  it('is given new routes a hundred times, and no request fails', async () => {
    const [one, two] = [await hello(), await hello()];
    const routes = (to: string) => [{ path: '/*', upstream: to }];
    const { gateway, url } = await serve({ routes: routes(one.url) });
    let running = true;
    let asked = 0;
    const failures: unknown[] = [];
    const client = async (): Promise<void> => {
      while (running) {
        const found = await fetch(url).then(
          async answer => `${answer.status} ${await answer.text()}`,
          String,
        );
        asked++;
        if (found !== '200 hello') failures.push(found);
      }
    };
    const clients = Array.from({ length: 8 }, client);
    for (let at = 0; at < 100; at++) {
      gateway.replace(routes(at % 2 === 0 ? two.url : one.url));
      const enough = asked + 4;
      await eventually(() => asked >= enough, 'answers');
    }
    running = false;
    await Promise.all(clients);
    expect(failures).toEqual([]);
    expect(two.requests.length).toBeGreaterThan(50);
    expect(() => gateway.replace([{ path: 'x', reply: {} }])).toThrow('`path` must be');
    expect((await fetch(url)).status).toBe(200);
  });

  it('closes: what is under way ends, and nothing new comes', async () => {
    let finish = (): void => {};
    const upstream = await server((_, response) => {
      response.write('a');
      finish = () => response.end('b');
    });
    const health = { ready: '/readyz' };
    const { gateway, url, port } = await serve({ health, routes: [{ path: '/*', upstream: upstream.url }] });
    const found = await fetch(url);
    const closing = gateway.close({ graceMs: 30_000 });
    expect(gateway.snapshot()).toMatchObject({ closing: true, inFlight: 1 });
    await expect(ask(port, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n')).resolves.toMatchObject({ status: 0 });
    finish();
    expect(await found.text()).toBe('ab');
    await closing;
    expect(gateway.snapshot().inFlight).toBe(0);
  });

  it('closes: what does not end in time is cut off', async () => {
    const upstream = await server((_, response) => void response.write('a'));
    const { gateway, url } = await serve({ routes: [{ path: '/*', upstream: upstream.url }] });
    const found = await fetch(url);
    await gateway.close({ graceMs: 50 });
    await expect(found.text()).rejects.toThrow();
  });

  it('tells of each request once (GW1)', async () => {
    const upstream = await hello();
    const { gateway, url } = await serve({
      routes: [{ path: '/a/:id', name: 'a', upstream: upstream.url, answerHeaders: {} }],
    });
    const log: GatewayEvents['completed'][] = [];
    gateway.on('completed', event => log.push(event));
    await (await fetch(`${url}/a/%41?b=c`)).text();
    await fetch(`${url}/none`);
    await eventually(() => log.length === 2, 'two lines');
    expect(log[0]).toMatchObject({ method: 'GET', path: '/a/A', route: 'a', status: 200, ip: '127.0.0.1' });
    expect(log[0]).toMatchObject({ outcome: 'answered', upstream: upstream.url.slice(7) });
    expect(log[1]).toMatchObject({ status: 404, route: '', upstream: undefined });
  });

  it('tells of an upstream that fails', async () => {
    const { gateway, url } = await serve({
      routes: [{ path: '/', name: 'r', upstream: 'http://127.0.0.1:1' }],
    });
    const failures: GatewayEvents['upstreamFailed'][] = [];
    gateway.on('upstreamFailed', event => failures.push(event));
    await fetch(url);
    expect(failures).toMatchObject([
      { route: 'r', upstream: '127.0.0.1:1', error: { code: 'ERR_UPSTREAM' } },
    ]);
  });
});

describe('WebSocket', () => {
  const nonce = randomBytes(16).toString('base64');
  const accept = createHash('sha1').update(`${nonce}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const shake = (path: string, more = '', upgrade = 'websocket') =>
    `GET ${path} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${nonce}\r\n${more}\r\n`;
  const setUp = async () => {
    const upstream = keep(await RawUpstream.start());
    const { gateway, port } = await gatewayTo(upstream, {
      routes: [
        { path: '/ws', upstream: upstream.origin, upgrade: true },
        { path: '/plain', upstream: upstream.origin },
        { path: '/key', upstream: upstream.origin, upgrade: true, auth: apiKeys({ keys: [] }) },
      ],
    });
    keep(gateway);
    const switching = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
    upstream.script = (heard, socket) => {
      if (heard.startsWith('GET')) socket.write(`${switching}Sec-WebSocket-Accept: ${accept}\r\n\r\nhi`);
      else socket.write(`<${heard}>`);
    };
    return { upstream, gateway, port };
  };

  it('goes through, both ways, and ends together', async () => {
    const { upstream, gateway, port } = await setUp();
    const client = new RawClient(port).send(shake('/ws'));
    const text = await client.until(found => found.endsWith('hi'));
    expect(text).toMatch(/^HTTP\/1\.1 101 /);
    expect(text).toContain(`Sec-WebSocket-Accept: ${accept}\r\n`);
    expect(upstream.all).toMatch(/\r\nUpgrade: websocket\r\n/);
    expect(upstream.all).toMatch(/\r\nVia: 1\.1 /);
    client.send('abc');
    expect(await client.until(found => found.endsWith('<abc>'))).toContain('<abc>');
    expect(gateway.snapshot().tunnels).toBe(1);
    client.close();
    await eventually(() => upstream.closed === 1 && gateway.snapshot().tunnels === 0, 'the end');
    expect(gateway.snapshot().inFlight).toBe(0);
  });

  it('passes the checks of any request', async () => {
    const { upstream, port } = await setUp();
    expect((await ask(port, shake('/key'))).status).toBe(401);
    expect((await ask(port, shake('/plain'))).status).toBe(400);
    expect((await ask(port, shake('/ws/../ws'))).status).toBe(400);
    expect((await ask(port, shake('/none'))).status).toBe(404);
    expect((await ask(port, shake('/ws', 'Host: h\r\n'))).status).toBe(400);
    expect((await ask(port, shake('/ws', 'Content-Length: 5\r\n'))).status).toBe(400);
    expect(upstream.all).toBe('');
  });

  it('is the only other protocol: any other one is not asked for upstream', async () => {
    const { upstream, port } = await setUp();
    upstream.script = (_, socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    expect((await ask(port, shake('/ws', '', 'h2c'))).status).toBe(200);
    expect(upstream.all).not.toMatch(/h2c/);
  });

  it('may be refused by the upstream, which then answers as ever', async () => {
    const { upstream, port } = await setUp();
    upstream.script = (_, socket) => socket.write('HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno');
    const { status, text } = await ask(port, shake('/ws'));
    expect([status, text.endsWith('no')]).toEqual([403, true]);
  });

  it('ends with the gateway', async () => {
    const { gateway, port } = await setUp();
    const client = new RawClient(port).send(shake('/ws'));
    await client.until(found => found.endsWith('hi'));
    await gateway.close({ graceMs: 0 });
    await client.end();
    expect(client.ended).toBe(true);
  });
});
