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

const none = (_: string): boolean => false;

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

  it.each([
    ...['Connection', 'Keep-Alive', 'Proxy-Connection', 'Proxy-Authenticate', 'Proxy-Authorization'],
    ...['Proxy-Authentication-Info', 'TE', 'Trailer', 'Transfer-Encoding', 'Upgrade', 'HTTP2-Settings'],
  ])('hands %s to nobody, in a head and in a trailer', name => {
    expect(pass([name, '1', 'X-A', '2'])).toEqual(['X-A', '2']);
    expect(passTrailers([name, '1', 'X-A', '2'], none)).toEqual(['X-A', '2']);
    // Many servers read it as the same.
    expect(pass([name.replaceAll('-', '_'), '1'])).toEqual([]);
  });

  it('leaves out each field that is listed, in both spellings', () => {
    const raw = ['X-A', '1', 'X_B', '2', 'X-C', '3', 'X-D', '4'];
    expect(pass(raw, ['x-a', 'x-b', 'x_c'])).toEqual(['X-D', '4']);
  });

  it.each([
    ...['Content-Length', 'Content-Encoding', 'Content-Type', 'Content-Range', 'Host', 'Authorization'],
    ...['Set-Cookie', 'Cookie', 'Cache-Control', 'Expect', 'Max-Forwards', 'Pragma', 'Range'],
    ...['WWW-Authenticate', 'Age', 'Date', 'Expires', 'Location', 'Retry-After', 'Vary', 'Warning'],
    ...['Forwarded', 'Via'],
  ])('takes %s in a head, and never in a trailer', name => {
    expect(pass([name, '1'])).toEqual([name, '1']);
    expect(passTrailers([name, '1', 'X-A', '2'], none)).toEqual(['X-A', '2']);
    expect(passTrailers([name.replaceAll('-', '_'), '1'], none)).toEqual([]);
  });

  it('hands trailers on, but for those that say how a message is to be read', () => {
    expect(
      passTrailers(['X-Sum', '1', 'Content-Length', '2', 'Transfer-Encoding', '3', 'Set-Cookie', '4'], none),
    ).toEqual(['X-Sum', '1']);
  });

  it('hands on no trailer that is to go, in either spelling', () => {
    const raw = ['X-Sum', '1', 'X_Real_IP', '2', 'x-real-ip', '3'];
    expect(passTrailers(raw, name => name === 'x-real-ip')).toEqual(['X-Sum', '1']);
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
    // Blanks are what each hop likes.
    expect(hasVia(['1.1 a,  \t1.0 \t b\t(c)'], 'b')).toBe(true);
    expect(hasVia(['b', 'b a'], 'b')).toBe(false);
  });
});
