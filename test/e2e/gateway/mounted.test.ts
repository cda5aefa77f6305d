import { execFile, spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { connect, createSecureServer } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import * as undici from 'undici';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ApiGateway, type GatewayRoute } from '../../../src/gateway.js';
import { type Certificates, makeCertificates } from '../gateway-wire/certificates.js';
import { ask, eventually, RawClient, RawUpstream } from '../gateway-wire/wire.js';
import { Begun } from './begun.js';

const begun = new Begun();
let certificates: Certificates;
beforeAll(() => {
  certificates = makeCertificates();
});
afterEach(() => begun.end());

/** A gateway on a server that somebody else has made, before which that one answers what is its own. */
async function mount(server: Server, routes: readonly GatewayRoute[]) {
  const gateway = begun.keep(new ApiGateway({ routes }));
  server.on('request', (request, response) => {
    if (request.url === '/theirs') response.end('theirs');
    else gateway.handler(request, response);
  });
  server.on('checkContinue', gateway.handler);
  server.on('checkExpectation', gateway.handler);
  server.on('upgrade', gateway.upgradeHandler);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const stop = async (): Promise<void> => {
    server.closeAllConnections?.();
    await new Promise(resolve => server.close(resolve));
  };
  begun.keep({ [Symbol.asyncDispose]: stop });
  return { gateway, port: (server.address() as AddressInfo).port };
}

