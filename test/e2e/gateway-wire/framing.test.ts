import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ApiGateway } from '../../../src/gateway.js';
import { ask, gatewayTo, RawUpstream } from './wire.js';

let upstream: RawUpstream;
let gateway: ApiGateway;
let port: number;

beforeAll(async () => {
  upstream = await RawUpstream.start();
  ({ gateway, port } = await gatewayTo(upstream));
});
afterEach(() => upstream.reset());
afterAll(async () => {
  await gateway.close({ graceMs: 0 });
  await upstream[Symbol.asyncDispose]();
});

const post = (fields: string, body: string, version = '1.1') =>
  `POST /a HTTP/${version}\r\nHost: h\r\n${fields}\r\n${body}`;

/** What is refused, and of which the upstream hears nothing at all. */
const refused: [what: string, bytes: string, status: number][] = [
  ['CL.TE', post('Content-Length: 6\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\nG'), 400],
  ['TE.CL', post('Transfer-Encoding: chunked\r\nContent-Length: 3\r\n', '8\r\nSMUGGLED\r\n0\r\n\r\n'), 400],
  [
    'TE.TE: an unknown one after',
    post('Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n', '0\r\n\r\n'),
    400,
  ],
  [
    'TE.TE: an unknown one before',
    post('Transfer-Encoding: cow\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    501,
  ],
  ['TE: cow, chunked', post('Transfer-Encoding: cow, chunked\r\n', '0\r\n\r\n'), 501],
  ['TE: gzip, chunked', post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n'), 501],
  ['TE: chunked, chunked', post('Transfer-Encoding: chunked, chunked\r\n', '0\r\n\r\n'), 400],
  ['TE: chunked, identity', post('Transfer-Encoding: chunked, identity\r\n', '0\r\n\r\n'), 400],
  ['TE: identity', post('Transfer-Encoding: identity\r\n', ''), 501],
  ['TE: xchunked', post('Transfer-Encoding: xchunked\r\n', ''), 501],
  ['TE: chunkedx', post('Transfer-Encoding: chunkedx\r\n', ''), 501],
  ['TE with a vertical tab', post('Transfer-Encoding: \x0bchunked\r\n', '0\r\n\r\n'), 400],
  ['TE in quotes', post('Transfer-Encoding: "chunked"\r\n', '0\r\n\r\n'), 501],
  ['TE with a parameter', post('Transfer-Encoding: chunked;q=1\r\n', '0\r\n\r\n'), 501],
  ['an empty TE', post('Transfer-Encoding: \r\n', ''), 400],
  ['TE in HTTP/1.0', post('Transfer-Encoding: chunked\r\n', '0\r\n\r\n', '1.0'), 400],
  ['TE before a colon with a space', post('Transfer-Encoding : chunked\r\n', '0\r\n\r\n'), 400],
  ['TE folded', post('Transfer-Encoding:\r\n chunked\r\n', '0\r\n\r\n'), 400],
  ['TE with a bare CR', post('X: a\rTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), 400],
  ['two different CL', post('Content-Length: 3\r\nContent-Length: 4\r\n', 'abcd'), 400],
  ['two equal CL', post('Content-Length: 3\r\nContent-Length: 3\r\n', 'abc'), 400],
  ['CL as a list', post('Content-Length: 3, 3\r\n', 'abc'), 400],
  ['CL with a plus', post('Content-Length: +3\r\n', 'abc'), 400],
  ['CL with a minus', post('Content-Length: -3\r\n', 'abc'), 400],
  ['CL in hex', post('Content-Length: 0x3\r\n', 'abc'), 400],
  ['CL with a fraction', post('Content-Length: 3.0\r\n', 'abc'), 400],
  ['CL with a space amid it', post('Content-Length: 1 3\r\n', 'abc'), 400],
  ['an empty CL', post('Content-Length: \r\n', ''), 400],
  ['CL beyond all numbers', post(`Content-Length: ${'9'.repeat(30)}\r\n`, 'abc'), 400],
  ['CL with a tail', post('Content-Length: 3abc\r\n', 'abc'), 400],
  ['a folded field', post('X-A: 1\r\n 2\r\n', ''), 400],
  ['a field folded by a tab', post('X-A: 1\r\n\t2\r\n', ''), 400],
  ['a first field that is folded', 'GET /a HTTP/1.1\r\n Host: h\r\n\r\n', 400],
  ['a space before a colon', post('X-A : 1\r\n', ''), 400],
  ['a tab before a colon', post('X-A\t: 1\r\n', ''), 400],
  ['a field without a colon', post('X-A\r\n', ''), 400],
  ['a field without a name', post(': 1\r\n', ''), 400],
  ['a field name with a slash', post('X/A: 1\r\n', ''), 400],
  ['a field name in brackets', post('X(A): 1\r\n', ''), 400],
  ['a field name in Latin-1', post('X-\xe9: 1\r\n', ''), 400],
  ['a NUL in a field', post('X-A: a\0b\r\n', ''), 400],
  ['a bare CR in a field', post('X-A: a\rb\r\n', ''), 400],
  ['a bell in a field', post('X-A: a\x07b\r\n', ''), 400],
  ['lines that end by LF alone', 'GET /a HTTP/1.1\nHost: h\n\n', 400],
  ['a field that ends by LF alone', 'GET /a HTTP/1.1\r\nHost: h\nX-A: 1\r\n\r\n', 400],
  ['a head that ends by LF alone', 'GET /a HTTP/1.1\r\nHost: h\r\n\n', 400],
  ['no version', 'GET /a\r\nHost: h\r\n\r\n', 505],
  ['HTTP/0.9', 'GET /a HTTP/0.9\r\nHost: h\r\n\r\n', 505],
  ['HTTP/1.2', 'GET /a HTTP/1.2\r\nHost: h\r\n\r\n', 400],
  ['HTTP/2.0 in text', 'GET /a HTTP/2.0\r\nHost: h\r\n\r\n', 505],
  ['another protocol', 'GET /a ICE/1.0\r\nHost: h\r\n\r\n', 400],
  ['a tab in place of a space', 'GET\t/a HTTP/1.1\r\nHost: h\r\n\r\n', 400],
  ['a method that nobody knows', 'GETT /a HTTP/1.1\r\nHost: h\r\n\r\n', 400],
  ['a method in lower case', 'get /a HTTP/1.1\r\nHost: h\r\n\r\n', 400],
  ['a preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['a chunk size that is none', post('Transfer-Encoding: chunked\r\n', 'zz\r\nab\r\n0\r\n\r\n'), 400],
  ['a chunk size with 0x', post('Transfer-Encoding: chunked\r\n', '0x2\r\nab\r\n0\r\n\r\n'), 400],
  ['a chunk size with a minus', post('Transfer-Encoding: chunked\r\n', '-2\r\nab\r\n0\r\n\r\n'), 400],
  ['a chunk size with a space', post('Transfer-Encoding: chunked\r\n', ' 2\r\nab\r\n0\r\n\r\n'), 400],
  [
    'a chunk size beyond all numbers',
    post('Transfer-Encoding: chunked\r\n', `${'f'.repeat(17)}\r\nab\r\n`),
    400,
  ],
  ['a chunk longer than its size', post('Transfer-Encoding: chunked\r\n', '2\r\nabc\r\n0\r\n\r\n'), 400],
  ['a chunk size that ends by LF alone', post('Transfer-Encoding: chunked\r\n', '2\nab\r\n0\r\n\r\n'), 400],
  ['a chunk that ends by LF alone', post('Transfer-Encoding: chunked\r\n', '2\r\nab\n0\r\n\r\n'), 400],
  ['an extension with a bare CR', post('Transfer-Encoding: chunked\r\n', '2;a\rb\r\nab\r\n0\r\n\r\n'), 400],
  ['an extension with a bare LF', post('Transfer-Encoding: chunked\r\n', '2;a\nb\r\nab\r\n0\r\n\r\n'), 400],
  ['extensions without end', post('Transfer-Encoding: chunked\r\n', `2;${'a'.repeat(20_000)}`), 413],
];

describe('framing', () => {
  it.each(refused)('%s is refused', async (_, bytes, status) => {
    const found = await ask(port, bytes);
    expect([found.status, found.text]).toEqual([status, expect.any(String)]);
    // Nothing that could be taken for a request, or for a whole body, has gone on.
    expect(upstream.all).not.toMatch(/SMUGGLED|GETT|0\r\n\r\n$/);
    if (!bytes.includes('chunked\r\n\r\n')) expect(upstream.all).toBe('');
  });

  it.each(refused)('%s ends the connection', async (_, bytes) => {
    const tail = 'GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n';
    const { text } = await ask(port, bytes + tail);
    expect(text.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
    expect(text).toMatch(/\r\nConnection: close\r\n/i);
    expect(upstream.all).not.toContain('/smuggled');
  });
});
