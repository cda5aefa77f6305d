import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually, RawClient } from '../gateway-wire/wire.js';
import { Begun } from './begun.js';

const begun = new Begun();
afterEach(() => begun.end());

const acceptOf = (key: string): string =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

/** An upstream that agrees to each WebSocket; what follows is up to the test. */
async function upstream(take: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server: Server = createServer();
  server.on('upgrade', ({ headers }, socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).resume();
    socket.on('end', () => socket.end());
    socket.on('close', () => sockets.delete(socket));
    const accept = acceptOf(headers['sec-websocket-key']!);
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    take(socket);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const end = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise(resolve => server.close(resolve));
  };
  begun.keep({ [Symbol.asyncDispose]: end });
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, sockets };
}

const text = (said: string): Buffer => Buffer.from([0x81, said.length, ...Buffer.from(said)]);
const shake =
  'GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';

async function setUp(take: (socket: Socket) => void, idleTimeoutMs = 60_000) {
  const { url, sockets } = await upstream(take);
  const found = await begun.serve({ routes: [{ path: '/', upstream: url, upgrade: true, idleTimeoutMs }] });
  return { ...found, sockets };
}

describe('WebSockets of a gateway that closes', () => {
  it('are told so, end by themselves, and are not waited for', async () => {
    const heard: Buffer[] = [];
    const { gateway, port, sockets } = await setUp(socket => {
      socket.write(text('hello'));
      socket.on('data', chunk => {
        heard.push(chunk);
        // The answer to the close frame of the client; what is said behind it nobody may get.
        if ((chunk[0]! & 15) === 8)
          socket.end(Buffer.concat([text('late'), Buffer.from([0x88, 2, 3, 0xe9])]));
      });
    });
    const client = new WebSocket(`ws://127.0.0.1:${port}/`);
    const said: string[] = [];
    client.onmessage = ({ data }) => said.push(String(data));
    const closed = new Promise<{ code: number; wasClean: boolean }>(resolve => {
      client.onclose = ({ code, wasClean }) => resolve({ code, wasClean });
    });
    await eventually(() => said.length === 1, 'the first message');
    const closing = gateway.close({ graceMs: 2 ** 31 - 1 });
    expect(await closed).toEqual({ code: 1001, wasClean: true });
    await closing;
    expect(said).toEqual(['hello']);
    expect(heard).toHaveLength(1);
    await eventually(() => sockets.size === 0, 'the end at the upstream');
  });

  it('are told behind the frame that is under way', async () => {
    let go = (): void => {};
    const { gateway, port } = await setUp(socket => {
      socket.write(text('hello').subarray(0, 4));
      go = () => socket.write(Buffer.concat([text('hello').subarray(4), text('more')]));
    });
    const client = new RawClient(port).send(shake);
    await client.until(found => found.endsWith('\x81\x05he'));
    const closing = gateway.close({ graceMs: 2 ** 31 - 1 });
    go();
    const found = await client.until(all => all.endsWith('\x88\x02\x03\xe9'));
    expect(found.endsWith('\x81\x05hello\x88\x02\x03\xe9')).toBe(true);
    client.close();
    await closing;
  });

  it('are cut off after their share of the time, while requests still have theirs', async () => {
    const { gateway, port } = await setUp(socket => socket.write(text('hi')));
    const client = new RawClient(port).send(shake);
    await client.until(found => found.endsWith('hi'));
    const closing = gateway.close({ graceMs: 2 ** 31 - 1, tunnelGraceMs: 50 });
    await client.end();
    await closing;
    expect(() => gateway.close({ tunnelGraceMs: -1 })).toThrow('`tunnelGraceMs`');
  });
});

describe('a WebSocket through a gateway', () => {
  it('brings all that was sent before the end, to a client that takes its time', async () => {
    const size = 32_000_000;
    const { gateway, port } = await setUp(socket => socket.end(Buffer.alloc(size, 'x')));
    const client = new RawClient(port);
    client.socket.on('data', () => {
      client.socket.pause();
      setTimeout(() => client.socket.resume(), 1);
    });
    const all = await client.send(shake).end();
    expect(all.length - all.indexOf('\r\n\r\n') - 4).toBe(size);
    await eventually(() => gateway.snapshot().tunnels === 0, 'the end of the tunnel');
  });

  it('ends when nothing moves for too long', async () => {
    const { gateway, port, sockets } = await setUp(() => {}, 50);
    await new RawClient(port).send(shake).end();
    await eventually(() => sockets.size === 0 && gateway.snapshot().tunnels === 0, 'the end');
  });
});
