import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Due, DueHeap } from '../../src/core/due-heap.js';

type Action = { readonly add: number } | { readonly remove: number } | { readonly shift: number };

const times = fc.oneof(fc.integer({ min: -20, max: 20 }), fc.constant(Number.POSITIVE_INFINITY));
const actions = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ add: times }) },
    { weight: 1, arbitrary: fc.record({ remove: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ shift: fc.integer({ min: -20, max: 20 }) }) },
  ),
  { maxLength: 200 },
) as fc.Arbitrary<Action[]>;

it('a heap of due times does what a sorted list does', () => {
  fc.assert(
    fc.property(actions, list => {
      const heap = new DueHeap<number>();
      const all: Due<number>[] = [];
      let open: Due<number>[] = [];
      for (const action of list) {
        if ('add' in action) {
          all.push(heap.add(all.length, action.add));
          open.push(all.at(-1)!);
        } else if ('remove' in action && all.length > 0) {
          const due = all[action.remove % all.length]!;
          expect(heap.remove(due)).toBe(open.includes(due));
          open = open.filter(other => other !== due);
        } else if ('shift' in action) {
          const first = heap.shift(action.shift);
          const earliest = Math.min(...open.map(({ at }) => at));
          expect(first === undefined).toBe(!(earliest <= action.shift));
          if (first !== undefined) expect(all[first]!.at).toBe(earliest);
          open = open.filter(({ item }) => item !== first);
        }
        expect(heap.size).toBe(open.length);
        expect(heap.earliest).toBe(Math.min(...open.map(({ at }) => at)));
      }
    }),
  );
});

it('what was taken out once stays out', () => {
  const heap = new DueHeap<string>();
  const first = heap.add('a', 1);
  heap.add('b', 2);
  expect(heap.shift(1)).toBe('a');
  expect(heap.remove(first)).toBe(false);
  expect(heap.shift(1)).toBeUndefined();
  expect(heap.size).toBe(1);
});

it('keeps the order when what fills a gap belongs above it', () => {
  const heap = new DueHeap<number>();
  const entries = [1, 10, 2, 11, 12, 20, 5].map(at => heap.add(at, at));
  heap.remove(entries[3]!);
  const served: (number | undefined)[] = [];
  while (heap.size > 0 && served.length < 10) served.push(heap.shift(99));
  expect(served).toEqual([1, 2, 5, 10, 12, 20]);
});
