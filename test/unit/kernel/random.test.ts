import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { IdSeries, newHexId, newId, systemRandom } from '../../../src/kernel/random.js';

describe('random', () => {
  it('is uniform chance and ids that differ', () => {
    for (let i = 0; i < 100; i++) {
      const chance = systemRandom();
      expect(chance >= 0 && chance < 1).toBe(true);
    }
    expect(new Set(Array.from({ length: 100 }, newId)).size).toBe(100);
  });

  it('is ids that are one text, and not the pieces that they were put together of', () => {
    setFlagsFromString('--expose-gc');
    const collect: () => void = runInNewContext('gc');
    const kept = new Array<string>(20_000).fill('');
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let at = 0; at < kept.length; at++) kept[at] = newId();
    collect();
    // 36 characters and what every text has; in pieces it is 486.
    expect((process.memoryUsage().heapUsed - before) / kept.length).toBeLessThan(150);
  });

  it('is ids in series: of the form of a UUID, and none twice, past the end of a beginning too', () => {
    const [one, other] = [new IdSeries(), new IdSeries()];
    const ids = new Set(Array.from({ length: 70_000 }, () => one.next()));
    expect(ids.size).toBe(70_000);
    for (const id of ids)
      expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    const all = [...ids];
    const beginnings = new Set(all.map(id => id.slice(0, 32)));
    expect(beginnings.size).toBe(2);
    expect([all[0], all[1], all[256], all[65_535]].map(id => id?.slice(-4))).toEqual([
      '0000',
      '0001',
      '0100',
      'ffff',
    ]);
    expect(ids.has(other.next())).toBe(false);
  });

  it('is ids in hex that differ, and are never all zero', () => {
    expect(new Set(Array.from({ length: 100 }, () => newHexId(8))).size).toBe(100);
    expect(newHexId(8)).toMatch(/^[\da-f]{16}$/);
    expect(newHexId(3, () => 0.999)).toBe('ffffff');
    expect(newHexId(2, () => 0)).toBe('0001');
    const chances = [0.5, 0, 0.7];
    expect(newHexId(2, () => chances.shift()!)).toBe('8000');
    // A chance that is shared, as by a simulation, is drawn from no more often than needed.
    expect(chances).toEqual([0.7]);
  });
});
