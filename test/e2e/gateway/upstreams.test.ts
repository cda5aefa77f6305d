import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  aggregate,
  CircuitBreaker,
  Fallback,
  optional,
  Retry,
  ServiceProxy,
  Timeout,
} from '../../../src/index.js';
import { eventually, RawUpstream } from '../gateway-wire/wire.js';
import { Begun } from './begun.js';

const begun = new Begun();
afterEach(() => begun.end());

describe('upstreams', () => {
  it('are services: each attempt goes to another instance, and one that fails is taken out', async () => {
    const [good, bad] = [
      await begun.hello(),
      await begun.server((_, response) => response.writeHead(503).end('no')),
    ];
    const stock = new ServiceProxy({
      service: 'stock',
      instances: [
        { id: 'good', url: good.url },
        { id: 'bad', url: bad.url },
      ],
      policy: new Retry({ attempts: 2, backoff: { kind: 'constant', delayMs: 1 } }),
      outliers: { consecutiveFailures: 3 },
    });
    const { url } = await begun.serve({
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
    const { url } = await begun.serve({ routes: [{ path: '/*', upstream: empty }] });
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
    const { url } = await begun.serve({
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
    const { url } = await begun.serve({
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

  it('that are functions and fail are told of, and to the console once where nobody listens', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const thrown = new Error('down');
    const fail = () => Promise.reject(thrown);
    const { gateway, url } = await begun.serve({
      routes: [
        { path: '/a', upstream: fail },
        { name: 'other', path: '/b', upstream: fail },
      ],
    });
    for (const path of ['a', 'a', 'b', 'a']) expect((await fetch(`${url}/${path}`)).status).toBe(500);
    expect(error.mock.calls).toEqual([
      ['keelson: the function of /a failed', thrown],
      ['keelson: the function of other failed', thrown],
    ]);
    const failed = vi.fn();
    gateway.on('functionFailed', failed);
    await fetch(`${url}/b`);
    expect(failed).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ route: 'other', error: thrown }),
    );
    expect(error).toHaveBeenCalledTimes(2);
    error.mockRestore();
  });

  it('get and give fields as the route says', async () => {
    const upstream = await begun.server((_, response) => response.setHeader('x-server', 's').end('ok'));
    const { url } = await begun.serve({
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
  const failing = () =>
    begun.server((_, response) => response.writeHead(503, { 'retry-after': '0' }).end('busy'));
  const retry = () => new Retry({ attempts: 3, backoff: { kind: 'constant', delayMs: 1 } });

  it('repeat what may be repeated, and nothing else (GW6)', async () => {
    const upstream = await failing();
    const { url } = await begun.serve({ routes: [{ path: '/*', upstream: upstream.url, policy: retry() }] });
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
    const { url } = await begun.serve({ routes: [{ path: '/*', upstream: upstream.url, policy }] });
    for (let at = 0; at < 6; at++) expect((await fetch(url)).status).toBe(503);
    expect(upstream.requests).toHaveLength(3);
  });

  it('end what takes too long: 504, and the upstream is aborted', async () => {
    const upstream = begun.keep(await RawUpstream.start());
    upstream.script = () => {};
    const { url } = await begun.serve({
      routes: [{ path: '/*', upstream: upstream.origin, policy: new Timeout({ timeoutMs: 100 }) }],
    });
    expect((await fetch(url)).status).toBe(504);
    await eventually(() => upstream.closed === 1, 'the end of the connection to the upstream');
  });

  it('may answer in the stead of an upstream', async () => {
    const policy = new Fallback({ value: { json: { from: 'memory' } } });
    const { url } = await begun.serve({ routes: [{ path: '/*', upstream: 'http://127.0.0.1:1', policy }] });
    expect(await (await fetch(url)).json()).toEqual({ from: 'memory' });
  });
});
