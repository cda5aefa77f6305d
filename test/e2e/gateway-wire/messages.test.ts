import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ApiGateway, GatewayEvents } from '../../../src/gateway.js';
import { ask, engine, eventually, gatewayTo, isAnswer, isWhole, RawClient, RawUpstream } from './wire.js';

let upstream: RawUpstream;
let gateway: ApiGateway;
let port: number;
const log: GatewayEvents['completed'][] = [];
const clients: RawClient[] = [];
const open = (bytes: string): RawClient => {
  const client = new RawClient(port).send(bytes);
  clients.push(client);
  return client;
};

beforeAll(async () => {
  upstream = await RawUpstream.start();
  ({ gateway, port } = await gatewayTo(upstream, {
    maxBodyBytes: 1_000,
    limits: { headersTimeoutMs: 400, requestTimeoutMs: 3_000 },
    routes: [
      { path: '/*', upstream: upstream.origin },
      { path: '/quick', upstream: upstream.origin, timeoutMs: 200 },
      { path: '/idle', upstream: upstream.origin, idleTimeoutMs: 200 },
      { path: '/nobody', upstream: 'http://127.0.0.1:1' },
      { path: '/large', upstream: upstream.origin, maxBodyBytes: Infinity },
    ],
  }));
  gateway.on('completed', event => log.push(event));
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  upstream.reset();
  log.length = 0;
});
afterAll(async () => {
  await gateway.close({ graceMs: 0 });
  await upstream[Symbol.asyncDispose]();
});

const get = (path = '/a', version = '1.1') => `GET ${path} HTTP/${version}\r\nHost: h\r\n\r\n`;
const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n';
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const withTrailer = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\n';
const say = (bytes: string) => {
  upstream.script = (heard, socket) => {
    if (isWhole(heard)) socket.write(bytes);
  };
};

describe('bodies', () => {
  const chunked = (body: string, fields = '', path = '/a') =>
    `POST ${path} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n${fields}\r\n${body}`;

  it('that are too large by their length are refused before they are sent (GW3)', async () => {
    const { status } = await ask(port, 'POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n');
    expect(status).toBe(413);
    expect(upstream.all).toBe('');
  });

  it('that turn out too large are cut off: the upstream never gets a whole one (GW3)', async () => {
    const chunk = `1f4\r\n${'a'.repeat(500)}\r\n`;
    const { status } = await ask(port, chunked(`${chunk}${chunk}${chunk}0\r\n\r\n`));
    expect(status).toBe(413);
    expect(upstream.all).not.toMatch(/\r\n0\r\n\r\n$/);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'GET'])('of %s keep their framing', async method => {
    await ask(port, chunked('2\r\nab\r\n0\r\n\r\n').replace('POST', method));
    expect(upstream.all).toMatch(/transfer-encoding: chunked/i);
    expect(upstream.all).toContain('\r\n2\r\nab\r\n0\r\n\r\n');
    upstream.reset();
    await ask(port, `${method} /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab`);
    expect(upstream.all).toMatch(/content-length: 2\r\n/i);
    expect(upstream.all.endsWith('\r\n\r\nab')).toBe(true);
  });

  it('lose the extensions of their chunks, and keep their trailers', async () => {
    await ask(port, chunked('2;x=y\r\nab\r\n0\r\nX-Sum: 1\r\nHost: x\r\n\r\n', 'Trailer: X-Sum\r\n'));
    expect(upstream.all).not.toContain('x=y');
    // undici sends no trailers of a request: they end at the gateway, as RFC 9110, 6.5.1, allows.
    const end = engine.make === undefined ? /0\r\nX-Sum: 1\r\n\r\n$/ : /\r\nab\r\n0\r\n\r\n$/;
    expect(upstream.all).toMatch(end);
  });

  it('say nothing in their trailers that a client cannot say in its fields', async () => {
    const said = [
      'X-Auth-Subject: root',
      'x_forwarded_for: 9.9.9.9',
      'X-Real-IP: 9.9.9.9',
      'X-Request-Id: mine',
    ];
    await ask(port, chunked(`2\r\nab\r\n0\r\n${said.join('\r\n')}\r\nX-Sum: 1\r\n\r\n`));
    expect(upstream.all).not.toMatch(/root|9\.9\.9\.9|mine/);
    if (engine.make === undefined) expect(upstream.all).toMatch(/0\r\nX-Sum: 1\r\n\r\n$/);
  });

  it('are asked for when the client waits, and only then', async () => {
    const client = open('POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n');
    await client.until(text => text.includes('100 Continue'));
    client.send('ab');
    await client.until(text => isAnswer(text.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '')));
    expect(upstream.all.endsWith('ab')).toBe(true);
  });

  it('are not asked for when the request is refused', async () => {
    const { text } = await ask(
      port,
      'POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n',
    );
    expect(text).toMatch(/^HTTP\/1\.1 413/);
  });

  it('of any size go through with little memory (GW4)', async () => {
    let got = 0;
    upstream.script = (_, socket) => {
      // Slow to read: what it does not read must not pile up in the gateway.
      got++;
      if (got === 1) socket.pause();
    };
    const client = open('POST /large HTTP/1.1\r\nHost: h\r\nContent-Length: 67108864\r\n\r\n');
    const block = Buffer.alloc(1_048_576, 'a');
    let taken = 0;
    for (let at = 0; at < 64; at++) client.socket.write(block, () => taken++);
    await new Promise(resolve => setTimeout(resolve, 1_000));
    // The rest waits at the client: buffers of sockets on the way hold some megabytes.
    expect(taken).toBeLessThan(48);
  });
});

