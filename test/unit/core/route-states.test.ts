import { describe, expect, it } from 'vitest';
import { type RoutePattern, readPattern } from '../../../src/core/route-pattern.js';
import { MOST_STATES, RouteStates } from '../../../src/core/route-states.js';

/** In the order of precedence; the place in the list is the rank. */
const ranked = (...texts: string[]) =>
  texts.map((text, rank) => ({ pattern: readPattern(text) as RoutePattern, rank }));
const found = (states: RouteStates<ReturnType<typeof ranked>[0]>, path: string) =>
  states.find(path).map(({ pattern }) => pattern.text);

describe('RouteStates', () => {
  it('finds all that take a path, each once, in order of rank', () => {
    const routes = ranked('/a', '/a/b', '/a/:x', '/a/*', '/:x', '/:x/b', '/*');
    for (const states of [new RouteStates(routes), new RouteStates([...routes].reverse())]) {
      expect(found(states, '/a')).toEqual(['/a', '/a/*', '/:x', '/*']);
      expect(found(states, '/a/b')).toEqual(['/a/b', '/a/:x', '/a/*', '/:x/b', '/*']);
      expect(found(states, '/a/c')).toEqual(['/a/:x', '/a/*', '/*']);
      expect(found(states, '/a/b/c')).toEqual(['/a/*', '/*']);
      expect(found(states, '/a/')).toEqual(['/a/*', '/*']);
      expect(found(states, '/c')).toEqual(['/:x', '/*']);
      expect(found(states, '/')).toEqual(['/*']);
    }
  });

  it('leaves behind what ends, and keeps what goes on', () => {
    const states = new RouteStates(ranked('/a', '/a/*'));
    expect(found(states, '/a')).toEqual(['/a', '/a/*']);
    expect(found(states, '/a/b')).toEqual(['/a/*']);
    expect(found(new RouteStates(ranked('/a')), '/a/b')).toEqual([]);
  });

  it.each([
    [1, []],
    [1, ['/*']],
    [2, ['/']],
    [2, ['/a', '/a/*']],
    [3, ['/a', '/b']],
    [5, ['/a/b', '/:x/b']],
    [6, ['/a/', '/:x/:y']],
  ])('has %d states for %j', (count, texts) => {
    expect(new RouteStates(ranked(...texts)).count).toBe(count);
  });

  it('takes as many states as there may be, and not one more', () => {
    const routes = ranked('/a', '/b', '/:x/c');
    const { count } = new RouteStates(routes);
    expect(new RouteStates(routes, count).count).toBe(count);
    expect(() => new RouteStates(routes, count - 1)).toThrow(
      new RangeError(
        `routes: these patterns want more than ${count - 1} states; name fewer texts beside parameters`,
      ),
    );
  });

  it('refuses patterns that want too many states', () => {
    const kinds = Array.from({ length: 18 }, (_, depth) =>
      [...Array.from({ length: depth }, () => ':p'), `t${depth}`].map((part, at) =>
        part === ':p' ? `:p${at}` : part,
      ),
    );
    const many = kinds.map((parts, rank) => ({
      pattern: readPattern(
        `/${[...parts, ...Array.from({ length: 18 - parts.length }, (_, at) => `:r${at}`)].join('/')}`,
      ),
      rank,
    })) as { pattern: RoutePattern; rank: number }[];
    expect(() => new RouteStates(many)).toThrow(`want more than ${MOST_STATES} states`);
    expect(new RouteStates(many.slice(0, 4)).count).toBeLessThan(1000);
  });
});
