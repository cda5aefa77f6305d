import { describe, expect, it } from 'vitest';
import { PointTable } from '../../../src/core/balance-points.js';
import { seededRandom } from '../../../src/testing/seeded-random.js';

interface Point {
  readonly hash: number;
  readonly owner: number;
}

const LAST = 2 ** 32 - 1;

/** All points in order from the one at or behind a hash, once around. */
function around(table: PointTable, hash: number, count: number): number[] {
  let place = table.placeOf(hash);
  return Array.from({ length: count }, (_, at) => {
    if (at > 0) place = table.placeAfter(place);
    return table.ownerAt(place);
  });
}

function expected(points: readonly Point[], hash: number): number[] {
  const sorted = [...points].sort((a, b) => a.hash - b.hash || a.owner - b.owner);
  const from = sorted.findIndex(point => point.hash >= hash);
  const start = from === -1 ? 0 : from;
  return [...sorted.slice(start), ...sorted.slice(0, start)].map(({ owner }) => owner);
}

const tableOf = () => new PointTable((one, other) => one < other);

/** Points that come and go by chance, looked at from everywhere after each. */
function play(hashOf: (random: () => number) => number, steps: number, seed: number): void {
  const random = seededRandom(seed);
  const table = tableOf();
  const points: Point[] = [];
  for (let step = 0; step < steps; step++) {
    if (points.length > 0 && random() < 0.4) {
      const [gone] = points.splice(Math.floor(random() * points.length), 1);
      table.remove(gone!.hash, gone!.owner);
    } else {
      const point = { hash: hashOf(random), owner: step };
      table.expect(points.length + 1);
      table.insert(point.hash, point.owner);
      points.push(point);
    }
    if (points.length === 0) continue;
    for (const hash of [
      0,
      1,
      LAST,
      Math.floor(random() * 2 ** 32),
      points[0]!.hash,
      (points[0]!.hash + 1) % 2 ** 32,
    ]) {
      expect(around(table, hash, points.length)).toEqual(expected(points, hash));
    }
  }
}

describe('a table of points', () => {
  it.each<[string, (random: () => number) => number]>([
    ['anywhere', random => Math.floor(random() * 2 ** 32)],
    ['close together', random => 1_000_000 + Math.floor(random() * 8)],
    ['at the very end', random => LAST - Math.floor(random() * 4)],
    ['at both ends', random => (random() < 0.5 ? 0 : LAST)],
  ])('has those %s in order, whatever comes and goes', (_, hashOf) => {
    for (let seed = 1; seed <= 5; seed++) play(hashOf, 200, seed);
  });

  it('gives those with one hash the order that it was told', () => {
    const table = new PointTable((one, other) => one > other);
    table.expect(4);
    for (const owner of [2, 0, 3, 1]) table.insert(7, owner);
    expect(around(table, 7, 4)).toEqual([3, 2, 1, 0]);
  });

  it('has room for more than it was told, and for those that all want the last place', () => {
    const table = tableOf();
    table.expect(1);
    for (let owner = 0; owner < 100; owner++) table.insert(LAST, owner);
    expect(around(table, 5, 100)).toEqual(Array.from({ length: 100 }, (_, owner) => owner));
    // And it is laid out anew with all of them there.
    table.expect(5_000);
    expect(around(table, 5, 100)).toEqual(Array.from({ length: 100 }, (_, owner) => owner));
    table.expect(101);
    expect(around(table, 5, 100)).toEqual(Array.from({ length: 100 }, (_, owner) => owner));
  });
});
