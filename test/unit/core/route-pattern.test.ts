import { describe, expect, it } from 'vitest';
import {
  comparePatterns,
  matchesPath,
  paramsOf,
  pathsKey,
  type RoutePattern,
  readPattern,
} from '../../../src/core/route-pattern.js';

const pattern = (text: string) => readPattern(text) as RoutePattern;

describe('readPattern', () => {
  it.each([
    [undefined, 'a path that begins with /'],
    ['a', 'a path that begins with /'],
    ['/:a/:a', 'without the same name twice'],
    ['/:a/*a', 'without the same name twice'],
    ['/:constructor', 'without the names __proto__, constructor, prototype'],
    ['/*prototype', 'without the names __proto__, constructor, prototype'],
    ['/a:b', 'of whole segments: text, `:name`, or as the last `*` or `*name`'],
    ['/:a-:b', 'of whole segments: text, `:name`, or as the last `*` or `*name`'],
    ['/*/a', 'of whole segments: text, `:name`, or as the last `*` or `*name`'],
    ['/a*', 'of whole segments: text, `:name`, or as the last `*` or `*name`'],
    ['/*a-b', 'of whole segments: text, `:name`, or as the last `*` or `*name`'],
    ['/:', 'of whole segments: text, `:name`, or as the last `*` or `*name`'],
    ['/a b', 'a path without spaces, controls and bad escapes'],
    ['/..', 'a path without spaces, controls and bad escapes'],
    ['/a/../b', 'a path without spaces, controls and bad escapes'],
    ['/caf%c3%a9', 'written in its one form, here `caf%C3%A9`'],
    ['/%41', 'written in its one form, here `A`'],
    ['/a/./b', 'written in its one form, here ``'],
  ])('says what %j must be', (text, rule) => {
    expect(readPattern(text)).toBe(rule);
  });

  it.each([
    ['/', '/', true],
    ['/', '/a', false],
    ['/a', '/a', true],
    ['/a', '/a/', false],
    ['/a/', '/a/', true],
    ['/:x', '/a', true],
    ['/:x', '/', false],
    ['/:x/b', '/a/b', true],
    ['/*', '/', true],
    ['/*', '/a/b', true],
    ['/a/*', '/a', true],
    ['/a/*', '/a/', true],
    ['/a/*', '/a/b/c', true],
    ['/a/*', '/ab', false],
    ['/a/*', '/', false],
    ['/a/:x/*', '/a', false],
    ['/a/:x/*', '/a/b', true],
  ])('%s for %s is %s', (text, path, yes) => {
    expect(matchesPath(pattern(text), path)).toBe(yes);
  });

  it('has what stands at its names', () => {
    expect(paramsOf(pattern('/a'), '/a')).toEqual({});
    expect(paramsOf(pattern('/u/:id/o/:no'), '/u/7/o/8')).toEqual({ id: '7', no: '8' });
    expect(paramsOf(pattern('/f/:x/*rest'), '/f/1/a/b')).toEqual({ x: '1', rest: '/a/b' });
    expect(paramsOf(pattern('/f/*rest'), '/f')).toEqual({ rest: '' });
    expect(paramsOf(pattern('/f/*'), '/f/a')).toEqual({});
    expect(paramsOf(pattern('/*'), '/a')).toEqual({});
    expect(paramsOf(pattern('/f/:x/*'), '/f/1/a')).toEqual({ x: '1' });
  });

  it('goes by texts before parameters before rests', () => {
    const texts = ['/*', '/:a', '/a', '/a/*', '/:a/b', '/a/:b', '/a/b', '/a/:b/*'];
    const sorted = texts.map(pattern).sort(comparePatterns);
    expect(sorted.map(({ text }) => text)).toEqual([
      ...['/a', '/a/b', '/a/:b', '/a/:b/*', '/a/*', '/:a', '/:a/b', '/*'],
    ]);
    expect(comparePatterns(pattern('/:a'), pattern('/:b'))).toBe(0);
  });

  it.each([
    ['/a', '/a/*'],
    ['/a', '/a/b'],
    ['/a/b', '/a/*'],
    ['/a/*', '/:a'],
    ['/', '/*'],
  ])('takes %s before %s, whichever is asked about first', (first, second) => {
    expect(comparePatterns(pattern(first), pattern(second))).toBeLessThan(0);
    expect(comparePatterns(pattern(second), pattern(first))).toBeGreaterThan(0);
  });

  it('has one key for the same paths', () => {
    expect(pathsKey(pattern('/a/:b'))).toBe(pathsKey(pattern('/a/:c')));
    expect(pathsKey(pattern('/a/*'))).not.toBe(pathsKey(pattern('/a')));
    expect(pathsKey(pattern('/a'))).not.toBe(pathsKey(pattern('/b')));
    expect(pathsKey(pattern('/null'))).not.toBe(pathsKey(pattern('/:x')));
    expect(pathsKey(pattern('/a/0'))).not.toBe(pathsKey(pattern('/a/:x')));
  });
});
