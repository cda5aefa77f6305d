import { afterEach, describe, expect, it } from 'vitest';
import { ApiGateway, apiKeys, type GatewayEvents, hashApiKey } from '../../../src/gateway.js';
import { aggregate, optional } from '../../../src/index.js';
import { ask, eventually } from '../gateway-wire/wire.js';
import { Begun } from './begun.js';
import { caching, counted } from './caching.js';

const begun = new Begun();
afterEach(() => begun.end());
const MINUTE = { 'cache-control': 'max-age=60' };
const date = 'Sun, 06 Nov 1994 08:49:37 GMT';

describe('a route that keeps answers', () => {
  it('gives them for as long as they are fresh, with their age (GW9)', async () => {
    const { get, upstream, world, gateway } = await caching(begun, counted({ ...MINUTE, 'x-a': '1' }));
    const log: GatewayEvents['completed'][] = [];
    gateway.on('completed', event => log.push(event));
    expect(await get()).toMatchObject({ text: 'answer 1', how: 'fwd=miss' });
    world.shiftMs = 40_000;
    const again = await get();
    expect(again).toMatchObject({ status: 200, text: 'answer 1', how: 'hit' });
    expect(again.headers.get('x-a')).toBe('1');
    expect(Number(again.headers.get('age'))).toBeGreaterThanOrEqual(40);
    const head = await get({}, '/', { method: 'HEAD' });
    expect([head.how, head.text, head.headers.get('content-length')]).toEqual(['hit', '', '8']);
    world.shiftMs = 60_001;
    expect(await get()).toMatchObject({ text: 'answer 2', how: 'fwd=miss' });
    expect(await get({}, '/?a')).toMatchObject({ text: 'answer 3', how: 'fwd=miss' });
    expect(upstream.requests).toHaveLength(3);
    await eventually(() => log.length === 5, 'all lines');
    expect(log.map(({ cache }) => cache)).toEqual(['miss', 'hit', 'hit', 'miss', 'miss']);
    expect(gateway.snapshot().cache).toMatchObject({ entries: 2, answered: { hit: 2, miss: 3, bypass: 0 } });
  });

  it.each([
    [{ 'cache-control': 'no-store' }],
    [{ 'cache-control': 'private, max-age=60' }],
    [{ ...MINUTE, 'set-cookie': 'a=b' }],
    [{ ...MINUTE, vary: '*' }],
    [{}],
  ])('never gives %j to another', async fields => {
    const { get, gateway } = await caching(begun, counted(fields as Record<string, string>));
    expect([(await get()).text, (await get()).text]).toEqual(['answer 1', 'answer 2']);
    expect(gateway.snapshot().cache).toMatchObject({ entries: 0, bytes: 0 });
  });

  it('goes by what an answer depends on', async () => {
    const { get } = await caching(begun, counted({ ...MINUTE, vary: 'Accept-Language' }));
    const texts = [];
    for (const language of ['de', 'en', 'de', 'en']) {
      texts.push((await get({ 'accept-language': language })).text);
    }
    expect(texts).toEqual(['answer 1', 'answer 2', 'answer 1', 'answer 2']);
  });

  it('gives nobody what another who asks was answered (GW10)', async () => {
    const people = ['ada', 'bob'].map(async subject => ({
      hash: await hashApiKey(subject),
      identity: { subject },
    }));
    const auth = apiKeys({ keys: await Promise.all(people) });
    const all = async (control: string, acrossIdentities: boolean) => {
      const { get } = await caching(
        begun,
        counted({ 'cache-control': control }),
        { acrossIdentities },
        { auth },
      );
      const texts = [];
      for (const key of ['ada', 'bob', 'ada', 'bob'])
        texts.push((await get({ 'x-api-key': key })).text.slice(7));
      return texts.join('');
    };
    expect(await all('max-age=60', false)).toBe('1234');
    expect(await all('public, max-age=60', false)).toBe('1212');
    expect(await all('max-age=60', true)).toBe('1234');
    expect(await all('public, max-age=60', true)).toBe('1111');
    const names = ['public, max-age=60', 'max-age=60'];
    for (const [control, cookies, bare] of [
      [names[0]!, 'answer 1', 'answer 1'],
      [names[1]!, 'answer 2', 'answer 1'],
    ]) {
      const { get } = await caching(begun, counted({ 'cache-control': control! }));
      expect((await get()).text).toBe('answer 1');
      expect((await get({ cookie: 'sid=1' })).text).toBe(cookies);
      expect((await get()).text).toBe(bare);
      expect((await get({ authorization: 'Basic x' })).how).toBe('fwd=bypass');
    }
  });

  it('asks whether what it has is good still, and gives that', async () => {
    const { get, upstream, world, port, url } = await caching(begun, (response, count) => {
      const fields = {
        'cache-control': 'max-age=60',
        etag: '"v1"',
        'last-modified': date,
        'x-n': `${count}`,
      };
      if (count === 2 || count === 3) response.writeHead(304, fields).end();
      else response.writeHead(200, fields).end(`answer ${count}`);
    });
    await get();
    world.shiftMs = 61_000;
    const found = await get({ 'if-none-match': '"other"' });
    expect(found).toMatchObject({ status: 200, text: 'answer 1', how: 'fwd=stale; fwd-status=304' });
    expect(found.headers.get('x-n')).toBe('2');
    expect(upstream.requests[1]!.headers).toMatchObject({
      'if-none-match': '"v1"',
      'if-modified-since': date,
    });
    expect(await get()).toMatchObject({ text: 'answer 1', how: 'hit' });
    // Whoever has it already is told so. (`fetch` adds `no-cache` where a condition is set.)
    const has = (condition: string, path = '/') =>
      ask(port, `GET ${path} HTTP/1.1\r\nHost: h\r\n${condition}\r\n\r\n`);
    const told = await ask(port, `GET / HTTP/1.1\r\nHost: ${url.slice(7)}\r\nIf-None-Match: W/"v1"\r\n\r\n`);
    expect([told.status, /cache-status: gateway; hit\r\n/i.test(told.text)]).toEqual([304, true]);
    expect(await get({ 'cache-control': 'no-cache' })).toMatchObject({ text: 'answer 1' });
    expect(upstream.requests).toHaveLength(3);
    world.shiftMs = 200_000;
    expect(await get()).toMatchObject({ status: 200, text: 'answer 4', how: 'fwd=miss' });
    expect((await has('If-None-Match: "v1"', '/new')).status).toBe(304);
    expect(upstream.requests[4]!.headers).not.toHaveProperty('if-none-match');
    const kept = await has('X-A: b', '/new');
    expect([kept.status, kept.text.endsWith('answer 5')]).toEqual([200, true]);
    expect(upstream.requests).toHaveLength(5);
  });

  it('has no use for a 304 that speaks of another version', async () => {
    const { get, world } = await caching(begun, (response, count) => {
      if (count === 2) response.writeHead(304, { etag: '"v2"' }).end();
      else response.writeHead(200, { 'cache-control': 'max-age=60', etag: '"v1"' }).end(`answer ${count}`);
    });
    await get();
    world.shiftMs = 61_000;
    expect(await get()).toMatchObject({ status: 200, text: 'answer 3' });
  });

  it('gives what is stale while it asks for another, where that is allowed', async () => {
    const fields = { 'cache-control': 'max-age=60, stale-while-revalidate=60' };
    const { get, upstream, world } = await caching(begun, counted(fields));
    await get();
    world.shiftMs = 61_000;
    expect(await get()).toMatchObject({ text: 'answer 1', how: 'hit; detail=stale' });
    await eventually(() => upstream.requests.length === 2, 'the question');
    let found = await get();
    for (let at = 0; at < 1_000 && found.text !== 'answer 2'; at++) found = await get();
    expect(found).toMatchObject({ text: 'answer 2', how: 'hit' });
    expect(upstream.requests).toHaveLength(2);
  });

  it.each([
    [
      'answers with 503',
      {},
      (response: { writeHead(status: number): { end(): void } }) => response.writeHead(503).end(),
    ],
    ['breaks off', {}, (response: { destroy(): void }) => response.destroy()],
    ['says nothing', { timeoutMs: 100 }, () => {}],
  ])('gives what is stale when the upstream %s', async (_, route, fails) => {
    const { get, world } = await caching(
      begun,
      counted({ ...MINUTE, etag: '"a"' }),
      { staleIfErrorMs: 30_000 },
      route,
    );
    await get();
    world.shiftMs = 61_000;
    world.answer = fails as never;
    expect(await get()).toMatchObject({ status: 200, text: 'answer 1', how: 'hit; detail=stale' });
    world.shiftMs = 91_000;
    expect((await get()).status).toBeGreaterThanOrEqual(502);
  });

  it.each(['GET', 'POST', 'HEAD'])('answers %s with 504 when a function never answers', async method => {
    const { url } = await begun.serve({
      routes: [{ path: '/*', upstream: () => new Promise<never>(() => {}), timeoutMs: 50, cache: {} }],
    });
    expect((await fetch(url, { method })).status).toBe(504);
  });

  it('gives nothing stale that has to be asked about', async () => {
    const fields = { 'cache-control': 'max-age=60, must-revalidate, stale-if-error=60' };
    const { get, world } = await caching(begun, counted(fields), { staleIfErrorMs: 60_000 });
    await get();
    world.shiftMs = 61_000;
    world.answer = response => response.writeHead(503).end();
    expect((await get()).status).toBe(503);
  });

  it('heeds what a request says of caches', async () => {
    const { get, upstream } = await caching(begun, counted(MINUTE));
    expect((await get({ 'cache-control': 'only-if-cached' })).status).toBe(504);
    expect((await get({ 'cache-control': 'no-store' })).how).toBe('fwd=bypass');
    expect((await get()).text).toBe('answer 2');
    expect((await get({ pragma: 'no-cache' })).text).toBe('answer 3');
    expect((await get({ 'cache-control': 'max-age=60, only-if-cached' })).text).toBe('answer 3');
    expect((await get({ range: 'bytes=0-1' })).how).toBe('fwd=bypass');
    expect(upstream.requests).toHaveLength(4);
  });

  it('forgets what another method has changed, on whatever route, and no more than that', async () => {
    const upstream = await begun.server((request, response) =>
      response.writeHead(request.url === '/a?bad' ? 400 : 200, MINUTE).end(request.method),
    );
    const { gateway, url } = await begun.serve({
      routes: [
        { path: '/*', methods: ['GET'], upstream: upstream.url, cache: {} },
        { path: '/*', methods: ['PUT'], upstream: upstream.url },
      ],
    });
    const ask = async (path: string, method = 'GET') => (await fetch(url + path, { method })).text();
    for (const path of ['/a', '/b', '/a?bad', '/a', '/b']) await ask(path);
    expect(upstream.requests.map(({ url: path }) => path)).toEqual(['/a', '/b', '/a?bad']);
    await ask('/a?bad', 'PUT');
    await ask('/a', 'PUT');
    for (const path of ['/a', '/b']) await ask(path);
    expect(upstream.requests.slice(3).map(({ method, url: path }) => `${method} ${path}`)).toEqual([
      'PUT /a?bad',
      'PUT /a',
      'GET /a',
    ]);
    gateway.replace([{ path: '/*', methods: ['GET'], upstream: upstream.url, cache: {} }]);
    expect(gateway.snapshot().cache).toMatchObject({ entries: 0, bytes: 0 });
  });

  it('keeps no more than it may', async () => {
    const { get, gateway } = await caching(
      begun,
      (response, count) => response.writeHead(200, MINUTE).end('x'.repeat(count === 1 ? 101 : 100)),
      { maxEntryBytes: 100 },
      {},
      { maxCacheEntries: 3 },
    );
    await get({}, '/large');
    expect(gateway.snapshot().cache.entries).toBe(0);
    for (let at = 0; at < 6; at++) await get({}, `/${at}`);
    expect(gateway.snapshot().cache.entries).toBe(3);
    expect(gateway.snapshot().cache.bytes).toBeLessThan(3_000);
  });

  it('keeps answers of functions and aggregates, and never one in which parts are missing', async () => {
    let fails = false;
    let asked = 0;
    const parts = aggregate({
      a: async () => ++asked,
      b: optional(() => (fails ? Promise.reject(new Error('x')) : Promise.resolve(1))),
    });
    const { url } = await begun.serve({
      routes: [
        { path: '/parts/:id', upstream: { aggregate: parts }, cache: { defaultTtlMs: 60_000 } },
        {
          path: '/function',
          upstream: () => ({ headers: { 'Cache-Control': 'max-age=60' }, body: `${++asked}` }),
          cache: {},
        },
      ],
    });
    const ask = async (path: string) => (await fetch(url + path)).text();
    expect([await ask('/function'), await ask('/function')]).toEqual(['1', '1']);
    expect([await ask('/parts/1'), await ask('/parts/1')]).toEqual(['{"a":2,"b":1}', '{"a":2,"b":1}']);
    fails = true;
    expect([await ask('/parts/2'), await ask('/parts/2')]).toEqual(['{"a":3}', '{"a":4}']);
  });

  it.each([
    [{ defaultTtlMs: -1 }, '`defaultTtlMs` must be'],
    [{ maxEntryBytes: 0 }, '`maxEntryBytes` must be'],
    [{ coalesce: 1 }, '`coalesce` must be true or false'],
    [{ ttl: 1 }, 'unknown option `ttl`'],
  ])('refuses %j', (cache, message) => {
    expect(
      () => new ApiGateway({ routes: [{ path: '/', upstream: 'http://a', cache: cache as never }] }),
    ).toThrow(message);
  });
});
