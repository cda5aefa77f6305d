import { describe, expect, it } from 'vitest';
import { decodeHeaderValue, encodeHeaderValue } from '../../../src/messaging/percent-encoding.js';

const printable = Array.from({ length: 94 }, (_, i) => String.fromCharCode(0x21 + i)).join('');

describe('a header value', () => {
  it.each([
    ['Euro € 😀', 'Euro%20%E2%82%AC%20%F0%9F%98%80'],
    ['a"b', 'a%22b'],
    ['100%', '100%25'],
    ['\u007f\u0001', '%7F%01'],
    [printable, printable.replace('%', '%25').replace('"', '%22')],
    ['', ''],
  ])('of %j is %s, and back', (value, header) => {
    expect(encodeHeaderValue(value)).toBe(header);
    expect(decodeHeaderValue('subject', header)).toBe(value);
  });

  it.each([
    ['%e2%82%ac', '€'],
    ['%41bc', 'Abc'],
    ['%2541', '%41'],
    ['"quoted value"', 'quoted value'],
    ['"a \\"b\\" \\\\c \\d"', 'a "b" \\c d'],
    ['""', ''],
    ['"%20"', ' '],
    ['not quoted', 'not quoted'],
    ['in"side', 'in"side'],
    [' \tspace around\t ', 'space around'],
  ])('%s is read as %j', (header, value) => expect(decodeHeaderValue('subject', header)).toBe(value));

  it.each([
    ['%C0%A0', 'percent-encoded UTF-8'],
    ['%E2%82', 'percent-encoded UTF-8'],
    ['%ED%A0%80', 'percent-encoded UTF-8'],
    ['%F4%90%80%80', 'percent-encoded UTF-8'],
    ['%', 'percent-encoded UTF-8'],
    ['%4', 'percent-encoded UTF-8'],
    ['%GG', 'percent-encoded UTF-8'],
    ['€', 'percent-encoded outside ASCII'],
    ['\u00e2\u0082\u00ac', 'percent-encoded outside ASCII'],
    ['a\nb', 'percent-encoded outside ASCII'],
    ['"open', 'a quoted string that ends where the header does'],
    ['"', 'a quoted string that ends where the header does'],
    ['"a"b"', 'a quoted string that ends where the header does'],
    ['"a\\"', 'a quoted string that ends where the header does'],
  ])('%j is refused', (header, says) => {
    expect(() => decodeHeaderValue('subject', header)).toThrow(`\`subject\` must be ${says}, got `);
  });
});
