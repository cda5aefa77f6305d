import { describe, expect, it } from 'vitest';
import { inRange, ipKey, readIp, readRange, showIp } from '../../../src/core/ip-range.js';

describe('readIp', () => {
  it.each([
    ['1.2.3.4', '1.2.3.4'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::FFFF:102:304', '1.2.3.4'],
    ['::', '0:0:0:0:0:0:0:0'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['fe80::1%eth0', 'fe80:0:0:0:0:0:0:1'],
    ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1:2:3:4:5'],
    ['1::', '1:0:0:0:0:0:0:0'],
    ['64:ff9b::1.2.3.4', '64:ff9b:0:0:0:0:102:304'],
  ])('reads %s', (text, shown) => {
    expect(showIp(readIp(text)!)).toBe(shown);
  });

  it.each([
    ...[
      '',
      'a',
      '1.2.3',
      '1.2.3.256',
      '01.2.3.4',
      '1.2.3.4.5',
      '0x7f.1',
      '2130706433',
      ':',
      ':1',
      '1:',
      '1::2::3',
    ],
    ...[
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '1:2:3:4:5:6:7:8::',
      '::g',
      'g::',
      '1.2.3.4::',
      '[::1]',
      '12345::',
    ],
  ])('finds no address in %j', text => {
    expect(readIp(text)).toBeUndefined();
  });
});

describe('readRange', () => {
  it.each([
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.0.0.0/8', '::ffff:10.1.1.1', true],
    ['1.2.3.4', '1.2.3.4', true],
    ['1.2.3.4', '1.2.3.5', false],
    ['0.0.0.0/0', '9.9.9.9', true],
    ['0.0.0.0/0', '::1', false],
    ['::/0', '9.9.9.9', true],
    ['fd00::/8', 'fdff::1', true],
    ['fd00::/8', 'fe00::1', false],
    ['2001:db8::/33', '2001:db8:7fff::', true],
    ['2001:db8::/33', '2001:db8:8000::', false],
    ['192.168.1.128/25', '192.168.1.127', false],
    ['::ffff:10.0.0.0/8', '10.1.1.1', true],
  ])('%s and %s: %s', (range, ip, yes) => {
    expect(inRange(readRange(range)!, readIp(ip)!)).toBe(yes);
  });

  it.each(['', 'x/8', '1.2.3.4/33', '::/129', '1.2.3.4/', '1.2.3.4/-1', '1.2.3.4/8/8', '10.0.0.0/a'])(
    'finds no range in %j',
    text => {
      expect(readRange(text)).toBeUndefined();
    },
  );

  it('counts an IPv6 client by its /64, and one of IPv4 by itself', () => {
    expect(ipKey(readIp('2001:db8:1:2:3:4:5:6')!)).toBe('2001:db8:1:2::/64');
    expect(ipKey(readIp('2001:db8:1:2:ffff::')!)).toBe('2001:db8:1:2::/64');
    expect(ipKey(readIp('::ffff:1.2.3.4')!)).toBe('1.2.3.4');
  });
});
