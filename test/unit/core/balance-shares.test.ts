import { describe, expect, it } from 'vitest';
import { type SharedHost, sharesByPriority, sharesByZone } from '../../../src/core/balance-shares.js';

const host = (facts: Partial<SharedHost> = {}): SharedHost => ({
  weight: 1,
  zone: 'a',
  priority: 0,
  healthy: true,
  ...facts,
});
const many = (count: number, facts?: Partial<SharedHost>) => Array.from({ length: count }, () => host(facts));
const partsOf = (shares: readonly { part: number }[]) =>
  shares.map(({ part }) => Math.round(part * 1_000) / 1_000);

describe('shares by priority', () => {
  it('give all to the first level for as long as 1.4 times its healthy hosts are enough', () => {
    const second = many(2, { priority: 1 });
    expect(partsOf(sharesByPriority([...second, ...many(10)]))).toEqual([1]);
    expect(partsOf(sharesByPriority([...many(8), ...many(2, { healthy: false }), ...second]))).toEqual([1]);
    const half = [...many(5), ...many(5, { healthy: false }), ...second];
    expect(partsOf(sharesByPriority(half))).toEqual([0.7, 0.3]);
  });

  it('are the list itself where all are healthy and of one level', () => {
    const hosts = many(3, { priority: 2 });
    expect(sharesByPriority(hosts)[0]!.hosts).toBe(hosts);
  });

  it('come in the order of the levels, as numbers', () => {
    const half = (priority: number) => [host({ priority }), host({ priority, healthy: false })];
    for (const order of [
      [10, 9, 0],
      [0, 10, 9],
      [9, 0, 10],
    ]) {
      const shares = sharesByPriority(order.flatMap(half));
      // Each is good for 1.4 times a half; the third is not needed any more.
      expect(partsOf(shares)).toEqual([0.7, 0.3]);
      expect(shares.map(({ hosts }) => hosts[0]!.priority)).toEqual([0, 9]);
    }
  });

  it('grow in proportion where all levels together cannot take all', () => {
    const few = (priority: number) => [...many(1, { priority }), ...many(9, { priority, healthy: false })];
    expect(partsOf(sharesByPriority([...few(0), ...few(1)]))).toEqual([0.5, 0.5]);
  });

  it('leave out levels of which nobody is healthy, and are none where nobody is', () => {
    expect(partsOf(sharesByPriority([...many(2, { healthy: false }), ...many(2, { priority: 3 })]))).toEqual([
      1,
    ]);
    expect(sharesByPriority(many(2, { healthy: false }))).toEqual([]);
    expect(sharesByPriority([])).toEqual([]);
  });
});

describe('shares by zone', () => {
  it('stay where the zone has its share of the hosts', () => {
    const shares = sharesByZone([...many(3), ...many(3, { zone: 'b' })], 'a', 6);
    expect(shares.map(({ hosts, part }) => [hosts.length, part])).toEqual([[3, 1]]);
  });

  it('stay where the zone has more than its share, or just its share while others have more', () => {
    const more = sharesByZone([...many(4), ...many(2, { zone: 'b' })], 'a', 6);
    expect(more.map(({ hosts, part }) => [hosts.length, part])).toEqual([[4, 1]]);
    const just = sharesByZone([...many(2), host({ zone: 'b' }), ...many(3, { zone: 'c' })], 'a', 6);
    expect(just.map(({ hosts, part }) => [hosts.length, part])).toEqual([[2, 1]]);
  });

  it('spill what the zone cannot take, to those that have more than their share', () => {
    const hosts = [...many(2), ...many(4, { zone: 'b' }), ...many(6, { zone: 'c' })];
    const shares = sharesByZone(hosts, 'a', 6);
    expect(partsOf(shares)).toEqual([0.5, 0.5]);
    expect(shares[1]!.hosts[0]!.zone).toBe('c');
    // Of ten a third is 10/3: here are 3/10 of that, and b and c have 5/3 and 2/3 more.
    const both = sharesByZone([host(), ...many(5, { zone: 'b' }), ...many(4, { zone: 'c' })], 'a', 6);
    expect(partsOf(both)).toEqual([0.3, 0.5, 0.2]);
    expect(both.map(share => share.hosts[0]!.zone)).toEqual(['a', 'b', 'c']);
    const heavy = [host({ weight: 0.5 }), ...many(4, { zone: 'b' }), ...many(6, { zone: undefined })];
    expect(partsOf(sharesByZone(heavy, 'a', 6)).reduce((sum, part) => sum + part, 0)).toBeCloseTo(1);
  });

  it('are one where there are few hosts, one zone, or none here', () => {
    const hosts = [...many(2), ...many(4, { zone: 'b' })];
    expect(sharesByZone(hosts, 'a', 7)).toEqual([{ hosts, part: 1 }]);
    expect(sharesByZone(hosts, 'z', 1)).toEqual([{ hosts, part: 1 }]);
    expect(sharesByZone(many(6), 'a', 1)).toHaveLength(1);
  });
});
