import { createServer, type RequestListener } from 'node:http';
import { connect, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, createConnection, type Socket } from 'node:net';
import { serve } from '@hono/node-server';
import fastify from 'fastify';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiGateway } from '../../../src/adapters/node-http/api-gateway.js';
import { Dashboard } from '../../../src/observe/dashboard/dashboard.js';
import type { SessionMessage, StateMessage } from '../../../src/observe/dashboard/protocol.js';
import { Observatory } from '../../../src/observe/observatory.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';

interface Mounted {
  readonly url: string;
  close(): unknown;
}

type Mount = (board: Dashboard) => Promise<Mounted>;

const listening = (server: { listen(port: number, host: string, done: () => void): unknown }) =>
  new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
const addressOf = (server: { address(): unknown }): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** What is used of Express, which brings no types. */
type Express = { (): RequestListener & { use(...parts: unknown[]): void }; json(): unknown };

async function onExpress(name: string, board: Dashboard): Promise<Mounted> {
  const { default: make } = (await import(name)) as { default: Express };
  const app = make();
  // Bodies are parsed before it is asked.
  app.use(make.json());
  app.use('/ops', board.handler);
  const server = createServer(app);
  await listening(server);
  return { url: `${addressOf(server)}/ops`, close: () => server.closeAllConnections() ?? server.close() };
}

const mounts: Readonly<Record<string, readonly [basePath: string, mount: Mount]>> = {
  'node:http': [
    '/ops',
    async board => {
      const server = createServer((request, response) =>
        board.handler(request, response, () => response.writeHead(418).end()),
      );
      await listening(server);
      return { url: `${addressOf(server)}/ops`, close: () => server.closeAllConnections() ?? server.close() };
    },
  ],
  'Express 5': ['', board => onExpress('express', board)],
  'Express 4': ['', board => onExpress('express4', board)],
  Fastify: [
    '/ops',
    async board => {
      const app = fastify();
      app.all('/ops/*', (request, reply) => {
        reply.hijack();
        board.handler(Object.assign(request.raw, { body: request.body }), reply.raw);
      });
      const url = await app.listen({ port: 0, host: '127.0.0.1' });
      return { url: `${url}/ops`, close: () => app.server.closeAllConnections() ?? app.close() };
    },
  ],
  Hono: [
    '/ops',
    async board => {
      const app = new Hono();
      app.all('/ops/*', context => board.fetch(context.req.raw));
      const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
      await new Promise(resolve => server.once('listening', resolve));
      const close = () => ('closeAllConnections' in server ? server.closeAllConnections() : undefined);
      return { url: `${addressOf(server)}/ops`, close: () => close() ?? server.close() };
    },
  ],
  'an ApiGateway': [
    '/ops',
    async board => {
      const gateway = new ApiGateway({
        routes: [
          {
            path: '/ops/*',
            upstream: ({ method, path, query, host, fields }, { signal }, body) => {
              const headers = new Headers();
              for (let at = 0; at < fields.length; at += 2) headers.append(fields[at]!, fields[at + 1]!);
              const url = `http://${headers.get('host') ?? host}${path}${query}`;
              const init = { method, headers, signal };
              if (method !== 'POST') return board.fetch(new Request(url, init));
              return body.text().then(text => board.fetch(new Request(url, { ...init, body: text })));
            },
          },
        ],
      });
      const { url } = await gateway.listen({ port: 0, host: '127.0.0.1' });
      return { url: `${url}/ops`, close: () => gateway.close({ graceMs: 0 } as never) };
    },
  ],
};

