import { request as httpRequest } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { ApiGateway, type GatewayEvents, type RouteMirror } from '../../../src/gateway.js';
import { ServiceProxy } from '../../../src/index.js';
import { eventually, RawClient } from '../gateway-wire/wire.js';
import { Begun } from './begun.js';

const begun = new Begun();
afterEach(() => begun.end());

type Told = GatewayEvents['mirrored'];
type Dropped = GatewayEvents['mirrorDropped'];

/** An upstream, one for copies, and a gateway before both that writes down what becomes of copies. */
async function setUp(mirror: Partial<RouteMirror> = {}, options: object = {}, route: object = {}) {
  const real = await begun.hello();
  const copy = await begun.server((_, response) => response.writeHead(202).end('nobody gets this'));
  const { gateway, url, port } = await begun.serve({
    routes: [
      { path: '/*', name: 'r', upstream: real.url, mirror: { upstream: copy.url, ...mirror }, ...route },
    ],
    ...options,
  });
  const told: Told[] = [];
  const dropped: Dropped[] = [];
  gateway.on('mirrored', event => told.push(event));
  gateway.on('mirrorDropped', event => dropped.push(event));
  return { real, copy, gateway, url, port, told, dropped };
}

const post = (url: string, body: string) => fetch(url, { method: 'POST', body });

/** A POST in chunks, of which the first comes by itself. */
async function postChunks(url: string, chunks: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method: 'POST', agent: false }, response => {
      response.resume().once('end', () => resolve(response.statusCode!));
    });
    sent.once('error', reject);
    for (const chunk of chunks) sent.write(chunk);
    sent.end();
  });
}

