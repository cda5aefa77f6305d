import { afterEach, describe, expect, it } from 'vitest';
import type { GatewayEvents } from '../../../src/gateway.js';
import { Http2Edge } from '../gateway-wire/http2-edge.js';
import { eventually, RawClient } from '../gateway-wire/wire.js';
import { Begun } from './begun.js';

const begun = new Begun();
afterEach(() => begun.end());

const size = 48_000_000;
const get = 'GET /a HTTP/1.1\r\nHost: h\r\n\r\n';
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

async function setUp(sendTimeoutMs: number) {
  let closed = 0;
  const upstream = await begun.server((_, response) => {
    response.once('close', () => closed++);
    response.end(Buffer.alloc(size, 'x'));
  });
  const found = await begun.serve({
    limits: { sendTimeoutMs },
    routes: [
      { path: '/*', upstream: upstream.url },
      { path: '/own', upstream: () => new Response(Buffer.alloc(size, 'x')) },
      { path: '/quiet', upstream: async () => pause(700).then(() => new Response('late')) },
    ],
  });
  const log: GatewayEvents['completed'][] = [];
  found.gateway.on('completed', event => log.push(event));
  return { ...found, log, closed: () => closed };
}

describe('a client that takes nothing of its answer', () => {
  it('is cut off after a while, and the upstream is let go of', async () => {
    const { port, log, closed } = await setUp(200);
    const client = new RawClient(port);
    client.socket.once('data', () => client.socket.pause());
    client.send(get);
    await eventually(() => log.length === 1, 'the end of the request');
    expect(log[0]).toMatchObject({ outcome: 'gone', status: 200 });
    expect(log[0]!.tookMs).toBeGreaterThanOrEqual(200);
    await eventually(() => closed() === 1, 'the end at the upstream');
    client.close();
  });

  it('is cut off over HTTP/2 as well, alone of those on its connection', async () => {
    await using edge = await Http2Edge.start({ sendTimeoutMs: 200 });
    edge.say(`HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(1_000_000)}`);
    const stalled = edge.session.request({ ':path': '/a' });
    stalled.on('error', () => {});
    const ended = new Promise(resolve => stalled.once('close', resolve));
    // Nobody reads it: its window stays shut.
    stalled.pause();
    await ended;
    expect(edge.log[0]!.tookMs).toBeGreaterThanOrEqual(200);
    expect((await edge.ask({ ':path': '/own' })).body).toBe('mine');
  });
});

describe('a client that takes its time', () => {
  it.each(['/a', '/own'])('gets all of it: %s', async path => {
    const { port, log } = await setUp(1_000);
    const client = new RawClient(port);
    let got = 0;
    client.socket.removeAllListeners('data');
    client.socket.on('data', chunk => {
      got += chunk.length;
      client.socket.pause();
      // Slow enough to take longer than the limit in all; each part is taken well within it.
      setTimeout(() => client.socket.resume(), 3);
    });
    client.send(get.replace('/a', path));
    await eventually(() => got > size, 'all of it');
    await eventually(() => log.length === 1, 'the end of the request');
    expect(log[0]).toMatchObject({ outcome: 'answered' });
    expect(log[0]!.tookMs).toBeGreaterThan(1_000);
    client.close();
  });

  it('is not taken for one that waits for its upstream, or behind another answer', async () => {
    const { port, log } = await setUp(100);
    const quiet = 'GET /quiet HTTP/1.1\r\nHost: h\r\n\r\n';
    const client = new RawClient(port).send(quiet + quiet);
    await client.until(text => text.split('late').length === 3);
    client.close();
    expect(log.map(({ outcome }) => outcome)).toEqual(['answered', 'answered']);
  });
});
