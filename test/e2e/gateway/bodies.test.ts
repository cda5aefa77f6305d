import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiGateway, type GatewayRoute } from '../../../src/gateway.js';
import type { StandardResult, StandardSchema } from '../../../src/kernel/standard-schema.js';
import { ask, eventually, RawClient } from '../gateway-wire/wire.js';
import { Begun } from './begun.js';

const begun = new Begun();
afterEach(() => begun.end());

/** Takes `{ sku: string }`, as a library would say it. */
const order: StandardSchema<{ sku: string }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value): StandardResult<{ sku: string }> => {
      const { sku } = (value ?? {}) as { sku?: unknown };
      if (typeof sku === 'string') return { value: { sku } };
      return { issues: [{ message: 'expected a text', path: ['items', { key: 0 }, 'sku'] }] };
    },
  },
};

async function setUp(more: Partial<GatewayRoute> = {}, schema: StandardSchema = order) {
  const upstream = await begun.server((request, response) => request.on('end', () => response.end('ok')));
  const { gateway, url, port } = await begun.serve({
    routes: [{ path: '/*', upstream: upstream.url, body: { schema, maxBytes: 1_000 }, ...more }],
  });
  const post = async (body: string | Uint8Array | undefined, headers: Record<string, string> = {}) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } };
    const found = await fetch(url, body === undefined ? init : { ...init, body: body as string });
    const text = await found.text();
    return {
      status: found.status,
      text,
      json: text.startsWith('{') ? (JSON.parse(text) as unknown) : undefined,
    };
  };
  return { upstream, gateway, url, port, post };
}

describe('a body that has to be something', () => {
  it('goes on byte for byte when it is', async () => {
    const { upstream, post, port } = await setUp();
    const body = ' {"sku" : "t\\u00e9a", "n":1.50e0}\n';
    expect((await post(body)).status).toBe(200);
    expect((await post(body, { 'content-type': 'application/vnd.a+json; charset=utf-8' })).status).toBe(200);
    const chunks = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    const head =
      'POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
    expect((await ask(port, head + chunks)).status).toBe(200);
    expect(upstream.bodies).toEqual([body, body, body]);
    expect(upstream.requests.map(({ headers }) => headers['content-length'])).toEqual([
      '34',
      '34',
      undefined,
    ]);
  });

  it('is refused with all that is wrong, and the upstream hears nothing', async () => {
    const { upstream, post, url } = await setUp();
    const found = await post('{"sku":7}');
    expect(found.json).toMatchObject({
      ...{ status: 422, title: 'Unprocessable Content' },
      errors: [{ path: 'items[0].sku', message: 'expected a text' }],
    });
    expect((await post('{"sku":')).status).toBe(400);
    expect((await post('\ufeff{"sku":"a"}')).status).toBe(400);
    expect((await post(Uint8Array.of(0x22, 0xff, 0x22))).status).toBe(400);
    expect((await post('['.repeat(200) + ']'.repeat(200))).status).toBe(400);
    expect((await post(undefined)).status).toBe(400);
    expect((await post('{"sku":"a"}', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await post('{"sku":"a"}', { 'content-encoding': 'gzip' })).status).toBe(415);
    expect(upstream.requests).toHaveLength(0);
    expect((await fetch(url)).status).toBe(200);
  });

  it('is not read beyond its bound, with a length or without', async () => {
    const { upstream, post, port } = await setUp();
    expect((await post(JSON.stringify({ sku: 'x'.repeat(1_000) }))).status).toBe(413);
    const head =
      'POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
    const client = new RawClient(port).send(`${head}600\r\n${' '.repeat(0x600)}\r\n`);
    expect(await client.until(text => text.includes('\r\n\r\n'))).toMatch(/^HTTP\/1\.1 413 /);
    await client.end();
    expect(upstream.requests).toHaveLength(0);
  });

  it('that never comes to its end costs its request alone', async () => {
    const { upstream, port, gateway } = await setUp();
    const head =
      'POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{"sku"';
    const client = new RawClient(port).send(head);
    await eventually(() => gateway.snapshot().inFlight === 1, 'the request');
    client.close();
    await eventually(() => gateway.snapshot().inFlight === 0, 'its end');
    expect(upstream.requests).toHaveLength(0);
  });

  it('is asked for by one who waits to send it', async () => {
    const { port, upstream } = await setUp();
    const head = (length: number) =>
      'POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n' +
      `Content-Length: ${length}\r\n\r\n`;
    expect((await ask(port, head(2_000))).status).toBe(413);
    const client = new RawClient(port).send(head(11));
    await client.until(text => text.startsWith('HTTP/1.1 100'));
    client.send('{"sku":"a"}');
    expect(await client.until(text => text.includes('ok'))).toContain('HTTP/1.1 200');
    client.close();
    expect(upstream.bodies).toEqual(['{"sku":"a"}']);
  });

  it('is there for a function and for a mirror as well', async () => {
    const copy = await begun.server((request, response) => request.on('end', () => response.end()));
    const { post, gateway } = await setUp({
      upstream: async (_, __, body) => ({ json: await body.json() }),
      mirror: { upstream: copy.url, methods: ['POST'] },
    });
    expect((await post('{"sku":"a"}')).text).toBe('{"sku":"a"}');
    await eventually(() => gateway.snapshot().mirrors.answered === 1, 'the copy');
    expect(copy.bodies).toEqual(['{"sku":"a"}']);
  });

  it('is answered with 500 where the schema itself fails', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const validate = () => Promise.reject(new Error('x'));
    const { post, upstream } = await setUp({}, { '~standard': { version: 1, vendor: 'test', validate } });
    expect((await post('{}')).status).toBe(500);
    expect(upstream.requests).toHaveLength(0);
    error.mockRestore();
  });

  it.each([
    [{ schema: {} }, '`schema` must be a schema'],
    [{ schema: order, maxBytes: 0 }, '`maxBytes` must be'],
    [{ schema: order, max: 1 }, 'unknown option `max`'],
  ])('refuses the option %j', (body, message) => {
    expect(() => new ApiGateway({ routes: [{ path: '/', reply: {}, body: body as never }] })).toThrow(
      message,
    );
  });
});
