import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ApiGateway } from '../../../src/gateway.js';
import { eventually, gatewayTo, RawClient, RawUpstream } from './wire.js';

let upstream: RawUpstream;
let gateway: ApiGateway;
let port: number;

beforeAll(async () => {
  upstream = await RawUpstream.start();
  ({ gateway, port } = await gatewayTo(upstream, { limits: { headersTimeoutMs: 300 } }));
});
afterEach(() => upstream.reset());
afterAll(async () => {
  await gateway.close({ graceMs: 0 });
  await upstream[Symbol.asyncDispose]();
});

const get = (path: string, fields = '') => `GET ${path} HTTP/1.1\r\nHost: h\r\n${fields}\r\n`;
const post = (body: string, fields = '') =>
  `POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`;
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nreal';
const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status);

/** Answers nothing before it is told to. */
function hold(): { answer: () => void } {
  let waiting: Socket[] = [];
  upstream.script = (_, socket) => waiting.push(socket);
  return {
    answer() {
      for (const socket of waiting) socket.write(ok);
      waiting = [];
    },
  };
}

describe('a whole request', () => {
  it.each([
    ['garbage', '\x16\x03\x01garbage\r\n\r\n'],
    ['a head that is none', 'GET /b HTTP/9.9\r\nHost: h\r\n\r\n'],
    ['a head that is too large', get('/b', `X: ${'a'.repeat(60_000)}\r\n`)],
  ])('gets its own answer, whatever is sent behind it: %s', async (_, garbage) => {
    const held = hold();
    const client = new RawClient(port).send(get('/a') + garbage);
    await eventually(() => upstream.all.includes('GET /a '), 'the request');
    client.send('more of it');
    held.answer();
    const text = await client.end();
    expect(statuses(text)).toEqual(['200', expect.stringMatching(/^4(00|31)$/)]);
    expect(text).toContain('real');
    expect(text.slice(text.indexOf('real'))).toMatch(/\r\nConnection: close\r\n/);
    await eventually(() => gateway.snapshot().inFlight === 0, 'the end of it');
  });

  it('gets it where it says that it is the last one, and nothing more', async () => {
    const held = hold();
    const client = new RawClient(port).send(`${post('abc', 'Connection: close\r\n')}\r\n\r\nmore`);
    await eventually(() => upstream.all.endsWith('abc'), 'the request');
    held.answer();
    expect(statuses(await client.end())).toEqual(['200']);
  });

  it('gets it where the next one is never sent to its end', async () => {
    const held = hold();
    const client = new RawClient(port).send(`${get('/a')}GET /b HTTP/1.1\r\nHos`);
    await eventually(() => upstream.all.includes('GET /a '), 'the request');
    await new Promise(resolve => setTimeout(resolve, 900));
    expect(client.text).toBe('');
    held.answer();
    expect(statuses(await client.end())).toEqual(['200', '408']);
    expect(upstream.all).not.toContain('/b');
  });

  it('gets it where the next one breaks off amid its body, and so do those before it', async () => {
    const held = hold();
    const chunked = get('/c', 'Transfer-Encoding: chunked\r\n').replace('GET', 'POST');
    const client = new RawClient(port).send(`${get('/a')}${get('/b')}${chunked}3\r\nabc\r\nzz\r\n`);
    await eventually(() => upstream.all.includes('GET /b '), 'the requests');
    held.answer();
    expect(statuses(await client.end())).toEqual(['200', '200', '400']);
  });

  it.each([
    ['garbage', '\x00\x01garbage'],
    ['a part of a head', 'GET /b HTTP/1.1\r\nHos'],
  ])('is let go of when its client is gone, also with %s behind it', async (_, rest) => {
    hold();
    const client = new RawClient(port).send(get('/a') + rest);
    await eventually(() => upstream.all.includes('GET /a '), 'the request');
    client.close();
    await eventually(() => upstream.sockets.size === 0 && gateway.snapshot().inFlight === 0, 'the end of it');
  });

  it('has an answer that is streamed go on to its end', async () => {
    upstream.script = (_, socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc');
    const client = new RawClient(port).send(get('/a'));
    await client.until(text => text.endsWith('abc'));
    client.send('\x00\x01garbage\r\n\r\n');
    await new Promise(resolve => setTimeout(resolve, 50));
    for (const socket of upstream.sockets) socket.write('def');
    const text = await client.end();
    expect(text).toContain('abcdef');
    expect(statuses(text)).toEqual(['200', '400']);
  });
});
