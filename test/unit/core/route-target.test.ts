import { describe, expect, it } from 'vitest';
import { readHost, readTarget } from '../../../src/core/route-target.js';

describe('readTarget', () => {
  it.each([
    ['/a?b=c?d', { path: '/a', query: '?b=c?d', authority: undefined }],
    ['/a?', { path: '/a', query: '?', authority: undefined }],
    ['/', { path: '/', query: '', authority: undefined }],
    ['//a/b', { path: '//a/b', query: '', authority: undefined }],
    ['http://h:1/a?b', { path: '/a', query: '?b', authority: 'h:1' }],
    ['HTTPS://h', { path: '/', query: '', authority: 'h' }],
    ['http://h?q', { path: '/', query: '?q', authority: 'h' }],
    ['http://u@h/', { path: '/', query: '', authority: 'u@h' }],
    ['http:///a', { path: '/a', query: '', authority: '' }],
    ['/go?to=http://evil/a', { path: '/go', query: '?to=http://evil/a', authority: undefined }],
    ['/http://evil/a', { path: '/http://evil/a', query: '', authority: undefined }],
  ])('takes %s apart', (target, parts) => {
    expect(readTarget('GET', target)).toEqual(parts);
  });

  it('takes an asterisk from OPTIONS alone', () => {
    expect(readTarget('OPTIONS', '*')).toEqual({ path: '*', query: '', authority: undefined });
    expect(readTarget('GET', '*')).toBeUndefined();
  });

  it.each([
    ...['', 'a', 'h:443', 'ftp://h/', 'xhttp://h/', ' http://h/', 'http:/a', '*/'],
    ...['/a?b#c', '/a?b c', '/a?b c?d', '/a?\u007f', '/a?é', '/a?\r\n?b'],
  ])('finds no target in %j', target => {
    expect(readTarget('GET', target)).toBeUndefined();
  });

  it('leaves what follows an authority to the reading of the path, and cuts nothing off', () => {
    expect(readTarget('GET', 'http://h\\@evil/')?.path).toBe('\\@evil/');
    expect(readTarget('GET', 'http://h#@evil/')?.path).toBe('#@evil/');
    expect(readTarget('GET', 'http://h/a b')?.path).toBe('/a b');
    expect(readTarget('GET', 'http://h/a\nb')?.path).toBe('/a\nb');
  });
});

describe('readHost', () => {
  it.each([
    ['Example.COM', 'example.com', undefined],
    ['example.com.', 'example.com', undefined],
    ['example.com.:80', 'example.com', 80],
    ['a:', 'a', undefined],
    ['a_b.c:65535', 'a_b.c', 65_535],
    ['127.0.0.1:1', '127.0.0.1', 1],
    ['[::1]', '[::1]', undefined],
    ['[::FFFF:1.2.3.4]:8080', '[::ffff:1.2.3.4]', 8080],
    ['x', 'x', undefined],
    ['a'.repeat(255), 'a'.repeat(255), undefined],
  ])('reads %s', (text, name, port) => {
    expect(readHost(text)).toEqual({ name, port });
  });

  it.each([
    ...[
      '',
      ' ',
      'a b',
      'u@h',
      'a,b',
      'a/b',
      'a%41',
      'a:65536',
      'a:-1',
      'a:1:2',
      'a:x',
      ':80',
      '-a',
      'a-',
      'a..b',
    ],
    ...[
      '[::1',
      '::1',
      '[]',
      '[x]',
      '[::1]x',
      'x[::1]',
      'a\\b',
      'é',
      '.',
      '..',
      `${'a'.repeat(256)}`,
      'a#b',
      'a?b',
    ],
  ])('finds no host in %j', text => {
    expect(readHost(text)).toBeUndefined();
  });
});
