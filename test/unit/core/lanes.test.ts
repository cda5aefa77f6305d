import { describe, expect, it } from 'vitest';
import { Lanes } from '../../../src/core/lanes.js';

describe('Lanes', () => {
  it('lets the first of a key go ahead, and the next when it leaves', () => {
    const lanes = new Lanes<number>();
    expect([lanes.enter('a', 1), lanes.enter('a', 2), lanes.enter('b', 3), lanes.enter('a', 4)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect([lanes.leave('a'), lanes.leave('b'), lanes.leave('a'), lanes.leave('a')]).toEqual([
      2,
      undefined,
      4,
      undefined,
    ]);
    expect(lanes.held).toBe(0);
    expect(lanes.enter('a', 5)).toBe(true);
  });

  it('is held by the last of a key until that has left', () => {
    const lanes = new Lanes<number>();
    lanes.enter('a', 1);
    lanes.enter('a', 2);
    lanes.leave('a');
    expect([lanes.held, lanes.enter('a', 3)]).toEqual([1, false]);
    expect([lanes.leave('a'), lanes.leave('a'), lanes.held]).toEqual([3, undefined, 0]);
  });
});