describe('answers', () => {
  it('to HEAD have the length, and no body', async () => {
    say('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
    const client = open('HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n');
    const text = await client.until(found => found.includes('\r\n\r\n'));
    expect(text).toMatch(/\r\nContent-Length: 5\r\n/);
    expect(text.endsWith('\r\n\r\n')).toBe(true);
  });

  it.each(['204 No Content', '304 Not Modified'])('of %s have no body', async status => {
    say(`HTTP/1.1 ${status}\r\nETag: "x"\r\n\r\n`);
    const { text } = await ask(port, get());
    expect(text).toContain('ETag: "x"\r\n');
    expect(text).not.toMatch(/transfer-encoding/i);
  });

  it('of 204 have no length, whatever the upstream says', async () => {
    say('HTTP/1.1 204 No Content\r\nContent-Length: 5\r\nX-A: 1\r\n\r\n');
    const { status, text } = await ask(port, get());
    expect(status).toBe(204);
    expect(text).toContain('X-A: 1\r\n');
    expect(text).not.toMatch(/content-length/i);
  });

  it('of 304 keep their length', async () => {
    say('HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n');
    expect((await ask(port, get())).text).toContain('Content-Length: 99\r\n');
  });

  it('have their early hints before them', async () => {
    say(hints + ok);
    const { text } = await ask(port, get());
    expect(text).toMatch(
      /^HTTP\/1\.1 103 Early Hints\r\nlink: <\/a\.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK/i,
    );
  });

  it('of HTTP/1.0 clients have no early hints', async () => {
    say(hints + ok);
    expect((await ask(port, get('/a', '1.0'))).text).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  it('have their trailers behind them', async () => {
    say(`${withTrailer}X-Sum: 1\r\nHost: x\r\n\r\n`);
    const { text } = await ask(port, get());
    expect(text).toMatch(/\r\nTrailer: X-Sum\r\n/);
    expect(text).toMatch(/\r\n0\r\nX-Sum: 1\r\n\r\n$/);
  });

  it.each([
    ['HEAD', 'HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['HTTP/1.0', 'GET /a HTTP/1.0\r\nHost: h\r\n\r\n'],
  ])('with trailers to %s do no harm', async (_, bytes) => {
    say(`${withTrailer}X-Sum: 1\r\n\r\n`);
    const client = open(bytes);
    expect(await client.until(text => text.includes('\r\n\r\n'))).toMatch(/^HTTP\/1\.1 200/);
    say(ok);
    expect((await ask(port, get())).status).toBe(200);
  });

  it('without a length reach HTTP/1.0 by the end of the connection', async () => {
    say('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n');
    const client = open(get('/a', '1.0'));
    const text = await client.end();
    expect(text).not.toMatch(/transfer-encoding/i);
    expect(text.endsWith('\r\n\r\nok')).toBe(true);
    expect(client.broken).toBe(false);
  });

  it('that a slow client does not read stay with the upstream (GW4)', async () => {
    const body = Buffer.alloc(67_108_864, 'a');
    let sent = 0;
    upstream.script = (_, socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n');
      for (let at = 0; at < 64; at++)
        socket.write(body.subarray(at * 1_048_576, (at + 1) * 1_048_576), () => sent++);
    };
    const client = open(get());
    client.socket.pause();
    await new Promise(resolve => setTimeout(resolve, 1_000));
    expect(sent).toBeLessThan(48);
    client.socket.resume();
    await client.until(text => text.length > 67_108_864);
  });

  it('to requests in a row on one connection come in their order', async () => {
    upstream.script = (heard, socket) => {
      const path = /GET (\S+)/.exec(heard)?.[1] ?? '';
      const wait = path === '/1' ? 100 : 0;
      setTimeout(() => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${path}`), wait);
    };
    const client = open(get('/1') + get('/2') + get('/3'));
    const text = await client.until(found => found.includes('\r\n\r\n/3'));
    expect(text.match(/\r\n\r\n\/\d/g)).toEqual(['\r\n\r\n/1', '\r\n\r\n/2', '\r\n\r\n/3']);
  });

  it('to more requests in a row than a connection may have do not come', async () => {
    const row = open(get().repeat(100));
    await row.until(text => text.split('HTTP/1.1 200').length === 101);
    upstream.script = () => {};
    row.send(get().repeat(101));
    await row.end();
    await eventually(() => gateway.snapshot().inFlight === 0, 'the end of all');
  });

  it('to a request on a connection that had ended come from another one', async () => {
    say(ok);
    await ask(port, get());
    upstream.script = (heard, socket, connection) => {
      if (connection === 0) socket.resetAndDestroy();
      else if (isWhole(heard)) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    };
    expect((await ask(port, get())).status).toBe(200);
    expect(upstream.heard).toHaveLength(2);
  });

  it('to one that must not be sent twice do not (GW6)', async () => {
    say(ok);
    await ask(port, get());
    upstream.script = (_, socket) => socket.resetAndDestroy();
    expect((await ask(port, 'POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab')).status).toBe(502);
    expect(upstream.all.match(/POST/g)).toHaveLength(1);
  });
});

describe('slow clients', () => {
  it('that never end their head get 408', async () => {
    const client = open('GET /a HTTP/1.1\r\nHost: h\r\nX-A: ');
    expect(await client.end()).toMatch(/^HTTP\/1\.1 408/);
    expect(upstream.all).toBe('');
  });

  it('that send their head byte by byte get 408', async () => {
    const client = open('GET /a HTTP/1.1\r\nHost: h\r\n');
    const drip = setInterval(() => client.send('X'), 50);
    const text = await client.end();
    clearInterval(drip);
    expect(text).toMatch(/^HTTP\/1\.1 408/);
  });

  it('that never end their body get 408, and the upstream no whole one', async () => {
    const client = open('POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nab');
    expect(await client.end()).toMatch(/^HTTP\/1\.1 408/);
    await eventually(() => upstream.closed === 1, 'the end of the connection to the upstream');
    expect(upstream.all.endsWith('ab')).toBe(true);
  });
});