describe('a gateway on a server of yours', () => {
  const own = (): Server => Object.assign(createServer({ requireHostHeader: false }), { maxHeadersCount: 0 });

  it('answers what that one leaves to it, checks it all the same, and ends without it', async () => {
    const upstream = begun.keep(await RawUpstream.start());
    const { gateway, port } = await mount(own(), [{ path: '/*', upstream: upstream.origin, upgrade: true }]);
    expect((await ask(port, 'GET /theirs HTTP/1.1\r\nHost: h\r\n\r\n')).text).toMatch(/theirs$/);
    expect((await ask(port, 'GET /a HTTP/1.1\r\nHost: h\r\n\r\n')).text).toMatch(/ok$/);
    expect((await ask(port, 'GET /a HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n')).status).toBe(400);
    expect((await ask(port, 'GET /..%2fa HTTP/1.1\r\nHost: h\r\n\r\n')).status).toBe(400);
    expect((await ask(port, 'GET /a HTTP/1.1\r\nHost: h\r\nExpect: x\r\n\r\n')).status).toBe(417);
    const many = Array.from({ length: 1_500 }, () => 'X: 1\r\n').join('');
    expect((await ask(port, `GET /a HTTP/1.1\r\nHost: h\r\n${many}\r\n`)).status).toBe(431);
    const waiting = new RawClient(port).send(
      'POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n',
    );
    await waiting.until(text => text.includes('100 Continue'));
    waiting.send('ab');
    await waiting.until(text => text.includes('200 OK'));
    waiting.close();
    expect(upstream.all.match(/^(GET|POST) /gm)).toHaveLength(2);
    await gateway.close();
    // The server is not the gateway's: it goes on, and the gateway takes no more.
    expect((await ask(port, 'GET /theirs HTTP/1.1\r\nHost: h\r\n\r\n')).text).toMatch(/theirs$/);
  });

  it('hands connections over that speak another protocol', async () => {
    const upstream = begun.keep(await RawUpstream.start());
    const { gateway, port } = await mount(own(), [{ path: '/*', upstream: upstream.origin, upgrade: true }]);
    upstream.script = (heard, socket) => {
      const head = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
      socket.write(heard.startsWith('GET') ? head : `<${heard}>`);
    };
    const client = new RawClient(port).send(
      'GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    await client.until(text => text.includes('\r\n\r\n'));
    client.send('abc');
    await client.until(text => text.endsWith('<abc>'));
    expect(gateway.snapshot()).toMatchObject({ inFlight: 0, tunnels: 1 });
    await gateway.close({ graceMs: 100 });
    await client.end();
    await eventually(() => upstream.sockets.size === 0, 'the end of the connection to the upstream');
  });

  it('is as good on one of HTTPS, and of HTTP/2', async () => {
    const upstream = await begun.hello();
    const routes = [{ path: '/*', upstream: upstream.url }];
    const [tls, http2] = [
      createHttps(certificates.server),
      createSecureServer({ ...certificates.server, allowHTTP1: true }),
    ];
    const [over, both] = [await mount(tls, routes), await mount(http2 as unknown as Server, routes)];
    const agent = new undici.Agent({ connect: { ca: certificates.ca } });
    for (const { port } of [over, both]) {
      const answer = await undici.request(`https://localhost:${port}/a`, { dispatcher: agent });
      expect([answer.statusCode, await answer.body.text()]).toEqual([200, 'hello']);
    }
    await agent.close();
    const session = connect(`https://localhost:${both.port}`, { ca: certificates.ca });
    const asked = ['/a', '/theirs', '/a/../b'].map(async path => {
      const stream = session.request({ ':path': path });
      let text = '';
      stream.on('data', chunk => {
        text += String(chunk);
      });
      const status = new Promise(resolve => stream.once('response', given => resolve(given[':status'])));
      await new Promise(resolve => stream.once('close', resolve));
      return [await status, text.slice(0, 6)];
    });
    expect(await Promise.all(asked)).toEqual([
      [200, 'hello'],
      [200, 'theirs'],
      [400, '{"titl'],
    ]);
    session.destroy();
    expect(upstream.requests.map(({ headers }) => headers['x-forwarded-proto'])).toEqual([
      'https',
      'https',
      'https',
    ]);
  });
});

const hasCurl = spawnSync('curl', ['--version']).stdout?.includes('HTTP2') === true;
if (!hasCurl) {
  if (process.env['CI'] === 'true') throw new Error('there is no curl that speaks HTTP/2');
  console.warn('skipped: there is no curl that speaks HTTP/2');
}

describe.skipIf(!hasCurl)('curl', () => {
  const curl = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)('curl', ['-sS', '--max-time', '60', ...args])).stdout;

  it.each([
    ['http', '--http1.1'],
    ['https', '--http1.1'],
    ['https', '--http2'],
  ])('gets and sends over %s with %s', async (scheme, version) => {
    const upstream = await begun.server((request, response) => {
      if (request.method === 'GET') response.setHeader('set-cookie', ['a=1', 'b=2']).end('got');
      else request.pipe(response);
    });
    const tls = scheme === 'https' ? { tls: certificates.server, http2: true } : {};
    const { port } = await begun.serve({ ...tls, routes: [{ path: '/*', upstream: upstream.url }] });
    const url = `${scheme}://localhost:${port}`;
    const args = [version, '--insecure', '--resolve', `localhost:${port}:127.0.0.1`];
    const got = await curl(...args, '-i', `${url}/a`);
    expect(got).toMatch(version === '--http2' ? /^HTTP\/2 200 / : /^HTTP\/1\.1 200 OK/);
    expect(got.match(/set-cookie: [ab]=\d/gi)).toHaveLength(2);
    expect(got).toMatch(/got$/);
    const body = 'x'.repeat(300_000);
    const sent = ['-X', 'POST', '-H', 'Expect: 100-continue', '--data-binary', `${body.slice(0, 100_000)}`];
    expect(await curl(...args, ...sent, `${url}/b`)).toBe(body.slice(0, 100_000));
    expect(await curl(...args, '-I', `${url}/a`)).toMatch(/ 200/);
    expect(
      await curl(...args, '-o', '/dev/null', '-w', '%{http_code}', '--path-as-is', `${url}/a/../b`),
    ).toBe('400');
  });
});

describe('EventSource', () => {
  it('gets events as they are sent, and takes up where it was when the upstream has broken off', async () => {
    let send = (_: string): void => {};
    const lastIds: unknown[] = [];
    const upstream = await begun.server((request, response) => {
      lastIds.push(request.headers['last-event-id']);
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write('retry: 10\n\n');
      send = text => (text === '' ? response.destroy() : response.write(text));
    });
    const { url } = await begun.serve({
      routes: [{ path: '/*', upstream: upstream.url, idleTimeoutMs: 100 }],
    });
    const heard: string[] = [];
    const source = new undici.EventSource(`${url}/events`);
    source.addEventListener('message', event => heard.push(String(event.data)));
    await eventually(() => lastIds.length === 1, 'the first connection');
    send('id: 7\ndata: one\n\n');
    await eventually(() => heard.length === 1, 'an event, at once');
    // Silence beyond the limit of other answers.
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(upstream.connections).toBe(1);
    send('data: two\ndata: lines\n\n');
    await eventually(() => heard.length === 2, 'another event');
    send('');
    await eventually(() => lastIds.length === 2, 'another connection');
    send('data: three\n\n');
    await eventually(() => heard.length === 3, 'an event more');
    source.close();
    expect(heard).toEqual(['one', 'two\nlines', 'three']);
    expect(lastIds).toEqual([undefined, '7']);
  });
});
