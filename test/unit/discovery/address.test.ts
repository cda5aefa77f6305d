import { describe, expect, it } from 'vitest';
import { isAddress } from '../../../src/discovery/address.js';

describe('an address', () => {
  it.each([
    ...[
      '10.0.0.5:8080',
      'cart:80',
      'cart.internal:65535',
      'a_b.c-d:1',
      'http://10.0.0.5:8080',
      'http://cart',
    ],
    ...[
      'https://cart.example',
      'grpc+tls://cart:443',
      '[::1]:80',
      'http://[2001:db8::1]:8080',
      'http://[::]',
    ],
    ...['[1:2:3:4:5:6:7:8]:1', '[::ffff:10.0.0.1]:80', '[1::]:2', 'localhost:3000', '0.0.0.0:1'],
    ...['[64:ff9b::1.2.3.4]:80', 'x1:1', `${'a'.repeat(63)}:1`, '[1:2:3:4:5:6:1.2.3.4]:1'],
  ])('may be %s', address => {
    expect(isAddress(address)).toBe(true);
  });

  it.each([
    ...['', 'cart', 'cart:', ':80', 'cart:0', 'cart:65536', 'cart:080', 'cart:8e1', 'cart:-1', 'cart: 80'],
    ...[
      'http://',
      'http://cart/',
      'http://cart/path',
      'http://cart?x',
      'http://cart#x',
      'HTTP://cart',
      '://cart',
    ],
    ...[
      'http://user@cart',
      'http://user:secret@cart:80',
      'user@cart:80',
      'cart:80\r\nHost: evil',
      'cart\n:80',
    ],
    ...[
      'ca rt:80',
      'cärt:80',
      '-cart:80',
      'cart-:80',
      'cart..x:80',
      '.cart:80',
      'cart.:80',
      'http://cart:80:81',
    ],
    ...[
      '256.0.0.1:80',
      '1.2.3:80',
      '010.0.0.1:80',
      '0x7f000001:80',
      '2130706433:80',
      '1.2.3.4.5:80',
      'a.0x1:1',
    ],
    ...[
      '[::1',
      '::1:80',
      '[::1]80',
      '[::1%eth0]:80',
      '[1:2:3]:80',
      '[1::2::3]:80',
      '[12345::]:80',
      '[g::]:1',
    ],
    ...[
      '[1:2:3:4:5:6:7:8:9]:1',
      '[1:2:3:4:5:6:7::8]:1',
      '[1.2.3.4::]:1',
      '[::1.2.3.999]:1',
      'http://[]',
      '[]:1',
    ],
    ...[`${'a'.repeat(64)}:1`, `${'a.'.repeat(130)}a:1`, `http://${'a'.repeat(300)}`, 'javascript:alert(1)'],
    ...[
      'http:cart:80',
      'http:/cart:80',
      'cart%2f:80',
      'cart\\x:80',
      'cart:80/',
      '1::2:80',
      '[1:2:3:4:5:6:7:1.2.3.4]:1',
    ],
  ])('may not be %j', address => {
    expect(isAddress(address)).toBe(false);
  });
});
