import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiGateway, type ApiGatewayOptions, apiKeys, hashApiKey } from '../../../src/gateway.js';
import { eventually } from '../gateway-wire/wire.js';
import { Begun } from './begun.js';

const begun = new Begun();
afterEach(() => begun.end());

const gatewayOf = (options: ApiGatewayOptions): ApiGateway => begun.keep(new ApiGateway(options));
const to = (upstream: { url: string }, more = {}): ApiGateway =>
  gatewayOf({ routes: [{ path: '/*', upstream: upstream.url, ...more }] });
const at = 'http://gateway.example';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const post = (body: BodyInit | ReadableStream, headers: Record<string, string> = {}): Request =>
  new Request(`${at}/a`, { method: 'POST', body, headers, duplex: 'half' } as RequestInit);

describe('a request of fetch', () => {
  it('goes through all that one of a socket goes through', async () => {
    const upstream = await begun.hello();
    const key = 'k'.repeat(40);
    const auth = apiKeys({ keys: [{ hash: await hashApiKey(key), identity: { subject: 'ada' } }] });
    const gateway = to(upstream, { auth, limits: [{ name: 'ip', limit: 2, perMs: 60_000 }] });
    const ask = async (path: string, headers: Record<string, string> = {}, address = '192.0.2.7') =>
      (await gateway.fetch(new Request(at + path, { headers }), { address })).status;
    expect(await ask('/a/..%2fb')).toBe(400);
    expect(await ask('/a', {}, '192.0.2.8')).toBe(401);
    const odd = { 'x-api-key': key, connection: 'x-secret', 'x-secret': '1', 'x-forwarded-for': '1.1.1.1' };
    expect(await ask('/a?b=1', { ...odd, 'x-auth-subject': 'root' })).toBe(200);
    const { headers, url } = upstream.requests[0]!;
    expect([url, headers['x-forwarded-for'], headers['x-auth-subject']]).toEqual([
      '/a?b=1',
      '192.0.2.7',
      'ada',
    ]);
    expect(headers['x-forwarded-host']).toBe('gateway.example');
    expect(headers).not.toHaveProperty('x-secret');
    expect(await ask('/a', { 'x-api-key': key })).toBe(200);
    expect(await ask('/a', { 'x-api-key': key })).toBe(429);
    const unknown = await gateway.fetch(new Request(`${at}/a`, { headers: { 'x-api-key': key } }));
    expect(unknown.status).toBe(403);
    expect(upstream.requests).toHaveLength(2);
  });

  it('streams both ways at a time', async () => {
    const upstream = await begun.server((request, response) => request.pipe(response));
    let send!: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start: controller => {
        send = controller;
      },
    });
    send.enqueue(bytes('one'));
    const found = await to(upstream).fetch(post(body));
    const reader = found.body!.getReader();
    const next = async () => new TextDecoder().decode((await reader.read()).value);
    expect(await next()).toBe('one');
    send.enqueue(bytes('two'));
    expect(await next()).toBe('two');
    send.close();
    expect((await reader.read()).done).toBe(true);
    expect(upstream.requests[0]!.headers['transfer-encoding']).toBe('chunked');
  });

  it('hands on what it says of its length, and only as much', async () => {
    const upstream = await begun.server((request, response) => {
      request.on('end', () => response.end('all'));
    });
    const gateway = to(upstream);
    const found = await gateway.fetch(post('abc', { 'content-length': '3' }));
    expect([await found.text(), upstream.bodies]).toEqual(['all', ['abc']]);
    expect(upstream.requests[0]!.headers['content-length']).toBe('3');
    const longer = gateway.fetch(post('abc', { 'content-length': '2' }));
    await expect(longer).rejects.toThrow('longer than it says');
    const shorter = gateway.fetch(post('abc', { 'content-length': '4' }));
    await expect(shorter).rejects.toThrow('shorter than it says');
    expect((await gateway.fetch(post('abc', { 'content-length': '3, 4' }))).status).toBe(400);
    expect(upstream.bodies).toEqual(['abc']);
  });

  it('has a body that is too large, by its length or in the end', async () => {
    const upstream = await begun.server(() => {});
    const gateway = to(upstream, { maxBodyBytes: 10 });
    expect((await gateway.fetch(post('a'.repeat(11), { 'content-length': '11' }))).status).toBe(413);
    expect((await gateway.fetch(post('a'.repeat(11)))).status).toBe(413);
    expect(upstream.bodies).toEqual([]);
  });

  it('has an answer without a body where there is none', async () => {
    const upstream = await begun.server((request, response) => {
      response.writeHead(Number(request.url!.slice(1)) || 200, { 'content-length': 5 });
      response.end(request.method === 'HEAD' ? undefined : 'hello');
    });
    const gateway = to(upstream);
    const head = await gateway.fetch(new Request(`${at}/200`, { method: 'HEAD' }));
    expect([head.body, head.headers.get('content-length')]).toEqual([null, '5']);
    const same = await gateway.fetch(new Request(`${at}/304`));
    expect([same.status, same.body]).toEqual([304, null]);
  });

  it('was read before: it is refused', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const request = post('abc');
    await request.text();
    const found = await to(await begun.hello()).fetch(request);
    expect([found.status, await found.text()]).toEqual([
      500,
      expect.stringContaining('the body was read before'),
    ]);
    expect(error).toHaveBeenCalledOnce();
    error.mockRestore();
  });
});