describe.each(Object.entries(mounts))('a dashboard in %s', (_, [basePath, mount]) => {
  let breaker: CircuitBreaker;
  let board: Dashboard;
  let mounted: Mounted;

  beforeEach(async () => {
    const observatory = new Observatory({ service: 'shop' });
    breaker = new CircuitBreaker({ name: 'payments' });
    observatory.watch(breaker);
    board = new Dashboard({ observatory, basePath, intervalMs: 50, authorise: () => 'ann' });
    mounted = await mount(board);
  });
  afterEach(async () => {
    board.close();
    await mounted.close();
  });

  it('answers with its page, and not elsewhere', async () => {
    const page = await fetch(`${mounted.url}/`);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(await page.text()).toContain('<!doctype html>');
    expect((await fetch(`${mounted.url}/../elsewhere`)).status).toBeGreaterThanOrEqual(400);
  });

  it('tells what changes, and notices who has left', async () => {
    const leaving = new AbortController();
    const answer = await fetch(`${mounted.url}/api/stream`, { signal: leaving.signal });
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const until = async (words: string): Promise<void> => {
      while (!text.includes(words)) text += (await reader.read()).value;
    };
    await until('event: state');
    expect(board.snapshot().viewers).toBe(1);
    breaker.isolate();
    await until('"state":"isolated"');
    leaving.abort();
    await expect.poll(() => board.snapshot().viewers, { timeout: 10_000 }).toBe(0);
  });

  it('does what a page asks for', async () => {
    const session = await fetch(`${mounted.url}/api/session`);
    const { token } = (await session.json()) as SessionMessage;
    const { epoch, things } = (await (await fetch(`${mounted.url}/api/state`)).json()) as StateMessage;
    const answer = await fetch(`${mounted.url}/api/act`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        origin: new URL(mounted.url).origin,
        cookie: session.headers.get('set-cookie')!.split(';')[0]!,
        'x-csrf-token': token,
      },
      body: JSON.stringify({ epoch, action: 'breaker.isolate', key: things[0]!.key }),
    });
    expect(await answer.json()).toEqual({ done: true, who: 'ann' });
    expect(breaker.state).toBe('isolated');
  });
});

describe('a dashboard on HTTP/2', () => {
  it('tells what there is', async () => {
    const board = new Dashboard({ observatory: new Observatory({ service: 'shop' }), intervalMs: 50 });
    const server = createHttp2Server((request, response) =>
      board.handler(request as never, response as never),
    );
    await listening(server);
    const session = connect(addressOf(server));
    const stream = session.request({ ':path': '/api/stream' });
    const first = await new Promise<string>(resolve => stream.setEncoding('utf8').once('data', resolve));
    expect(first).toContain('event: state');
    stream.close();
    await expect.poll(() => board.snapshot().viewers).toBe(0);
    session.close();
    board.close();
    server.close();
  });
});

describe('a viewer that stops reading', () => {
  it('is dropped, and all others go on', async () => {
    const observatory = new Observatory({ service: 'shop' });
    let turn = 0;
    observatory.watch({
      name: 'loud',
      describe: () => ({ kind: 'loud' }),
      snapshot: () => ({ turn: turn++, noise: Array(200).fill(`${turn}${'x'.repeat(1_900)}`) }),
    });
    const board = new Dashboard({ observatory, intervalMs: 50, maxBufferBytes: 1_000_000 });
    const server = createServer(board.handler);
    await listening(server);
    const { port } = server.address() as AddressInfo;
    const sockets: Socket[] = [];
    const stalled = createConnection(port, '127.0.0.1');
    sockets.push(stalled);
    stalled.on('error', () => {});
    stalled.write('GET /api/stream HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => board.snapshot().viewers).toBe(1);
    stalled.pause();
    const leaving = new AbortController();
    const reading = await fetch(`http://127.0.0.1:${port}/api/stream`, { signal: leaving.signal });
    let bytes = 0;
    const read = (async () => {
      for await (const chunk of reading.body!) bytes += chunk.length;
    })().catch(() => {});
    await expect.poll(() => board.snapshot(), { timeout: 30_000 }).toMatchObject({ viewers: 1, dropped: 1 });
    const before = bytes;
    await expect.poll(() => bytes, { timeout: 10_000 }).toBeGreaterThan(before);
    leaving.abort();
    await read;
    for (const socket of sockets) socket.destroy();
    board.close();
    server.closeAllConnections();
    server.close();
  });
});
