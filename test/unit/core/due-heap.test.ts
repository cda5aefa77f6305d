import { describe, expect, it } from 'vitest';
import { type Due, DueHeap } from '../../../src/core/due-heap.js';

/** A heap with an item for each time, and what stands for each in it. */
function filled(...times: readonly number[]): { heap: DueHeap<number>; dues: Map<number, Due<number>> } {
  const heap = new DueHeap<number>();
  return { heap, dues: new Map(times.map(at => [at, heap.add(at, at)])) };
}

/** Everything that is left, in the order in which it is due. */
function drained(heap: DueHeap<number>): number[] {
  const all: number[] = [];
  for (let item = heap.shift(Infinity); item !== undefined; item = heap.shift(Infinity)) all.push(item);
  return all;
}

describe('DueHeap', () => {
  it('gives out what is due, the earliest first, and nothing before its time', () => {
    const { heap } = filled(5, 3, 8, 1);
    expect([heap.size, heap.earliest, heap.shift(0)]).toEqual([4, 1, undefined]);
    expect([heap.shift(3), heap.shift(3), heap.shift(3)]).toEqual([1, 3, undefined]);
    expect(drained(heap)).toEqual([5, 8]);
    expect([heap.size, heap.earliest]).toEqual([0, Infinity]);
  });

  it('takes out the last, the first and one between, each once', () => {
    const { heap, dues } = filled(1, 2, 3, 4, 5);
    for (const at of [5, 1, 3]) {
      expect(heap.remove(dues.get(at)!)).toBe(true);
      expect(heap.remove(dues.get(at)!)).toBe(false);
    }
    expect(drained(heap)).toEqual([2, 4]);
  });

  it('keeps the order where what takes the place of another is due before its new parent', () => {
    // 10 stands above 11 and 12, and 3 comes from the other side of the tree.
    const { heap, dues } = filled(0, 10, 1, 11, 12, 2, 3);
    heap.remove(dues.get(11)!);
    expect(drained(heap)).toEqual([0, 1, 2, 3, 10, 12]);
  });
});