describe('an answer to a request of fetch', () => {
  /** An upstream that begins an answer, and tells when its connection is gone. */
  async function slow() {
    const seen = { gone: 0, written: 0 };
    const upstream = await begun.server((request: IncomingMessage, response) => {
      response.once('close', () => {
        seen.gone++;
      });
      if (request.url === '/never') return;
      response.write('begun');
      if (request.url === '/cut') setImmediate(() => request.socket.destroy());
      if (request.url !== '/much') return;
      const more = (): void => {
        do seen.written += 65_536;
        while (response.write(Buffer.alloc(65_536)));
        response.once('drain', more);
      };
      more();
    });
    return { upstream, seen };
  }

  it('that nobody waits for any more is given up: the upstream is aborted', async () => {
    const { upstream, seen } = await slow();
    const gateway = to(upstream);
    const outcomes: string[] = [];
    gateway.on('completed', ({ outcome, status }) => outcomes.push(`${outcome} ${status}`));
    const reason = new Error('no more');
    const control = new AbortController();
    const never = gateway.fetch(new Request(`${at}/never`, { signal: control.signal }));
    await eventually(() => upstream.requests.length === 1, 'the request');
    control.abort(reason);
    await expect(never).rejects.toBe(reason);
    await eventually(() => seen.gone === 1, 'the end of the first');

    const later = new AbortController();
    const begunAnswer = await gateway.fetch(new Request(`${at}/begun`, { signal: later.signal }));
    later.abort(reason);
    await expect(begunAnswer.text()).rejects.toBe(reason);
    await eventually(() => seen.gone === 2, 'the end of the second');

    const left = await gateway.fetch(new Request(`${at}/left`));
    await left.body!.cancel();
    await eventually(() => seen.gone === 3, 'the end of the third');
    expect(outcomes).toEqual(['gone 499', 'gone 200', 'gone 200']);
    expect(gateway.snapshot().inFlight).toBe(0);
    const aborted = AbortSignal.abort(reason);
    await expect(gateway.fetch(new Request(at, { signal: aborted }))).rejects.toBe(reason);
  });

  it('that is small is over, whether anybody reads it or not', async () => {
    const gateway = to(await begun.hello());
    for (let count = 0; count < 5; count++) await gateway.fetch(new Request(at));
    await eventually(() => gateway.snapshot().inFlight === 0, 'the end of all');
  });

  it('that breaks off is never taken for a whole one', async () => {
    const { upstream } = await slow();
    const found = await to(upstream).fetch(new Request(`${at}/cut`));
    await expect(found.text()).rejects.toThrow();
  });

  it('that nobody reads stays with the upstream', async () => {
    const { upstream, seen } = await slow();
    const found = await to(upstream).fetch(new Request(`${at}/much`));
    const reader = found.body!.getReader();
    await reader.read();
    let before = -1;
    let stood = 0;
    await eventually(() => {
      stood = before === seen.written ? stood + 1 : 0;
      before = seen.written;
      return stood >= 5 && seen.written > 0;
    }, 'the upstream to wait');
    expect(seen.written).toBeLessThan(32 * 2 ** 20);
    await reader.cancel();
    await eventually(() => seen.gone === 1, 'the end');
  });

  it('that nobody reads for too long is cut off, and never taken for a whole one', async () => {
    const { upstream, seen } = await slow();
    const gateway = gatewayOf({
      limits: { sendTimeoutMs: 200 },
      routes: [{ path: '/*', upstream: upstream.url }],
    });
    const found = await gateway.fetch(new Request(`${at}/much`));
    const reader = found.body!.getReader();
    // Whoever takes his time is not late: each part is taken well within it.
    for (let count = 0; count < 8; count++) {
      await new Promise(resolve => setTimeout(resolve, 50));
      expect((await reader.read()).done).toBe(false);
    }
    await eventually(() => seen.gone === 1, 'the end at the upstream');
    expect(gateway.snapshot().inFlight).toBe(0);
    await expect(
      (async () => {
        for (let done = false; !done; ) ({ done } = await reader.read());
      })(),
    ).rejects.toThrow();
  });

  it('ends when the gateway closes, and there is no other one', async () => {
    const { upstream } = await slow();
    const gateway = to(upstream);
    const found = await gateway.fetch(new Request(`${at}/begun`));
    const closing = gateway.close({ graceMs: 0 });
    await expect(found.text()).rejects.toThrow();
    await closing;
    expect((await gateway.fetch(new Request(at))).status).toBe(503);
  });
});
