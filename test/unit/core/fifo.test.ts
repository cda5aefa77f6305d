import { describe, expect, it } from 'vitest';
import { Fifo } from '../../../src/core/fifo.js';

describe('Fifo', () => {
  it('gives out in the order of coming, however long it is and however it is used', () => {
    const fifo = new Fifo<number>();
    let next = 0;
    let expected = 0;
    for (const [pushes, shifts] of [
      [3, 1],
      [200, 150],
      [1, 53],
      [500, 400],
      [0, 101],
    ] as const) {
      for (let n = 0; n < pushes; n++) fifo.push(next++);
      for (let n = 0; n < shifts && fifo.size > 0; n++) expect(fifo.shift()).toBe(expected++);
      expect([...fifo]).toEqual(Array.from({ length: next - expected }, (_, at) => expected + at));
      expect(fifo.size).toBe(next - expected);
    }
    expect(fifo.shift()).toBe(undefined);
  });
});
