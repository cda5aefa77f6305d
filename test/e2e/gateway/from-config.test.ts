import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import * as yaml from 'yaml';
import { ConfigError, GatewayFile, type GatewayFileOptions, gatewayFrom } from '../../../src/gateway.js';
import { eventually } from '../gateway-wire/wire.js';
import { Begun } from './begun.js';

const begun = new Begun();
afterEach(() => begun.end());

const serve = async (config: Parameters<typeof gatewayFrom>[0], extras = {}): Promise<string> => {
  const gateway = begun.keep(gatewayFrom(config, extras));
  const { url } = await gateway.listen({ port: 0, host: '127.0.0.1' });
  return url;
};

describe('a gateway of data', () => {
  it('asks who asks, goes to services, and keeps its policies', async () => {
    const key = 'a long and random key';
    let asked = 0;
    const stock = await begun.server((request, response) => {
      asked++;
      if (asked === 1) response.writeHead(503).end();
      else response.end(`${request.url} for ${request.headers['x-auth-subject']}`);
    });
    const config = `
      authenticators:
        keys: { kind: api-keys, keys: [{ key: "\${KEY}", subject: shop, scopes: [read] }] }
      auth: keys
      services:
        stock: { instances: ["${stock.url}"] }
      pipelines:
        reads: [{ kind: retry, attempts: 2, backoff: { kind: constant, delayMs: 1 } }]
      routes:
        - path: /stock/*rest
          upstream: { service: stock, basePath: /v1 }
          rewrite: /*rest
          policy: reads
          scopes: [read]
        - { path: /old, redirect: { to: /stock }, auth: false }
    `;
    const url = await serve(config, { yaml, env: { KEY: key } });
    expect((await fetch(`${url}/stock/a`)).status).toBe(401);
    const found = await fetch(`${url}/stock/a`, { headers: { 'x-api-key': key } });
    expect([found.status, await found.text(), asked]).toEqual([200, '/v1/a for shop', 2]);
    const old = await fetch(`${url}/old`, { redirect: 'manual' });
    expect([old.status, old.headers.get('location')]).toEqual([308, '/stock']);
  });

  it('keeps the policies of two routes apart that differ in their conditions', async () => {
    const policy = [{ kind: 'circuit-breaker', minCalls: 1, failureRatio: 0.5 }];
    const route = { path: '/*', policy, upstream: (await begun.hello()).url };
    const url = await serve({
      routes: [route, { ...route, headers: { 'x-v': '2' }, upstream: 'http://127.0.0.1:1' }],
    });
    const statuses = [];
    for (const v of ['2', '2', '1']) statuses.push((await fetch(url, { headers: { 'x-v': v } })).status);
    expect(statuses).toEqual([502, 503, 200]);
  });

  it('splits requests over sides with policies of their own, keeps answers and sends copies', async () => {
    const says = (word: string) =>
      begun.server((_, response) => {
        response.setHeader('Cache-Control', 'max-age=60');
        response.end(word);
      });
    const [stable, canary] = [await says('stable'), await says('canary')];
    const copies: (string | undefined)[] = [];
    const shadow = await begun.server((request, response) => {
      copies.push(request.url);
      response.end();
    });
    let broken = 0;
    const failing = await begun.server((_, response) => {
      broken++;
      response.writeHead(503).end();
    });
    const url = await serve({
      services: { stable: { instances: [stable.url] } },
      pipelines: { twice: [{ kind: 'retry', attempts: 2, backoff: { kind: 'constant', delayMs: 1 } }] },
      routes: [
        {
          path: '/shop',
          upstream: {
            by: { header: 'x-client' },
            split: [
              { name: 'stable', weight: 1, upstream: { service: 'stable' } },
              { name: 'canary', weight: 1, upstream: canary.url },
            ],
          },
        },
        {
          path: '/new',
          upstream: {
            split: [
              { name: 'old', weight: 0, upstream: stable.url },
              { name: 'new', weight: 1, upstream: failing.url, policy: 'twice' },
            ],
          },
        },
        { path: '/seen', upstream: canary.url, cache: {}, mirror: { upstream: shadow.url } },
      ],
    });
    const found = await Promise.all(
      Array.from({ length: 40 }, async (_, client) => {
        const headers = { 'x-client': String(client % 10) };
        return `${client % 10} ${await (await fetch(`${url}/shop`, { headers })).text()}`;
      }),
    );
    // Ten clients, each on one side, some on each.
    expect(new Set(found).size).toBe(10);
    expect(new Set(found.map(text => text.slice(2)))).toEqual(new Set(['stable', 'canary']));
    expect([(await fetch(`${url}/new`)).status, broken]).toEqual([503, 2]);
    expect(await (await fetch(`${url}/seen`)).text()).toBe('canary');
    await eventually(() => copies.includes('/seen'), 'the copy');
    expect((await fetch(`${url}/seen`)).headers.get('cache-status')).toContain('hit');
  });

  it('makes one answer of several, says what is missing, and tells the parts who asks', async () => {
    const items = await begun.server((request, response) => {
      const { 'x-request-id': id, 'if-none-match': tag } = request.headers;
      response.end(JSON.stringify({ path: request.url, id, tag }));
    });
    const broken = await begun.server((_, response) => response.writeHead(500).end('no'));
    const large = await begun.server((_, response) => response.end(`"${'x'.repeat(2_000)}"`));
    const part = (server: { url: string }, more: object) => ({
      upstream: server.url,
      path: '/i/:id',
      ...more,
    });
    const url = await serve({
      services: { items: { instances: [items.url] } },
      routes: [
        {
          path: '/pages/:id',
          upstream: {
            aggregate: {
              parts: {
                item: { upstream: { service: 'items', basePath: '/v1' }, path: '/i/:id' },
                tips: part(broken, { optional: true, otherwise: [] }),
                much: part(large, { optional: true, maxBytes: 1_000 }),
              },
            },
          },
        },
        { path: '/all/:id', upstream: { aggregate: { parts: { broken: part(broken, {}) } } } },
      ],
    });
    const found = await fetch(`${url}/pages/7?a=1`, { headers: { 'if-none-match': '"x"' } });
    expect(await found.json()).toEqual({
      item: { path: '/v1/i/7?a=1', id: found.headers.get('x-request-id') },
      tips: [],
    });
    expect(found.headers.get('x-aggregate-missing')).toBe('tips,much');
    expect(found.headers.get('cache-control')).toBe('no-store');
    expect((await fetch(`${url}/all/7`)).status).toBe(502);
  });
});

