import { describe, expect, it } from 'vitest';
import {
  forwardedNode,
  forwardedValue,
  hasVia,
  listedOf,
  namesOf,
  passFields,
  passTrailers,
} from '../../../src/core/hop-fields.js';
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

describe('passFields', () => {
  const pass = (raw: readonly string[], listed: readonly string[] = [], drop = (_: string) => false) =>
    passFields(raw, namesOf(raw), listed, drop);

  it('leaves out those of the hop, those that are listed, and those that are to go', () => {
    const raw = [
      'A',
      '1',
      'Connection',
      'x',
      'TE',
      'y',
      'Keep-Alive',
      'z',
      'X_Secret',
      '2',
      'X-Y',
      '3',
      'a',
      '4',
    ];
    expect(pass(raw)).toEqual(['A', '1', 'X_Secret', '2', 'X-Y', '3', 'a', '4']);
    expect(pass(raw, ['x-secret'])).toEqual(['A', '1', 'X-Y', '3', 'a', '4']);
    expect(pass(raw, [], name => name === 'x-y')).toEqual(['A', '1', 'X_Secret', '2', 'a', '4']);
    expect(pass(raw, [], name => name === 'x-secret')).toEqual(['A', '1', 'X-Y', '3', 'a', '4']);
    expect(pass(['Proxy_Connection', '1'])).toEqual([]);
  });

  it('hands trailers on, but for those that say how a message is to be read', () => {
    expect(
      passTrailers(['X-Sum', '1', 'Content-Length', '2', 'Transfer-Encoding', '3', 'Set-Cookie', '4']),
    ).toEqual(['X-Sum', '1']);
  });

  it('finds what Connection names', () => {
    const raw = ['connection', 'A, b', 'x', '1', 'Connection', 'C'];
    expect(listedOf(raw, namesOf(raw))).toEqual(['a', 'b', 'c']);
  });

  it('writes Forwarded, and reads Via', () => {
    expect(['1.2.3.4', '::1', ''].map(forwardedNode)).toEqual(['1.2.3.4', '"[::1]"', 'unknown']);
    expect(['a.b', 'a:1', 'a"\\b'].map(forwardedValue)).toEqual(['a.b', '"a:1"', '"a\\"\\\\b"']);
    expect(hasVia(['1.1 a, 1.0 b (c)', '2 d'], 'b')).toBe(true);
    expect(hasVia(['1.1 a, 1.0 b (c)', '2 d'], 'c')).toBe(false);
    expect(hasVia([], 'b')).toBe(false);
  });
});