describe('a mirror', () => {
  it('gets a marked copy, and its answer goes nowhere', async () => {
    const { real, copy, gateway, url, told } = await setUp();
    const found = await fetch(`${url}/a?b=c`, {
      headers: { 'x-mirrored': 'me', x_mirrored: 'me', 'x-a': '1' },
    });
    expect([found.status, await found.text()]).toEqual([200, 'hello']);
    await eventually(() => told.length === 1, 'the copy');
    expect(copy.requests[0]).toMatchObject({ method: 'GET', url: '/a?b=c' });
    expect(copy.requests[0]!.headers).toMatchObject({
      'x-mirrored': '1',
      'x-a': '1',
      host: copy.url.slice(7),
    });
    expect(real.requests[0]!.headers).not.toHaveProperty('x-mirrored');
    expect(real.requests[0]!.headers).not.toHaveProperty('x_mirrored');
    expect(told[0]).toMatchObject({ route: 'r', status: 202, upstream: copy.url.slice(7), error: undefined });
    expect(gateway.snapshot().mirrors).toEqual({ inFlight: 0, answered: 1, failed: 0, dropped: 0 });
  });

  it('gets no method by which something is done, unless it is named', async () => {
    const { real, copy, gateway, url } = await setUp();
    await post(url, 'x');
    await fetch(url, { method: 'DELETE' });
    await fetch(url);
    await eventually(() => gateway.snapshot().mirrors.answered === 1, 'the copy');
    expect(real.requests).toHaveLength(3);
    expect(copy.requests.map(({ method }) => method)).toEqual(['GET']);
  });

  it.each([
    ['with a length', post],
    ['in chunks', (url: string, body: string) => postChunks(url, [body.slice(0, 5), body.slice(5)])],
  ])('gets the body %s, byte for byte, as the upstream does', async (_, send) => {
    const { real, copy, gateway, url } = await setUp({ methods: ['POST'] });
    const body = 'ünïcode '.repeat(2_000);
    await send(url, body);
    await eventually(() => gateway.snapshot().mirrors.answered === 1 && copy.bodies.length === 1, 'the copy');
    expect([real.bodies, copy.bodies]).toEqual([[body], [body]]);
  });

  it('gets what a function of this process read as well', async () => {
    const { copy, url, gateway } = await setUp(
      { methods: ['POST'] },
      {},
      {
        upstream: async (_: unknown, __: unknown, body: { text(): Promise<string> }) => ({
          body: await body.text(),
        }),
      },
    );
    expect(await (await post(url, 'abc')).text()).toBe('abc');
    await eventually(() => gateway.snapshot().mirrors.answered === 1 && copy.bodies.length === 1, 'the copy');
    expect(copy.bodies).toEqual(['abc']);
  });

  it('gets a share of them', async () => {
    let chance = 0.2;
    const { gateway, url } = await setUp({ ratio: 0.2 }, { random: () => chance });
    await fetch(url);
    expect(gateway.snapshot().mirrors).toMatchObject({ inFlight: 0, answered: 0 });
    chance = 0.19;
    await fetch(url);
    await eventually(() => gateway.snapshot().mirrors.answered === 1, 'the copy');
  });

  it('that hangs delays nobody, and gets no more than may be under way', async () => {
    const hanging = await begun.server(() => {});
    const { gateway, url, dropped, told } = await setUp({
      upstream: hanging.url,
      maxInFlight: 2,
      timeoutMs: 60_000,
    });
    for (let at = 0; at < 3; at++) expect(await (await fetch(url)).text()).toBe('hello');
    await eventually(() => hanging.requests.length === 2 && dropped.length === 1, 'two copies');
    expect(dropped[0]).toMatchObject({ route: 'r', reason: 'inFlight' });
    expect(gateway.snapshot().mirrors).toEqual({ inFlight: 2, answered: 0, failed: 0, dropped: 1 });
    await gateway.close();
    await eventually(() => told.length === 2, 'the end of both');
    expect(told[0]).toMatchObject({ status: 0, error: { code: 'ERR_ABANDONED' } });
  });

  it('that does not answer in time, or is not there, is given up', async () => {
    const hanging = await begun.server(() => {});
    const slow = await setUp({ upstream: hanging.url, timeoutMs: 20 });
    expect((await fetch(slow.url)).status).toBe(200);
    await eventually(() => slow.told.length === 1, 'the end');
    expect(slow.told[0]).toMatchObject({ status: 0, error: { code: 'ERR_TIMEOUT' } });
    const gone = await setUp({ upstream: 'http://127.0.0.1:1' });
    expect((await fetch(gone.url)).status).toBe(200);
    await eventually(() => gone.gateway.snapshot().mirrors.failed === 1, 'the end');
  });

  it('gets no body that is too large, which the upstream gets all the same', async () => {
    const { real, copy, url, dropped } = await setUp({ methods: ['POST'], maxBodyBytes: 10 });
    await post(url, 'x'.repeat(11));
    expect(await postChunks(url, ['x'.repeat(6), 'y'.repeat(6)])).toBe(200);
    await eventually(() => dropped.length === 2 && real.bodies.length === 2, 'both');
    expect(dropped.map(({ reason }) => reason)).toEqual(['body', 'body']);
    expect(real.bodies.map(({ length }) => length)).toEqual([11, 12]);
    expect(copy.requests).toHaveLength(0);
  });

  it('gets nothing of a client that leaves amid its body', async () => {
    const upstream = (await begun.server(() => {})).url;
    const { copy, port, dropped, gateway } = await setUp({ methods: ['POST'] }, {}, { upstream });
    const client = new RawClient(port).send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc');
    await eventually(() => gateway.snapshot().mirrors.inFlight === 1, 'the copy');
    client.close();
    await eventually(() => dropped.length === 1, 'the drop');
    expect(dropped[0]!.reason).toBe('gone');
    expect(gateway.snapshot().mirrors).toMatchObject({ inFlight: 0, dropped: 1 });
    expect(copy.requests).toHaveLength(0);
  });

  it('may be a service, and what a trusted peer marked stays marked', async () => {
    const copy = await begun.hello();
    const stock = new ServiceProxy({ service: 'stock', instances: [{ id: 'a', url: copy.url }] });
    const { real, url, gateway } = await setUp(
      { upstream: { service: stock } },
      { trustedPeers: ['127.0.0.1'] },
    );
    await fetch(url, { headers: { 'x-mirrored': '1' } });
    await eventually(() => gateway.snapshot().mirrors.answered === 1, 'the copy');
    expect(copy.requests).toHaveLength(1);
    expect(real.requests[0]!.headers['x-mirrored']).toBe('1');
  });

  it.each([
    [{ upstream: () => ({}) }, '`upstream` must be an origin or a service'],
    [{ upstream: 'http://a', ratio: 2 }, '`ratio` must be a number >= 0 <= 1'],
    [{ upstream: 'http://a', maxInFlight: 0 }, '`maxInFlight` must be'],
    [{ upstream: 'http://a', methods: ['get'] }, '`methods` must be'],
    [{ upstream: 'http://a', sample: 1 }, 'unknown option `sample`'],
  ])('refuses %j', (mirror, message) => {
    const routes = [{ path: '/', upstream: 'http://a', mirror: mirror as never }];
    expect(() => new ApiGateway({ routes })).toThrow(message);
  });
});
