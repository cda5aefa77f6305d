import { connect } from 'node:net';
import * as undici from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ApiGatewayOptions } from '../../../src/gateway.js';
import { UndiciEngine } from '../../../src/undici.js';
import { Begun } from '../gateway/begun.js';
import { ask, eventually, RawUpstream } from './wire.js';

const begun = new Begun();
afterEach(() => begun.end());

describe('UndiciEngine', () => {
  let upstream: RawUpstream;
  beforeAll(async () => {
    upstream = await RawUpstream.start();
  });
  afterEach(() => upstream.reset());
  afterAll(() => upstream[Symbol.asyncDispose]());
  const serve = (options: Partial<ApiGatewayOptions> = {}) =>
    begun.serve({
      engine: new UndiciEngine({ undici, maxConnections: 1 }),
      routes: [{ path: '/*', upstream: upstream.origin, upgrade: true }],
      ...options,
    });
  const get = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n';

  it('hands a connection over that speaks another protocol, both ways', async () => {
    const { gateway, port } = await serve();
    upstream.script = (heard, socket) => {
      const head =
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-A: 1\r\n\r\n';
      if (heard.startsWith('GET')) socket.write(`${head}hi`);
      else socket.write(`<${heard}>`);
    };
    const socket = connect({ port, host: '127.0.0.1' });
    let text = '';
    socket.on('data', chunk => {
      text += String(chunk);
    });
    socket.write('GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly');
    await eventually(() => text.includes('<early>'), 'an echo');
    expect(text).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n(.+\r\n)*X-A: 1\r\n(.+\r\n)*\r\nhi<early>$/);
    expect(upstream.all).toMatch(/\r\nupgrade: websocket\r\n/);
    socket.write('abc');
    await eventually(() => text.endsWith('abc>'), 'another echo');
    socket.destroy();
    await eventually(() => upstream.closed === 1 && gateway.snapshot().tunnels === 0, 'the end');
    upstream.script = (_, refused) => refused.write('HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno');
    const shake = 'GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    expect((await ask(port, shake)).status).toBe(403);
  });

  it('keeps to its limit of connections, and gives up what waits for one', async () => {
    const routes = [
      { path: '/*', upstream: upstream.origin, timeoutMs: 1_000 },
      { path: '/quick', upstream: upstream.origin, timeoutMs: 100 },
    ];
    const { port } = await serve({ routes });
    upstream.script = () => {};
    const first = ask(port, get);
    await eventually(() => upstream.all.includes('GET'), 'the first');
    const both = await Promise.all([first, ask(port, get.replace('/', '/quick'))]);
    expect(both.map(({ status }) => status)).toEqual([504, 504]);
    expect(upstream.heard.filter(text => text.includes('GET'))).toHaveLength(1);
    await eventually(() => upstream.sockets.size === 0, 'the end of all connections');
    upstream.reset();
    expect((await ask(port, get)).status).toBe(200);
    expect(upstream.all).not.toContain('quick');
  });

  it('answers with 502 where an upstream says 100 that nobody asked for', async () => {
    const { port } = await serve();
    upstream.script = (_, socket) =>
      socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    expect((await ask(port, get)).status).toBe(502);
  });

  it.each([
    [{}, '`undici` must be the module of that name'],
    [{ undici: { Agent: undici.Agent } }, '`undici` must be the module of that name'],
    [{ undici, maxConnections: 0 }, '`maxConnections` must be an integer >= 1, got 0'],
    [{ undici, connectTimeoutMs: 0 }, '`connectTimeoutMs` must be an integer >= 1'],
    [{ undici, pipelining: 2 }, 'unknown option `pipelining`'],
    [{ undici, tls: 1 }, '`tls` must be an object'],
  ])('is not made of %#', (options, message) => {
    expect(() => new UndiciEngine(options as never)).toThrow(message);
  });
});
