import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, it } from 'vitest';
import type { ApiGateway } from '../../../src/gateway.js';
import { type Certificates, makeCertificates } from './certificates.js';
import { pseudo, RawHttp2, TYPE } from './raw-http2.js';
import { eventually, gatewayTo, RawUpstream } from './wire.js';

let certificates: Certificates;
let upstream: RawUpstream;
let gateway: ApiGateway;
let port: number;

beforeAll(async () => {
  certificates = makeCertificates();
  upstream = await RawUpstream.start();
  ({ gateway, port } = await gatewayTo(upstream, {
    ...{ tls: certificates.server, http2: true },
    limits: { sendTimeoutMs: 200, requestTimeoutMs: 400, headersTimeoutMs: 400 },
    routes: [{ path: '/*', upstream: upstream.origin, timeoutMs: 300 }],
  }));
});
afterEach(() => upstream.reset());
afterAll(async () => {
  await gateway.close({ graceMs: 0 });
  await upstream[Symbol.asyncDispose]();
});

const silent = (): void => {};
const endless = (_: string, socket: Socket): void => {
  socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n`);
  const more = (): void => {
    while (!socket.destroyed && socket.write(`10000\r\n${'x'.repeat(65_536)}\r\n`));
  };
  socket.on('drain', more);
  more();
};
const late = (_: string, socket: Socket): void => {
  setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'), 100);
};

const dial = async (): Promise<RawHttp2> => {
  const client = new RawHttp2(port, certificates.ca as string);
  await eventually(() => client.frames.length > 0, 'the settings');
  return client;
};

describe('a connection of HTTP/2 on which nothing goes out any more', () => {
  it.each([
    ['an upstream that is silent', silent],
    ['an answer that comes', late],
    ['an answer without end', endless],
  ])('is ended with its requests, by a client that broke a rule and stays: %s', async (_, script) => {
    upstream.script = script;
    const client = await dial();
    const stream = client.ask(pseudo());
    await eventually(() => upstream.all.includes('GET /a '), 'the request');
    // It depends on itself: the connection gets GOAWAY, and no frame after that.
    client.send(TYPE.priority, 0, stream, Buffer.from([0, 0, 0, stream, 1]));
    await eventually(() => client.frames.some(({ type }) => type === TYPE.goaway), 'the word');
    await eventually(() => gateway.snapshot().inFlight === 0, 'the end of the request', 15_000);
    await eventually(() => client.ended, 'the end of the connection');
  });

  it('is ended by a client that reads nothing, whatever room it says there is', async () => {
    upstream.script = endless;
    const client = await dial();
    const most = Buffer.from([0x7f, 0xff, 0, 0]);
    // 4: the room of each stream.
    client.send(TYPE.settings, 0, 0, Buffer.from([0, 4, ...most]));
    client.send(TYPE.window, 0, 0, most);
    client.pause();
    client.ask(pseudo());
    await eventually(() => gateway.snapshot().inFlight === 1, 'the request');
    await eventually(() => gateway.snapshot().inFlight === 0, 'the end of the request', 15_000);
    client.close();
  });
});
