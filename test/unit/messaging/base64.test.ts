import { describe, expect, it } from 'vitest';
import { decodeBase64, encodeBase64 } from '../../../src/messaging/base64.js';

const ascii = (text: string) => new TextEncoder().encode(text);

describe('base64', () => {
  it.each([
    ['', ''],
    ['f', 'Zg=='],
    ['fo', 'Zm8='],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg=='],
    ['fooba', 'Zm9vYmE='],
    ['foobar', 'Zm9vYmFy'],
  ])('of %j is %s, as in RFC 4648', (plain, base64) => {
    expect(encodeBase64(ascii(plain))).toBe(base64);
    expect(decodeBase64(base64)).toEqual(ascii(plain));
  });

  it('has every byte and every digit', () => {
    const bytes = Uint8Array.from({ length: 768 }, (_, i) => (i * 7) & 255);
    expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
    expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes);
  });

  it.each([
    'Zg',
    'Zg=',
    'Zg==\n',
    ' Zg==',
    'Z===',
    '====',
    'Zm9_',
    'Zm9-',
    'Zm9é',
    'Zh==',
    'Zm9=',
    'Zg==Zg==',
  ])('is not %j', text => expect(decodeBase64(text)).toBeUndefined());
});
