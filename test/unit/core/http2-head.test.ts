import { describe, expect, it } from 'vitest';
import { readHttp2Head } from '../../../src/core/http2-head.js';

const line = [':method', 'GET', ':scheme', 'https', ':authority', 'h:1', ':path', '/a?b'];
const read = (...more: string[]) => readHttp2Head([...line, ...more], true);

describe('readHttp2Head', () => {
  it('makes a head of HTTP/1.1 of one of HTTP/2', () => {
    expect(read('x-a', '1', 'x-a', '2', 'te', 'Trailers')).toEqual({
      method: 'GET',
      target: '/a?b',
      fields: ['Host', 'h:1', 'x-a', '1', 'x-a', '2', 'te', 'Trailers'],
    });
  });

  it('takes pseudo-header fields in any order, and http for a scheme', () => {
    const head = readHttp2Head([':path', '*', ':scheme', 'http', ':method', 'OPTIONS', 'host', 'h'], true);
    expect(head).toEqual({ method: 'OPTIONS', target: '*', fields: ['host', 'h'] });
  });

  it('says how a body is framed that comes', () => {
    const fields = (...more: string[]) => readHttp2Head([...line, ...more], false)?.fields.slice(2);
    expect(fields()).toEqual(['Transfer-Encoding', 'chunked']);
    expect(fields('content-length', '3')).toEqual(['content-length', '3']);
    expect(fields('x-a', '3')).toEqual(['x-a', '3', 'Transfer-Encoding', 'chunked']);
  });

  it('joins cookies, and keeps their place', () => {
    expect(read('cookie', 'a=1', 'x-a', '1', 'cookie', 'b=2', 'cookie', 'c=3')?.fields).toEqual([
      ...['Host', 'h:1', 'cookie', 'a=1; b=2; c=3', 'x-a', '1'],
    ]);
  });

  it('keeps a host that is not the authority, so that there are two', () => {
    expect(read('host', 'h:1')?.fields).toEqual(['Host', 'h:1']);
    expect(read('host', 'evil')?.fields).toEqual(['Host', 'h:1', 'host', 'evil']);
    expect(read('x-a', 'h:1')?.fields).toEqual(['Host', 'h:1', 'x-a', 'h:1']);
  });

  it('reads CONNECT, which has an authority alone', () => {
    const head = readHttp2Head([':method', 'CONNECT', ':authority', 'h:443'], true);
    expect(head).toEqual({ method: 'CONNECT', target: 'h:443', fields: ['Host', 'h:443'] });
    expect(readHttp2Head([':method', 'CONNECT'], true)).toBeUndefined();
    expect(readHttp2Head([':method', 'CONNECT', ':authority', 'h', ':path', '/'], true)).toBeUndefined();
    expect(
      readHttp2Head([':method', 'CONNECT', ':authority', 'h', ':scheme', 'https'], true),
    ).toBeUndefined();
  });

  it.each(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'http2-settings'])(
    'takes nothing with %s, a field of one connection',
    name => expect(read(name, 'x')).toBeUndefined(),
  );

  it.each([
    ['no method', [':scheme', 'https', ':path', '/']],
    ['no path', [':method', 'GET', ':scheme', 'https']],
    ['no scheme', [':method', 'GET', ':path', '/']],
    ['another scheme', [':method', 'GET', ':path', '/', ':scheme', 'ftp']],
    ['an empty path', [':method', 'GET', ':path', '', ':scheme', 'https']],
    ['a path that is a URL', [':method', 'GET', ':path', 'http://h/', ':scheme', 'https']],
    ['two methods', [':method', 'GET', ...line]],
    ['an unknown pseudo-header field', [...line, ':protocol', 'websocket']],
    ['one behind the others', [...line, 'x-a', '1', ':status', '200']],
    ['a name in upper case', [...line, 'X-A', '1']],
    ['te other than trailers', [...line, 'te', 'gzip']],
  ])('takes nothing with %s', (_, raw) => expect(readHttp2Head(raw, true)).toBeUndefined());
});
