import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { EtcdRegistryStoreOptions } from '../../../../src/adapters/etcd/etcd-options.js';
import { type EtcdRegistryOptions, etcdRegistry } from '../../../../src/adapters/etcd/registry.js';
import { etcdRegistryStore } from '../../../../src/adapters/etcd/registry-store.js';

const bad = (options: object): (() => unknown) => {
  return () => etcdRegistry({ endpoints: 'http://etcd.example:2379', ...options } as EtcdRegistryOptions);
};

describe('the options of a registry in etcd', () => {
  it.each([
    ['`endpoints` must be origins', { endpoints: 'etcd:2379' }],
    ['`endpoints` must be origins', { endpoints: ['http://a:2379', 'http://a:2379/v3'] }],
    ['`endpoints` must be origins', { endpoints: 7 }],
    ['`endpoints` must be from 1 to 100 origins', { endpoints: [] }],
    ['`credentials` must be', { credentials: { name: 'root' } }],
    ['`credentials` must be', { credentials: 'root' }],
    ['`tls` must be an object', { tls: 'yes' }],
    ['`prefix` must be', { prefix: 'a b' }],
    ['`pollMs` must be', { pollMs: 0 }],
    ['`tombstoneMs` must be', { tombstoneMs: 0.5 }],
    ['`maxInstances` must be', { maxInstances: 0 }],
    ['`requestTimeoutMs` must be', { requestTimeoutMs: Infinity }],
    ['`watchIdleMs` must be', { watchIdleMs: 1 }],
    ['`maxAnswerBytes` must be', { maxAnswerBytes: 1 }],
    ['unknown option `endpoint`', { endpoint: 'x' }],
    ['`maxWatches` must be', { maxWatches: 0 }],
  ])('%s', (words, options) => {
    expect(bad(options)).toThrow(words);
  });

  it('show no password, though it stands in the wrong place', () => {
    const call = bad({ endpoints: 'http://root:secret@etcd.example:2379' });
    expect(call).toThrow('a user belongs into `credentials`');
    expect(call).not.toThrow('secret');
  });
});

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A server that answers what a test tells it to. */
async function scripted(answer: Answer, options: Partial<EtcdRegistryStoreOptions> = {}) {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', part => {
      body += part;
    });
    request.on('end', () => answer(request, response, body));
  });
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const store = etcdRegistryStore({ endpoints: `http://127.0.0.1:${port}`, ...options });
  onTestFinished(async () => {
    await store.close?.();
    server.closeAllConnections();
    await new Promise<void>(resolve => void server.close(() => resolve()));
  });
  return store;
}

const b64 = (text: string): string => Buffer.from(text).toString('base64');
const event = (key: string): string =>
  `${JSON.stringify({ result: { events: [{ kv: { key: b64(key) } }] } })}\n`;
const created = `${JSON.stringify({ result: { created: true } })}\n`;

