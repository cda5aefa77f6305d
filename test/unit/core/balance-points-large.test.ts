import { describe, expect, it } from 'vitest';
import { PointTable } from '../../../src/core/balance-points.js';
import { seededRandom } from '../../../src/testing/seeded-random.js';

describe('a table of many points', () => {
  it('takes time for the neighbours of a point and not for all of them', () => {
    const count = 200_000;
    const random = seededRandom(5);
    const table = new PointTable((one, other) => one < other);
    table.expect(count);
    const hashes = Array.from({ length: count }, () => Math.floor(random() * 2 ** 32));
    for (const [owner, hash] of hashes.entries()) table.insert(hash, owner);
    // Were it the whole table each time, this would be 8e9 moves.
    hashes.forEach((hash, owner) => {
      table.remove(hash, owner);
      table.insert(hash, owner);
    });
    const least = hashes.reduce((one, other) => Math.min(one, other));
    expect(table.ownerAt(table.placeOf(0))).toBe(hashes.indexOf(least));
  });
});