describe('a gateway of a file', () => {
  const folders: string[] = [];
  afterEach(async () => {
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
  });

  async function opened(config: object, options: GatewayFileOptions = { pollMs: 0 }) {
    const folder = await mkdtemp(join(tmpdir(), 'keelson-gateway-'));
    folders.push(folder);
    const path = join(folder, 'gateway.json');
    const write = (now: object | string): Promise<void> =>
      writeFile(path, typeof now === 'string' ? now : JSON.stringify(now));
    await write(config);
    const file = begun.keep(await GatewayFile.open(path, options));
    const { url } = await file.gateway.listen({ port: 0, host: '127.0.0.1' });
    return { file, url, write, path };
  }

  const reply = (body: string) => [{ path: '/', reply: { body } }];
  const text = async (url: string): Promise<string> => (await fetch(url)).text();

  it('has new routes by what the file says then, and the old ones while that is wrong', async () => {
    const { file, url, write } = await opened({ routes: reply('one') });
    const events: string[] = [];
    file.on('reloaded', ({ routes }) => events.push(`reloaded ${routes}`));
    file.on('refused', ({ error }) => events.push((error as Error).message));
    expect(await file.reload()).toBe(false);
    await write({ routes: reply('two') });
    expect(await file.reload()).toBe(true);
    expect(await text(url)).toBe('two');
    await write('{"routes": [\n{"path": 5}]}');
    for (let at = 0; at < 2; at++) await expect(file.reload()).rejects.toThrow('routes[0].path must be');
    expect(await text(url)).toBe('two');
    await write({ routes: reply('two') });
    expect(await file.reload()).toBe(false);
    await write({ routes: reply('three') });
    expect(await file.reload()).toBe(true);
    expect(await text(url)).toBe('three');
    expect(events).toHaveLength(3);
    expect(events[1]).toContain('(line 2, column 2)');
  });

  it('looks at the file by itself', async () => {
    const { file, url, write } = await opened({ routes: reply('one') }, { pollMs: 20 });
    let isReloaded = false;
    file.on('reloaded', () => {
      isReloaded = true;
    });
    await write({ routes: reply('two') });
    await eventually(() => isReloaded, 'the file to be read');
    expect(await text(url)).toBe('two');
  });

  it('keeps what breakers and services know that the file says as before', async () => {
    const down = await begun.server((_, response) => response.writeHead(500).end('down'));
    const up = await begun.hello();
    const config = (more: object[], instances: string[]) => ({
      services: { stock: { instances, outliers: false as const } },
      pipelines: { guarded: [{ kind: 'circuit-breaker', window: { calls: 1 }, minCalls: 1 }] },
      routes: [{ path: '/stock', upstream: { service: 'stock' }, policy: 'guarded' }, ...more],
    });
    const { file, url, write } = await opened(config([], [down.url]));
    expect((await fetch(`${url}/stock`)).status).toBe(500);
    expect((await fetch(`${url}/stock`)).status).toBe(503);
    await write(config(reply('more'), [up.url]));
    expect(await file.reload()).toBe(true);
    expect(await text(url)).toBe('more');
    // The circuit is still open, and the service has another instance.
    expect((await fetch(`${url}/stock`)).status).toBe(503);
    await write({
      ...config(reply('more'), [up.url]),
      pipelines: { guarded: [{ kind: 'timeout', timeoutMs: 5_000 }] },
    });
    expect(await file.reload()).toBe(true);
    expect(await text(`${url}/stock`)).toBe('hello');
  });

  it('says what cannot change while it runs', async () => {
    const { file, url, write } = await opened({ routes: reply('one') });
    await write({ routes: reply('two'), maxInFlight: 5 });
    const found: unknown = await file.reload().catch((error: unknown) => error);
    expect(found).toBeInstanceOf(ConfigError);
    expect((found as Error).message).toContain('maxInFlight cannot change while the gateway runs');
    expect(await text(url)).toBe('one');
  });

  it('is not there, or is wrong from the beginning', async () => {
    const { path, write } = await opened({ routes: [] });
    await write('{');
    await expect(GatewayFile.open(path)).rejects.toThrow('the text is no JSON');
    await expect(GatewayFile.open(`${path}.not`)).rejects.toThrow('ENOENT');
  });
});