describe('a watch over etcd', () => {
  it.each([
    [
      'says that it was compacted',
      `${JSON.stringify({ result: { canceled: true, compact_revision: '7' } })}\n`,
    ],
    [
      'says that it failed',
      `${JSON.stringify({ error: { message: 'etcdserver: no leader', grpc_code: 14 } })}\n`,
    ],
    ['says what is no JSON', 'hello\n'],
    ['ends', undefined],
    ['says more than may be said', 'x'.repeat(5_000)],
  ])('begins anew, and has all looked at, when the server %s', async (_, words) => {
    let watches = 0;
    const store = await scripted(
      (_request, response) => {
        watches++;
        response.write(created);
        if (watches > 1) response.write(event('keelson/instances/cart/c1'));
        else if (words === undefined) response.end();
        else response.write(words);
      },
      { maxAnswerBytes: 4_096 },
    );
    const hints: (string | undefined)[] = [];
    const end = store.follow?.(service => hints.push(service));
    await vi.waitFor(() => expect(hints).toEqual([undefined, undefined, 'cart']), { timeout: 20_000 });
    end?.();
  });

  it('begins anew when it has heard nothing for long, and not after its end', async () => {
    let watches = 0;
    const store = await scripted(
      (_request, response) => {
        watches++;
        response.write(created);
      },
      { watchIdleMs: 20 },
    );
    const hints: unknown[] = [];
    const end = store.follow?.(service => hints.push(service));
    await vi.waitFor(() => expect(watches).toBeGreaterThan(3), { timeout: 20_000 });
    end?.();
    const known = hints.length;
    await new Promise(resolve => setTimeout(resolve, 100));
    expect(hints.length).toBe(known);
  });

  it('tells of each service once for each message, and of nothing that is none', async () => {
    const store = await scripted((_request, response) => {
      const kv = (key: string) => ({ kv: { key: b64(`keelson/instances/${key}`) } });
      const events = [kv('cart/a'), kv('cart/b'), kv('shop/a'), kv('odd'), kv('a/b/c')];
      response.write(created + JSON.stringify({ result: { events } }));
      // A line may come in parts.
      setTimeout(() => response.write('\n'), 10);
    });
    const hints: unknown[] = [];
    const end = store.follow?.(service => hints.push(service));
    await vi.waitFor(() => expect(hints).toEqual([undefined, 'cart', 'shop']), { timeout: 20_000 });
    end?.();
  });
});

describe('a question to etcd', () => {
  it.each([
    [
      'is refused',
      400,
      JSON.stringify({ error: 'etcdserver: no', message: 'etcdserver: no', code: 3 }),
      'server: no',
    ],
    ['is answered by somebody else', 404, '<html>', 'status 404'],
    ['is answered with what is no JSON', 200, '<html>', 'JSON'],
    ['gets an answer that is too large', 200, 'x'.repeat(5_000), 'maxAnswerBytes'],
  ])('fails when it %s', async (_, status, text, words) => {
    const store = await scripted((_request, response) => void response.writeHead(status).end(text), {
      maxAnswerBytes: 4_096,
    });
    await expect(store.services()).rejects.toThrow(words);
  });

  it('fails when nobody answers in time, and after the end', async () => {
    const store = await scripted(() => {}, { requestTimeoutMs: 30 });
    await expect(store.services()).rejects.toThrow('no answer within 30 ms');
    await store.close?.();
    await expect(store.services()).rejects.toThrow('it is closed');
  });

  it('brings a token, and a new one once when that is over', async () => {
    let tokens = 0;
    const asked: unknown[] = [];
    const store = await scripted(
      (request, response, body) => {
        if (request.url === '/v3/auth/authenticate') {
          asked.push(JSON.parse(body));
          response.end(JSON.stringify({ token: `t${++tokens}` }));
        } else if (request.headers.authorization === 't2') response.end('{}');
        else response.writeHead(401).end(JSON.stringify({ message: 'invalid auth token', code: 16 }));
      },
      { credentials: { name: 'shop', password: 'secret' } },
    );
    expect(await store.services()).toEqual([]);
    expect(asked).toEqual(Array(2).fill({ name: 'shop', password: 'secret' }));
  });

  it('reads the names of services page by page, and passes over the rest of each', async () => {
    const from: string[] = [];
    const page = (service: string, count: number) =>
      Array.from({ length: count }, (_, at) => ({ key: b64(`keelson/instances/${service}/i${at}`) }));
    const store = await scripted((_request, response, body) => {
      from.push(Buffer.from(JSON.parse(body).key, 'base64').toString());
      const kvs = from.length === 1 ? page('cart', 1_000) : page('shop', 2);
      response.end(JSON.stringify({ kvs }));
    });
    expect(await store.services()).toEqual(['cart', 'shop']);
    expect(from).toEqual(['keelson/instances/', 'keelson/instances/cart0']);
  });
});
