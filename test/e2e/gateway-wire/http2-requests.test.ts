import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { found, Http2Edge } from './http2-edge.js';
import { pseudo, RawHttp2, TYPE } from './raw-http2.js';
import { eventually } from './wire.js';

let edge: Http2Edge;
beforeAll(async () => {
  edge = await Http2Edge.start();
});
afterEach(() => edge.reset());
afterAll(() => edge[Symbol.asyncDispose]());

const statusOf = async (headers: Record<string, string | string[]>) =>
  (await edge.ask(headers)).headers[':status'];

describe('a request of HTTP/2', () => {
  it('reaches an upstream of HTTP/1.1 as one of its kind', async () => {
    const cookie = ['a=1', 'b=2'];
    const answer = await edge.ask({ ':path': '/x?y=1', ':authority': 'shop.test:1', cookie, 'x-a': '1' });
    expect(answer).toMatchObject({ body: 'ok', code: 0, headers: { ':status': 200 } });
    expect(edge.upstream.all).toMatch(/^GET \/x\?y=1 HTTP\/1\.1\r\n/);
    expect(edge.upstream.all).toContain('\r\ncookie: a=1; b=2\r\n');
    expect(edge.upstream.all).toContain('\r\nx-a: 1\r\n');
    expect(edge.upstream.all).toContain('\r\nVia: 2 edge\r\n');
    expect(edge.upstream.all).toContain('\r\nX-Forwarded-Host: shop.test:1\r\n');
    expect(edge.upstream.all).toContain('\r\nX-Forwarded-Proto: https\r\n');
    expect(edge.upstream.all).not.toMatch(/\r\n:|transfer-encoding|content-length/i);
  });

  it.each([
    ['a host that differs from the authority', { ':authority': 'h.test', host: 'evil.test' }, 400],
    ['the same host', { ':authority': 'h.test', host: 'h.test' }, 200],
    ['an authority with a user', { ':authority': 'u@h' }, 400],
    ['a path with dots', { ':path': '/a/../b' }, 400],
    ['a path that climbs out behind a decoder', { ':path': '/..%2fa' }, 400],
    ['another scheme', { ':scheme': 'ftp' }, 400],
    ['a loop', { via: '1.1 edge' }, 508],
    ['an unknown expectation', { expect: '200-ok' }, 417],
    ['TRACE', { ':method': 'TRACE' }, 405],
  ])('with %s: %o is answered with %i', async (_, headers, status) => {
    expect(await statusOf(headers as Record<string, string>)).toBe(status);
    if (status !== 200) expect(edge.upstream.all).toBe('');
  });

  it.each([
    ['a field of the connection', [...pseudo(), ['connection', 'x']]],
    ['Keep-Alive', [...pseudo(), ['keep-alive', 'timeout=5']]],
    ['Proxy-Connection', [...pseudo(), ['proxy-connection', 'x']]],
    ['Transfer-Encoding', [...pseudo(), ['transfer-encoding', 'chunked']]],
    ['Upgrade', [...pseudo(), ['upgrade', 'websocket']]],
    ['TE other than trailers', [...pseudo(), ['te', 'gzip']]],
    ['a name in upper case', [...pseudo(), ['X-A', '1']]],
    ['a line end in its path', pseudo('/a HTTP/1.1\r\nx-b: 1')],
    ['a space in its method', pseudo('/a', 'GET /b')],
    ['an unknown pseudo-header field', [[':odd', '1'], ...pseudo()]],
    ['a pseudo-header field behind others', [['x-a', '1'], ...pseudo()]],
    ['two paths', [...pseudo(), [':path', '/b']]],
    ['no path', pseudo().slice(0, 3)],
    ['an empty path', pseudo('')],
    ['a path that is a URL', pseudo('http://evil.test/a')],
    ['two lengths', [...pseudo(), ['content-length', '1'], ['content-length', '2']]],
    ['a length without a body', [...pseudo(), ['content-length', '5']]],
    ['two hosts', [...pseudo(), ['host', 'h.test'], ['host', 'evil.test']]],
  ] as [string, [string, string][]][])('that has %s never reaches an upstream', async (_, fields) => {
    const raw = new RawHttp2(edge.port, edge.certificates.ca);
    const stream = raw.ask(fields);
    await eventually(() => raw.ended || raw.isOver(stream), 'an answer');
    // A reset by the library, or a 400 of ours; never an answer of the edge.upstream.
    const is400 = raw.frames.some(({ payload }) => payload.includes('"status":400'));
    expect(is400 || raw.ended || raw.frames.some(({ type }) => type === TYPE.reset)).toBe(true);
    expect(edge.upstream.all).toBe('');
    raw.close();
  });

  it('loses a field with a line end in its value', async () => {
    const raw = new RawHttp2(edge.port, edge.certificates.ca);
    const stream = raw.ask([...pseudo(), ['x-a', 'a\r\nx-b: 1']]);
    await eventually(() => raw.ended || raw.isOver(stream), 'an answer');
    expect(edge.upstream.all).not.toMatch(/x-[ab]/);
    raw.close();
  });

  it('to CONNECT is refused', async () => {
    const answer = await found(edge.session.request({ ':method': 'CONNECT', ':authority': 'h:443' }));
    expect(answer.headers[':status']).toBe(405);
  });

  it('takes its body along, and its trailers', async () => {
    const stream = edge.session.request({ ':path': '/a', ':method': 'POST' }, { waitForTrailers: true });
    stream.once('wantTrailers', () => stream.sendTrailers({ 'x-sum': '1', host: 'evil' }));
    stream.end('ab');
    expect((await found(stream)).headers[':status']).toBe(200);
    expect(edge.upstream.all).toMatch(/\r\nTransfer-Encoding: chunked\r\n/);
    expect(edge.upstream.all).toMatch(/\r\n2\r\nab\r\n0\r\nx-sum: 1\r\n\r\n$/);
    edge.upstream.reset();
    await edge.ask({ ':method': 'POST', 'content-length': '2' }, 'ab');
    expect(edge.upstream.all).toMatch(/\r\nContent-Length: 2\r\n(.+\r\n)*\r\nab$/);
  });

  it('with a body that is too large is cut off: the upstream never gets a whole one', async () => {
    expect((await edge.ask({ ':method': 'POST' }, 'a'.repeat(1_001))).headers[':status']).toBe(413);
    expect(edge.upstream.all).not.toMatch(/\r\n0\r\n\r\n$/);
    expect(
      (await edge.ask({ ':method': 'POST', 'content-length': '1001' }, 'a'.repeat(1_001))).headers[':status'],
    ).toBe(413);
  });

  it('that is slow with its body gets 408', async () => {
    const stream = edge.session.request({ ':path': '/a', ':method': 'POST' });
    stream.write('a');
    expect((await found(stream)).headers[':status']).toBe(408);
    await eventually(() => edge.upstream.closed === 1, 'the end of the connection to the upstream');
    expect(edge.upstream.all).not.toMatch(/\r\n0\r\n\r\n$/);
  });

  it('is asked for its body when it waits', async () => {
    const stream = edge.session.request({ ':path': '/a', ':method': 'POST', expect: '100-continue' });
    stream.once('continue', () => stream.end('ab'));
    expect((await found(stream)).headers[':status']).toBe(200);
    expect(edge.upstream.all).toContain('ab');
  });

  it('with too many fields, or too large ones, is refused, and with far too many reset', async () => {
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`x-${at}`, '1']));
    expect(await statusOf(many(101))).toBe(431);
    expect(await statusOf({ 'x-a': 'a'.repeat(17_000) })).toBe(431);
    const own = edge.dial();
    expect((await edge.ask(many(1_000), undefined, own)).headers[':status']).toBeUndefined();
    own.destroy();
    expect(edge.upstream.all).toBe('');
  });
});
