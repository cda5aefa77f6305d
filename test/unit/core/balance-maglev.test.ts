import { describe, expect, it } from 'vitest';
import type { BalancedHost } from '../../../src/core/balance.js';
import { Maglev } from '../../../src/core/balance-maglev.js';
import { fmix32, fnv1a } from './published-hashes.js';

const hostsOf = (...weights: number[]): BalancedHost[] =>
  weights.map((weight, at) => ({ id: `h${at}`, weight, inFlight: 0 }));

/** Whose each place of a table is: a key below the size of the table is the number of its place. */
function tableOf(size: number, hosts: readonly BalancedHost[]): string[] {
  const table = new Maglev(size, Infinity);
  table.reset(hosts);
  return Array.from({ length: size }, (_, place) => table.choose(place, undefined)!.id);
}

const startOf = (id: string, size: number) => fmix32(fnv1a(id)) % size;
const skipOf = (id: string, size: number) => 1 + (fmix32(fnv1a(id, 0x811c9dc5 ^ 0x9747b28c)) % (size - 1));

/** A table as the paper makes it: with the order of each host written out, and turns by whole numbers. */
function expectedTable(size: number, weights: readonly number[]): string[] {
  const heaviest = Math.max(...weights);
  const orders = weights.map((_, host) =>
    Array.from({ length: size }, (_, j) => (startOf(`h${host}`, size) + j * skipOf(`h${host}`, size)) % size),
  );
  const table = new Map<number, string>();
  for (let round = 1; table.size < size; round++) {
    weights.forEach((weight, host) => {
      const turns = Math.floor((round * weight) / heaviest) - Math.floor(((round - 1) * weight) / heaviest);
      if (turns === 0 || table.size === size) return;
      const place = orders[host]!.find(one => !table.has(one))!;
      table.set(place, `h${host}`);
    });
  }
  return Array.from({ length: size }, (_, place) => table.get(place)!);
}

describe('a Maglev table', () => {
  it('is the one of the paper, where names have the offsets and skips of its example', () => {
    // Table 1: permutations 3 0 4 1 5 2 6, 0 2 4 6 1 3 5 and 3 4 5 6 0 1 2 of seven places.
    const ids = ['B0-3', 'B1-102', 'B2-9'];
    expect(ids.map(id => [startOf(id, 7), skipOf(id, 7)])).toEqual([
      [3, 4],
      [0, 2],
      [3, 1],
    ]);
    const [b0, b1, b2] = ids.map(id => ({ id, weight: 1, inFlight: 0 }));
    const short = (table: readonly string[]) => table.map(id => id.slice(0, 2)).join(' ');
    expect(short(tableOf(7, [b0!, b1!, b2!]))).toBe('B1 B0 B1 B0 B2 B2 B0');
    expect(short(tableOf(7, [b0!, b2!]))).toBe('B0 B0 B0 B0 B2 B2 B2');
  });

  it.each([
    [11, [10, 1, 7]],
    [13, [3, 2]],
    [101, [1, 1, 1, 1]],
    [101, [10, 1, 7]],
    [499, [9, 6, 3, 1]],
  ])('of %d places is filled by turns as many as the weights %j say', (size, weights) => {
    expect(tableOf(size, hostsOf(...weights))).toEqual(expectedTable(size, weights));
  });

  it('takes a share that is short of a whole by a rounding for a whole', () => {
    // Ten times a tenth is short of 1, though by less than the billionth that is let pass.
    expect(tableOf(11, hostsOf(1, 0.1))).toEqual(expectedTable(11, [10, 1]));
    expect(new Set(tableOf(2, hostsOf(1, 1 - 1e-9)))).toEqual(new Set(['h0', 'h1']));
  });

  it('tries for a key that is refused the places that come of mixing it with how often it was tried', () => {
    const [size, hosts] = [101, hostsOf(1, 1, 1, 1)];
    const table = new Maglev(size, Infinity);
    table.reset(hosts);
    const owners = expectedTable(size, [1, 1, 1, 1]);
    const keys = Array.from({ length: 4_000 }, (_, at) => fmix32(at));
    const free = (place: number) => owners[place % size]! > 'h1';
    const expected = keys.map(key => {
      if (free(key)) return owners[key % size]!;
      // Twice as many tries as hosts; then the first that may be chosen.
      for (let step = 1; step < 8; step++) {
        const place = fmix32((key + step) % 2 ** 32);
        if (free(place)) return owners[place % size]!;
      }
      return 'h2';
    });
    expect(keys.map(key => table.choose(key, ({ id }) => id <= 'h1')!.id)).toEqual(expected);
  });
});
