import { describe, expect, it } from 'vitest';
import { isFieldName, isFieldValue, readFields } from '../../../src/core/request-fields.js';

const own = new Set(['x-user']);
const read = (fields: Readonly<Record<string, string | readonly string[]>>, version = '1.1') =>
  readFields(
    Object.entries(fields).flatMap(([name, values]) => [values].flat().flatMap(value => [name, value])),
    version,
    10,
    own,
  );
const host = { Host: 'h' };

describe('readFields', () => {
  it('tells what the fields say', () => {
    expect(
      read({
        Host: 'h',
        'Content-Length': '5',
        Expect: '100-Continue',
        Connection: 'close, X-Secret , ,Upgrade',
        Upgrade: 'WebSocket, h2c',
        'X-A': '1',
      }),
    ).toEqual({
      names: ['host', 'content-length', 'expect', 'connection', 'upgrade', 'x-a'],
      ...{ host: 'h', length: 5, chunked: false, waits: true, upgrade: 'websocket', listed: ['x-secret'] },
      overrides: [],
    });
  });

  it('takes a request of HTTP/1.0 without a host, which waits for nothing', () => {
    expect(read({ Expect: '100-continue' }, '1.0')).toMatchObject({ host: undefined, waits: false });
  });

  it('knows chunked, and an upgrade only where Connection names it', () => {
    expect(read({ ...host, 'Transfer-Encoding': 'Chunked' })).toMatchObject({
      chunked: true,
      length: undefined,
    });
    expect(read({ ...host, Upgrade: 'websocket' })).toMatchObject({ upgrade: undefined, length: undefined });
  });

  it('knows the methods that fields name in place of that of the request', () => {
    const fields = {
      'X-HTTP-Method-Override': 'delete',
      X_Method_Override: [' Put', 'a b'],
      'x-http-method': '',
    };
    expect(read({ ...host, ...fields })).toMatchObject({ overrides: ['DELETE', 'PUT', 'A B', ''] });
  });

  it.each(['Content-Encoding', 'content_digest', 'Repr-Digest', 'Signature', 'Signature-Input'])(
    'refuses a Connection that names %s',
    name => expect(read({ ...host, Connection: name })).toMatchObject({ status: 400 }),
  );

  it('knows of a request that says nothing more that it has no body and waits for nothing', () => {
    expect(read(host)).toEqual({
      ...{ names: ['host'], host: 'h', length: undefined, chunked: false, waits: false },
      ...{ upgrade: undefined, listed: [], overrides: [] },
    });
  });

  it.each([
    ['0', 0],
    ['55', 55],
    ['9'.repeat(15), 999_999_999_999_999],
  ])('reads a Content-Length of %s', (text, length) => {
    expect(read({ ...host, 'Content-Length': text })).toMatchObject({ length });
  });

  it('reads fields that come in several lines as one list', () => {
    expect(read({ ...host, Connection: ['x-a', 'x-b'] })).toMatchObject({ listed: ['x-a', 'x-b'] });
    const upgrade = { 'X-A': 'h2c', Connection: ['close', 'upgrade'], Upgrade: ['websocket', 'h2c'] };
    expect(read({ ...host, ...upgrade })).toMatchObject({ upgrade: 'websocket' });
  });

  it('takes as many fields as there may be', () => {
    expect(read({ ...host, a: Array.from({ length: 9 }, String) })).toMatchObject({ host: 'h' });
  });

  it.each([
    ...['Content-Length', 'Authorization', 'Cookie', 'Forwarded', 'Via', 'Date', 'Content-Type'],
    ...['X-Real-IP', 'X-Request-ID', 'Traceparent', 'Tracestate', 'Transfer-Encoding', 'X-User'],
    ...['X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Anything', 'Host'],
  ])('refuses a Connection that names %s, in both spellings', name => {
    const refusal = { status: 400, why: 'a Connection that names what it must not' };
    expect(read({ ...host, Connection: `close, ${name}` })).toEqual(refusal);
    expect(read({ ...host, Connection: `${name.replaceAll('-', '_')}, close` })).toEqual(refusal);
  });

  it('lists nothing of what every connection may name', () => {
    const Connection = 'close, Keep-Alive, Upgrade, TE, Trailer, HTTP2-Settings, x-a';
    expect(read({ ...host, Connection })).toMatchObject({ listed: ['x-a'] });
  });

  it.each([
    [{}, '1.1', 400, 'no Host'],
    [{ Host: ['h', 'h'] }, '1.1', 400, 'more than one Host'],
    [{ ...host, 'Content-Length': ['5', '5'] }, '1.1', 400, 'more than one Content-Length'],
    [{ ...host, 'Content-Length': '5, 5' }, '1.1', 400, 'a Content-Length that is no number'],
    [{ ...host, 'Content-Length': '+5' }, '1.1', 400, 'a Content-Length that is no number'],
    [{ ...host, 'Content-Length': '-1' }, '1.1', 400, 'a Content-Length that is no number'],
    [{ ...host, 'Content-Length': '' }, '1.1', 400, 'a Content-Length that is no number'],
    [{ ...host, 'Content-Length': '1'.repeat(16) }, '1.1', 400, 'a Content-Length that is no number'],
    [
      { ...host, 'Content-Length': '5', 'Transfer-Encoding': 'chunked' },
      '1.1',
      400,
      'both Content-Length and Transfer-Encoding',
    ],
    [{ ...host, 'Transfer-Encoding': 'chunked' }, '1.0', 400, 'Transfer-Encoding in HTTP/1.0'],
    [{ ...host, 'Transfer-Encoding': 'cow' }, '1.1', 501, 'an unknown transfer coding'],
    [{ ...host, 'Transfer-Encoding': ['cow', 'chunked'] }, '1.1', 501, 'an unknown transfer coding'],
    [{ ...host, 'Transfer-Encoding': 'gzip, chunked' }, '1.1', 501, 'an unknown transfer coding'],
    [{ ...host, 'Transfer-Encoding': 'chunked, chunked' }, '1.1', 400, 'chunked other than once'],
    [{ ...host, 'Transfer-Encoding': ['chunked', 'chunked'] }, '1.1', 400, 'chunked other than once'],
    [{ ...host, 'Transfer-Encoding': ['chunk', 'ed'] }, '1.1', 501, 'an unknown transfer coding'],
    [{ ...host, 'Transfer-Encoding': '' }, '1.1', 400, 'chunked other than once'],
    [{ ...host, Expect: 'tea' }, '1.1', 417, 'an unknown expectation'],
    [{ ...host, Connection: 'Host' }, '1.1', 400, 'a Connection that names what it must not'],
    [
      { ...host, Connection: 'close, x-forwarded-for' },
      '1.1',
      400,
      'a Connection that names what it must not',
    ],
    [{ ...host, Connection: 'Authorization' }, '1.1', 400, 'a Connection that names what it must not'],
    [{ ...host, Connection: 'X-User' }, '1.1', 400, 'a Connection that names what it must not'],
    [{ ...host, Connection: 'a b' }, '1.1', 400, 'a Connection that names what it must not'],
    [{ ...host, 'a b': '1' }, '1.1', 400, 'a field that is none'],
    [{ ...host, a: '1\r\nb: 2' }, '1.1', 400, 'a field that is none'],
    [{ ...host, a: '\0' }, '1.1', 400, 'a field that is none'],
    [{ ...host, a: Array.from({ length: 10 }, String) }, '1.1', 431, 'too many fields'],
  ] as const)('refuses %j of HTTP/%s with %s: %s', (fields, version, status, why) => {
    expect(read(fields, version)).toEqual({ status, why });
  });

  it('knows names and values', () => {
    expect(['a', 'X-1', '', 'a b', 'a:', 'é'].map(isFieldName)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(['', 'a b\t', 'é', 'a\r', '\n', '\x7f'].map(isFieldValue)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
