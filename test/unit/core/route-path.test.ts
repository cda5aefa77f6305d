import { describe, expect, it } from 'vitest';
import { normalPath, oddityBits, oddityNames, pathOddities } from '../../../src/core/route-path.js';

const read = (raw: string) => {
  const found = normalPath(raw);
  return found && [found.path, ...oddityNames(found.oddities)];
};

describe('normalPath', () => {
  it.each([
    ['/', '/'],
    ['/a/b', '/a/b'],
    ['/a/b/', '/a/b/'],
    ['/.well-known/x', '/.well-known/x'],
    ['/a.b/..c/d..', '/a.b/..c/d..'],
    ['/%41%7e%2D', '/A~-'],
    ['/caf%c3%a9', '/caf%C3%A9'],
    ['/a%20b', '/a%20b'],
    ['/a%3bb', '/a%3Bb'],
    ['/a%25', '/a%25'],
    ['/a%25zz', '/a%25zz'],
    ['/a%25fz', '/a%25fz'],
    ['/a"<>^`{|}b', '/a%22%3C%3E%5E%60%7B%7C%7Db'],
    ["/a:b@c!$&'()*+,=", "/a:b@c!$&'()*+,="],
  ])('reads %s as %s, and finds nothing odd', (raw, path) => {
    expect(read(raw)).toEqual([path]);
  });

  it.each([
    ['/a/./b', '/a/b', ['dots']],
    ['/a/../b', '/b', ['dots']],
    ['/a/..', '/', ['dots']],
    ['/a/b/..', '/a/', ['dots']],
    ['/a/.', '/a/', ['dots']],
    ['/api/%2e%2E/admin', '/admin', ['dots']],
    ['/api/.%2e/admin', '/admin', ['dots']],
    ['/x%2ey', '/x.y', ['dots']],
    ['/a%2fb', '/a%2Fb', ['encoded-slash']],
    ['/a\\b', '/a%5Cb', ['backslash']],
    ['/a%5cb', '/a%5Cb', ['backslash']],
    ['/a%00', '/a%00', ['control']],
    ['/a%0d%0ab', '/a%0D%0Ab', ['control']],
    ['/a%7f', '/a%7F', ['control']],
    ['//a', '//a', ['empty-segment']],
    ['/a//b', '/a//b', ['empty-segment']],
    ['/a;v=1/b', '/a;v=1/b', ['parameters']],
    ['/%252e', '/%252e', ['double-encoding']],
    ['/%252F', '/%252F', ['double-encoding']],
    ['/%25%32%65', '/%252e', ['double-encoding']],
    ['/%ff', '/%FF', ['not-utf8']],
    ['/%c0%ae', '/%C0%AE', ['not-utf8']],
    ['/%ed%a0%80', '/%ED%A0%80', ['not-utf8']],
    ['/a//../b;c', '/a/b;c', ['dots', 'empty-segment', 'parameters']],
  ])('reads %s as %s and says %j', (raw, path, odd) => {
    expect(read(raw)).toEqual([path, ...odd]);
  });

  it.each([
    ...['', 'a', '*', 'a/b', '/a b', '/a\tb', '/a\nb', '/a\u007fb', '/é', '/a#b', '/a?b'],
    ...['/%', '/%4', '/%zz', '/%4g', '/%u002e', '/..', '/a/../..', '/%2e%2e', '/../a'],
    ...[
      '/..%2fadmin',
      '/..%5cadmin',
      '/..;/admin',
      '/..;x=1',
      '/.;',
      '/a/..%00/b',
      '/..%0a',
      '/a%2f..',
      '/a%2f.',
    ],
  ])('finds no path in %j', raw => {
    expect(normalPath(raw)).toBeUndefined();
  });

  it('names the bits of a set', () => {
    expect(oddityBits([])).toBe(0);
    expect(oddityNames(oddityBits(pathOddities))).toEqual(pathOddities);
    expect(oddityNames(oddityBits(['parameters', 'dots']))).toEqual(['dots', 'parameters']);
  });
});
