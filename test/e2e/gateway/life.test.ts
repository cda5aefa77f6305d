import { createHash, randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { apiKeys, type GatewayEvents } from '../../../src/gateway.js';
import { ask, eventually, gatewayTo, polite, RawClient, RawUpstream } from '../gateway-wire/wire.js';
import { Begun } from './begun.js';

const begun = new Begun();
afterEach(() => begun.end());

describe('a gateway that lives', () => {
  it('is given new routes a hundred times, and no request fails', async () => {
    const [one, two] = [await begun.hello(), await begun.hello()];
    const routes = (to: string) => [{ path: '/*', upstream: to }];
    const { gateway, url } = await begun.serve({ routes: routes(one.url) });
    let running = true;
    let asked = 0;
    const failures: unknown[] = [];
    const client = async (): Promise<void> => {
      while (running) {
        const found = await fetch(url).then(
          async answer => `${answer.status} ${await answer.text()}`,
          String,
        );
        asked++;
        if (found !== '200 hello') failures.push(found);
      }
    };
    const clients = Array.from({ length: 8 }, client);
    for (let at = 0; at < 100; at++) {
      gateway.replace(routes(at % 2 === 0 ? two.url : one.url));
      const enough = asked + 4;
      await eventually(() => asked >= enough, 'answers');
    }
    running = false;
    await Promise.all(clients);
    expect(failures).toEqual([]);
    expect(two.requests.length).toBeGreaterThan(50);
    expect(() => gateway.replace([{ path: 'x', reply: {} }])).toThrow('`path` must be');
    expect((await fetch(url)).status).toBe(200);
  });

  it('closes: what is under way ends, and nothing new comes', async () => {
    let finish = (): void => {};
    const upstream = await begun.server((_, response) => {
      response.write('a');
      finish = () => response.end('b');
    });
    const health = { ready: '/readyz' };
    const { gateway, url, port } = await begun.serve({
      health,
      routes: [{ path: '/*', upstream: upstream.url }],
    });
    const found = await fetch(url);
    const closing = gateway.close({ graceMs: 30_000 });
    expect(gateway.snapshot()).toMatchObject({ closing: true, inFlight: 1 });
    await expect(ask(port, 'GET / HTTP/1.1\r\nHost: h\r\n\r\n')).resolves.toMatchObject({ status: 0 });
    finish();
    expect(await found.text()).toBe('ab');
    await closing;
    expect(gateway.snapshot().inFlight).toBe(0);
  });

  it('closes: what does not end in time is cut off', async () => {
    const upstream = await begun.server((_, response) => void response.write('a'));
    const { gateway, url } = await begun.serve({ routes: [{ path: '/*', upstream: upstream.url }] });
    const found = await fetch(url);
    await gateway.close({ graceMs: 50 });
    await expect(found.text()).rejects.toThrow();
  });

  it('tells of each request once (GW1)', async () => {
    const upstream = await begun.hello();
    const { gateway, url } = await begun.serve({
      routes: [{ path: '/a/:id', name: 'a', upstream: upstream.url, answerHeaders: {} }],
    });
    const log: GatewayEvents['completed'][] = [];
    gateway.on('completed', event => log.push(event));
    await (await fetch(`${url}/a/%41?b=c`)).text();
    await fetch(`${url}/none`);
    await eventually(() => log.length === 2, 'two lines');
    expect(log[0]).toMatchObject({ method: 'GET', path: '/a/A', route: 'a', status: 200, ip: '127.0.0.1' });
    expect(log[0]).toMatchObject({ outcome: 'answered', upstream: upstream.url.slice(7) });
    expect(log[1]).toMatchObject({ status: 404, route: '', upstream: undefined });
  });

  it('tells of an upstream that fails', async () => {
    const { gateway, url } = await begun.serve({
      routes: [{ path: '/', name: 'r', upstream: 'http://127.0.0.1:1' }],
    });
    const failures: GatewayEvents['upstreamFailed'][] = [];
    gateway.on('upstreamFailed', event => failures.push(event));
    await fetch(url);
    expect(failures).toMatchObject([
      { route: 'r', upstream: '127.0.0.1:1', error: { code: 'ERR_UPSTREAM' } },
    ]);
  });
});

describe('WebSocket', () => {
  const nonce = randomBytes(16).toString('base64');
  const accept = createHash('sha1').update(`${nonce}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const shake = (path: string, more = '', upgrade = 'websocket') =>
    `GET ${path} HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${nonce}\r\n${more}\r\n`;
  const setUp = async () => {
    const upstream = begun.keep(await RawUpstream.start());
    const { gateway, port } = await gatewayTo(upstream, {
      routes: [
        { path: '/ws', upstream: upstream.origin, upgrade: true },
        { path: '/plain', upstream: upstream.origin },
        { path: '/key', upstream: upstream.origin, upgrade: true, auth: apiKeys({ keys: [] }) },
      ],
    });
    begun.keep(gateway);
    const switching = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
    upstream.script = (heard, socket) => {
      if (heard.startsWith('GET')) socket.write(`${switching}Sec-WebSocket-Accept: ${accept}\r\n\r\nhi`);
      else socket.write(`<${heard}>`);
    };
    return { upstream, gateway, port };
  };

  it('goes through, both ways, and ends together', async () => {
    const { upstream, gateway, port } = await setUp();
    const client = new RawClient(port).send(shake('/ws'));
    const text = await client.until(found => found.endsWith('hi'));
    expect(text).toMatch(/^HTTP\/1\.1 101 /);
    expect(text).toContain(`Sec-WebSocket-Accept: ${accept}\r\n`);
    expect(upstream.all).toMatch(/\r\nUpgrade: websocket\r\n/);
    expect(upstream.all).toMatch(/\r\nVia: 1\.1 /);
    client.send('abc');
    expect(await client.until(found => found.endsWith('<abc>'))).toContain('<abc>');
    expect(gateway.snapshot().tunnels).toBe(1);
    client.close();
    await eventually(() => upstream.closed === 1 && gateway.snapshot().tunnels === 0, 'the end');
    expect(gateway.snapshot().inFlight).toBe(0);
  });

  it('passes the checks of any request', async () => {
    const { upstream, port } = await setUp();
    expect((await ask(port, shake('/key'))).status).toBe(401);
    expect((await ask(port, shake('/plain'))).status).toBe(400);
    expect((await ask(port, shake('/ws/../ws'))).status).toBe(400);
    expect((await ask(port, shake('/none'))).status).toBe(404);
    expect((await ask(port, shake('/ws', 'Host: h\r\n'))).status).toBe(400);
    expect((await ask(port, shake('/ws', 'Content-Length: 5\r\n'))).status).toBe(400);
    expect(upstream.all).toBe('');
  });

  it('is the only other protocol: any other one is not asked for upstream', async () => {
    const { upstream, port } = await setUp();
    upstream.script = (_, socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    expect((await ask(port, shake('/ws', '', 'h2c'))).status).toBe(200);
    expect(upstream.all).not.toMatch(/h2c/);
  });

  it.each([
    ['WebSocket', shake('/ws')],
    ['WebSocket with a body', shake('/ws', 'Content-Length: 5\r\n')],
    ['CONNECT', 'CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n'],
  ])(
    'behind a request that is not answered yet ends the connection, and no other one: %s',
    async (_, next) => {
      const { upstream, gateway, port } = await setUp();
      upstream.script = () => {};
      const client = new RawClient(port).send(`GET /plain HTTP/1.1\r\nHost: h\r\n\r\n${next}`);
      expect(await client.end()).toBe('');
      upstream.script = polite;
      expect((await ask(port, 'GET /plain HTTP/1.1\r\nHost: h\r\n\r\n')).status).toBe(200);
      await eventually(() => gateway.snapshot().inFlight === 0, 'the end of all');
    },
  );

  it('is not asked for by HTTP/1.0, which knows of no other protocol', async () => {
    const { upstream, port } = await setUp();
    upstream.script = polite;
    expect((await ask(port, shake('/ws').replace('HTTP/1.1', 'HTTP/1.0'))).status).toBe(200);
    expect(upstream.all).not.toMatch(/upgrade/i);
  });

  it('may be refused by the upstream, which then answers as ever', async () => {
    const { upstream, port } = await setUp();
    upstream.script = (_, socket) => socket.write('HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno');
    const { status, text } = await ask(port, shake('/ws'));
    expect([status, text.endsWith('no')]).toEqual([403, true]);
  });

  it('ends with the gateway', async () => {
    const { gateway, port } = await setUp();
    const client = new RawClient(port).send(shake('/ws'));
    await client.until(found => found.endsWith('hi'));
    await gateway.close({ graceMs: 0 });
    await client.end();
    expect(client.ended).toBe(true);
  });
});
