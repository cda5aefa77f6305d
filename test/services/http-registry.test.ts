import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { httpRegistry, httpRegistryStore } from '../../src/adapters/node/http-registry.js';
import { serveRegistry } from '../../src/adapters/node/registry-server.js';
import { ServiceWatcher } from '../../src/discovery/service-watcher.js';
import { registryLaws } from '../../src/testing/conformance/registry-laws.js';
import { until } from './eventually.js';

async function onServer() {
  const server = await serveRegistry();
  // So rarely does it look that what comes in time was told.
  const [store, other] = [0, 1].map(() => httpRegistryStore({ url: server.url, pollMs: 1_000 }));
  const advance = async (ms: number) => void (await sleep(Math.ceil(ms) + 2));
  const close = async () => {
    await Promise.all([store!.close?.(), other!.close?.()]);
    await server.close();
  };
  return { store: store!, other: other!, advance, shortMs: 400, close };
}

describe('the store of instances behind a server keeps the law', () => {
  for (const { name, check } of registryLaws(onServer)) it.concurrent(name, check);
});

const cart = { service: 'cart', id: 'c1', address: 'http://10.0.0.5:8080' };

describe('a registry behind a server', () => {
  it('tells of changes at once, and is outlived by what was known', async () => {
    const port = Number(new URL((await served()).url).port);
    const server = await serveRegistry({ port });
    const options = { url: server.url, answerTimeoutMs: 1_000 };
    const [mine, theirs] = [httpRegistry(options), httpRegistry({ ...options, pollMs: 500 })];
    const one = mine.register(cart, { ttlMs: 60_000, heartbeatMs: 200, drainMs: 0 });
    const watcher = new ServiceWatcher({ registry: theirs, service: 'cart' });
    await until(() => watcher.usable().length === 1);
    await server.close();
    await until(() => watcher.staleMs > 0);
    expect(watcher.usable().length).toBe(1);
    // It comes back without all that it knew: whoever is there says so.
    const again = await serveRegistry({ port });
    await until(async () => watcher.staleMs === 0 && (await theirs.instances('cart')).length === 1);
    expect(one.state).toBe('registered');
    watcher.close();
    await Promise.all([mine.close(), theirs.close()]);
    expect(again.snapshot()).toEqual({ instances: 0, waits: 0 });
    await again.close();
  });

  it('hears of news without looking', async () => {
    const { url } = await served(false);
    const [mine, theirs] = [httpRegistry({ url }), httpRegistry({ url, pollMs: 3_600_000 })];
    onTestFinished(async () => void (await Promise.all([mine.close(), theirs.close()])));
    const heard: string[] = [];
    theirs.watch('cart', ({ instances }) => void heard.push(instances.map(({ id }) => id).join()));
    await until(() => heard.length === 1);
    const one = mine.register(cart, { drainMs: 0 });
    await until(() => heard.at(-1) === 'c1');
    await one.close();
    await until(() => heard.at(-1) === '');
  });

  it('turns away who does not bring the token', async () => {
    const { url } = await served(false, { token: 'secret' });
    const known = httpRegistry({ url, token: 'secret' });
    expect(await known.services()).toEqual([]);
    for (const token of ['wrong', 'secreT', undefined]) {
      const stranger = httpRegistry({ url, ...(token === undefined ? {} : { token }) });
      await expect(stranger.services()).rejects.toThrow('status 401');
      await stranger.close();
    }
    await known.close();
  });

  it('answers with an error what makes no sense, and goes on', async () => {
    const { url } = await served(false, { maxBodyBytes: 2_000, maxWaits: 1 });
    const post = async (path: string, body: string, type = 'application/json', method = 'POST') => {
      const init = { method, headers: { 'content-type': type }, ...(method === 'GET' ? {} : { body }) };
      return (await fetch(url + path, init).catch(() => ({ status: 0 }))).status;
    };
    const put = (fields: object) =>
      post('/v1/register', JSON.stringify({ incarnation: 1, ttlMs: 1_000, ...fields }));
    expect(await post('/v1/services', '{}')).toBe(200);
    expect(await post('/v1/services', '{}', 'text/plain')).toBe(415);
    expect(await post('/v1/services', '', 'application/json', 'GET')).toBe(405);
    expect(await post('/v1/services', '7')).toBe(400);
    expect(await post('/v1/services', '{')).toBe(400);
    for (const path of ['/v1/toString', '/v1/nothing', '/', '/v1/read/x'])
      expect(await post(path, '{}')).toBe(404);
    expect(await put({ instance: { ...cart, address: 'http://a@evil' } })).toBe(400);
    expect(await put({ instance: cart, incarnation: 0.5 })).toBe(400);
    expect(await put({ instance: cart, ttlMs: -1 })).toBe(400);
    expect(await post('/v1/renew', JSON.stringify({ service: 'cart', id: 7 }))).toBe(400);
    expect(await post('/v1/read', JSON.stringify({ service: '../x' }))).toBe(400);
    expect(await post('/v1/read', JSON.stringify({ service: 'cart', since: 7 }))).toBe(400);
    expect([0, 400]).toContain(await post('/v1/services', JSON.stringify({ x: 'y'.repeat(100_000) })));
    expect(await put({ instance: cart })).toBe(200);
  });

  it.each([
    ['`url` must be', { url: 'localhost:80' }],
    ['`url` must be', { url: 'http://user:secret@localhost' }],
    ['`url` must be', { url: 'http://localhost/v1' }],
    ['`token` must be', { token: 'a b' }],
    ['`pollMs` must be', { pollMs: 0 }],
    ['`maxAnswerBytes` must be', { maxAnswerBytes: 1 }],
    ['unknown option `uri`', { uri: 'x' }],
  ])('refuses what is wrong at the client: %s', (words, options) => {
    expect(() => httpRegistry({ url: 'http://127.0.0.1:1', ...options })).toThrow(words);
  });

  it.each([
    ['`host` must be', { host: '' }],
    ['`port` must be', { port: 70_000 }],
    ['`token` must be', { token: '' }],
    ['`maxBodyBytes` must be', { maxBodyBytes: 1 }],
    ['`maxWaits` must be', { maxWaits: 0 }],
    ['`preserveRatio` must be', { preserveRatio: 2 }],
    ['unknown option `hosts`', { hosts: 'x' }],
  ])('refuses what is wrong at the server: %s', async (words, options) => {
    await expect(serveRegistry(options as object)).rejects.toThrow(words);
  });
});

/** A server of one test; one that is closed at once leaves a port that is free. */
async function served(close = true, options: Parameters<typeof serveRegistry>[0] = {}) {
  const server = await serveRegistry(options);
  if (close) await server.close();
  else onTestFinished(() => server.close());
  return server;
}
