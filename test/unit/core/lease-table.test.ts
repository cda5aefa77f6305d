import { describe, expect, it } from 'vitest';
import { Tombstones } from '../../../src/core/lease.js';
import { type LeaseRules, LeaseTable } from '../../../src/core/lease-table.js';

const rules: LeaseRules = {
  ...{ preserveRatio: 0.5, preserveFrom: 4, preserveWindowMs: 100, preserveMs: 250, suspendMs: 50 },
  ...{ tombstoneMs: 1_000, maxLeases: 2_000, maxTombstones: 3, maxChanges: 100 },
};

const tableOf = (changes: Partial<LeaseRules> = {}) =>
  new LeaseTable<string>({ ...rules, ...changes }, (one, other) => one === other, 0);

const order = (id: string, incarnation = 1, value = 'x', ttlMs = 10, group = 's') => ({
  ...{ group, id, incarnation, ttlMs, value },
});

const idsOf = (table: LeaseTable<string>, group = 's') => [...table.leases(group).keys()].join('');

describe('a table of leases', () => {
  it('ends a lease at exactly its end', () => {
    const table = tableOf();
    table.register(order('a'), 5);
    expect(table.earliest).toBe(15);
    table.pass(14.999);
    expect(idsOf(table)).toBe('a');
    table.pass(15);
    expect(idsOf(table)).toBe('');
    expect(table.earliest).toBe(Infinity);
  });

  it('answers a heartbeat at exactly the end that it is unknown', () => {
    const table = tableOf();
    table.register(order('a'), 0);
    expect(table.renew('s', 'a', 1, 10)).toBe('unknown');
    expect(table.register(order('a'), 10)).toEqual({ kind: 'added' });
  });

  it('renews without a look at the heap, and finds the end all the same', () => {
    const table = tableOf();
    table.register(order('a'), 0);
    expect(table.renew('s', 'a', 1, 9)).toBe('renewed');
    expect(table.revision('s')).toBe(1);
    expect(table.earliest).toBe(10);
    table.pass(10);
    expect(table.earliest).toBe(19);
    table.pass(19);
    expect(table.size).toBe(0);
  });

  it('ends a lease that was made shorter at its new end', () => {
    const table = tableOf();
    table.register(order('a', 1, 'x', 40), 0);
    expect(table.register(order('a', 2, 'x', 5), 1)).toEqual({ kind: 'changed' });
    expect(table.earliest).toBe(6);
    table.pass(6);
    expect([table.size, table.earliest]).toEqual([0, Infinity]);
  });

  it('names whoever came, changed or left, and nobody who said the same again', () => {
    const table = tableOf();
    const seen: string[] = [];
    const note = (before: number) => seen.push([...table.touched('s', before)!].join());
    for (const step of [
      () => table.register(order('a'), 0),
      () => table.register(order('a'), 0),
      () => table.register(order('a', 2), 0),
      () => table.renew('s', 'a', 2, 0),
      () => table.deregister('s', 'a', 2, 0),
    ]) {
      const before = table.revision('s');
      step();
      note(before);
    }
    expect(seen).toEqual(['a', '', 'a', '', 'a']);
    expect([table.preserved('s'), table.earliest]).toEqual([0, Infinity]);
    expect(table.deregister('s', 'a', 2, 0)).toBe('unknown');
    expect([table.register(order('a', 3), 0).kind, table.tombstones]).toEqual(['added', 0]);
  });

  it('makes one revision of all that ends at one time, and names it', () => {
    const table = tableOf({ preserveRatio: 1 });
    for (const id of ['a', 'b', 'c']) table.register(order(id), 0);
    table.takeChanged();
    const before = table.revision('s');
    table.pass(10);
    expect(table.revision('s')).toBe(before + 1);
    expect([...table.touched('s', before)!].sort()).toEqual(['a', 'b', 'c']);
    expect(table.takeChanged()).toEqual(['s']);
    expect(table.takeChanged()).toEqual([]);
  });

  it('keeps groups apart', () => {
    const table = tableOf();
    table.register(order('a'), 0);
    table.register(order('a', 9, 'y', 10, 't'), 0);
    expect(table.deregister('s', 'a', 1, 1)).toBe('removed');
    expect([table.groups(), table.revision('s'), table.revision('t')]).toEqual([['t'], 2, 1]);
    expect(table.leases('u').size).toBe(0);
    expect([table.preserved('u'), table.touched('u', 0)]).toEqual([0, undefined]);
  });

  it('is full at its limit, and only for those that are new', () => {
    const table = tableOf({ maxLeases: 1 });
    table.register(order('a'), 0);
    expect(table.register(order('b'), 0)).toEqual({ kind: 'full' });
    expect(table.register(order('a', 2), 0)).toEqual({ kind: 'changed' });
    expect(table.register(order('a', 2), 0)).toEqual({ kind: 'renewed' });
  });

  it('names the incarnation that it knows to whoever is too late', () => {
    const table = tableOf();
    table.register(order('a', 5), 0);
    expect(table.register(order('a', 4), 0)).toEqual({ kind: 'stale', incarnation: 5 });
    expect(table.register(order('a', 5, 'y'), 0)).toEqual({ kind: 'stale', incarnation: 5 });
    expect([table.renew('s', 'a', 4, 0), table.renew('s', 'a', 6, 0)]).toEqual(['stale', 'unknown']);
    expect(table.deregister('s', 'a', 4, 0)).toBe('stale');
    expect(table.deregister('s', 'a', 7, 0)).toBe('removed');
    expect(table.register(order('a', 7), 0)).toEqual({ kind: 'stale', incarnation: 7 });
    expect(table.renew('s', 'a', 6, 0)).toBe('stale');
  });

  it('goes on with the revisions of a group that it had to forget', () => {
    const table = tableOf();
    table.register(order('a'), 0);
    table.register(order('b'), 0);
    table.deregister('s', 'a', 1, 0);
    table.deregister('s', 'b', 1, 0);
    const last = table.revision('s');
    expect(table.touched('s', last)?.size).toBe(0);
    for (const id of ['a', 'b']) table.register(order(id, 1, 'x', 10, 'half'), 0);
    table.deregister('half', 'a', 1, 0);
    for (let at = 0; at < 1_000; at++) {
      table.register(order('a', 1, 'x', 10, `g${at}`), 0);
      table.deregister(`g${at}`, 'a', 1, 0);
    }
    expect(table.touched('s', last)).toBeUndefined();
    expect(table.revision('s')).toBeGreaterThanOrEqual(last);
    table.register(order('a', 2), 0);
    expect(table.revision('s')).toBeGreaterThan(last);
    expect(table.touched('g999', 2)?.size).toBe(0);
    expect(idsOf(table, 'half')).toBe('b');
  });
});

describe('self-preservation', () => {
  const four = (changes: Partial<LeaseRules> = {}) => {
    const table = tableOf(changes);
    for (const id of ['a', 'b', 'c', 'd']) table.register(order(id), 0);
    return table;
  };

  it('keeps those that end together, and says which they are', () => {
    const table = four();
    table.renew('s', 'a', 1, 5);
    const before = table.revision('s');
    table.pass(10);
    const preserved = [...table.leases('s').values()].map(lease => lease.preserved);
    expect(preserved).toEqual([false, true, true, true]);
    expect(table.preserved('s')).toBe(3);
    expect([...table.touched('s', before)!].sort()).toEqual(['b', 'c', 'd']);
  });

  it('ends when they are heard of again', () => {
    const table = four();
    table.pass(10);
    const before = table.revision('s');
    expect(table.renew('s', 'a', 1, 20)).toBe('renewed');
    expect([...table.touched('s', before)!]).toEqual(['a']);
    expect(table.register(order('b'), 20)).toEqual({ kind: 'renewed' });
    expect(table.register(order('c', 2), 20)).toEqual({ kind: 'changed' });
    expect([table.preserved('s'), table.revision('s')]).toEqual([1, before + 3]);
    expect(table.deregister('s', 'd', 1, 20)).toBe('removed');
    expect(table.preserved('s')).toBe(0);
  });

  it('judges those that are left again after a window, by how many they are then', () => {
    const table = four();
    table.pass(10);
    for (let now = 15; now < 110; now += 5) for (const id of 'ab') table.renew('s', id, 1, now);
    expect(idsOf(table)).toBe('abcd');
    for (const id of 'ab') table.renew('s', id, 1, 109);
    table.pass(110);
    expect(idsOf(table)).toBe('ab');
  });

  it('counts those that went a little earlier', () => {
    const table = tableOf({ suspendMs: 1_000 });
    for (const [at, id] of ['a', 'b', 'c', 'd'].entries()) table.register(order(id, 1, 'x', 10 + at), 0);
    for (const now of [10, 11, 12]) table.pass(now);
    expect([idsOf(table), table.preserved('s')]).toEqual(['cd', 1]);
  });

  it('ends for good a while after the end of the leases', () => {
    const table = four();
    table.pass(10);
    const before = table.revision('s');
    for (let now = 10; now < 260; now += 10) table.pass(now);
    expect([idsOf(table), table.preserved('s')]).toEqual(['abcd', 4]);
    table.pass(259.999);
    expect([idsOf(table), table.revision('s')]).toEqual(['abcd', before]);
    table.pass(260);
    expect(idsOf(table)).toBe('');
  });

  it('is for groups that are large enough', () => {
    const table = four({ preserveFrom: 5 });
    table.pass(10);
    expect(idsOf(table)).toBe('');
  });
});

describe('a process that stands still', () => {
  it('does not count the time, and says how much it was', () => {
    const table = tableOf({ preserveRatio: 1 });
    table.register(order('a'), 0);
    table.pass(51);
    expect([idsOf(table), table.skippedMs, table.earliest]).toEqual(['a', 51, 61]);
    expect(table.renew('s', 'a', 1, 60)).toBe('renewed');
    table.pass(69);
    expect(idsOf(table)).toBe('a');
    table.pass(70);
    expect(idsOf(table)).toBe('');
  });

  it('has not stood still for as long as it may be slow, nor when there was nothing to look for', () => {
    const table = tableOf({ preserveRatio: 1 });
    table.pass(1_000);
    expect(table.skippedMs).toBe(0);
    table.register(order('a'), 1_000);
    table.pass(1_050);
    expect([idsOf(table), table.skippedMs]).toEqual(['', 0]);
  });
});

describe('what is over', () => {
  it('is known for a while, and then it may come back', () => {
    const table = tableOf();
    table.deregister('s', 'a', 3, 0);
    expect([table.tombstones, table.register(order('a', 3), 999).kind]).toEqual([1, 'stale']);
    expect(table.register(order('a', 3), 1_000).kind).toBe('added');
    expect(table.tombstones).toBe(0);
  });

  it('is forgotten, the oldest first, when there is too much of it', () => {
    const table = tableOf();
    for (const id of ['a', 'b', 'c', 'd']) table.deregister('s', id, 1, 0);
    expect(table.tombstones).toBe(3);
    expect(['a', 'b'].map(id => table.renew('s', id, 1, 0))).toEqual(['unknown', 'stale']);
  });

  it('is known by its latest life, and one that was ended by its owner stays ended', () => {
    const stones = new Tombstones(10, 100);
    stones.bury('a', 5, true, 0);
    stones.bury('a', 4, true, 0);
    expect([4, 5, 6].map(incarnation => stones.against('a', incarnation))).toEqual([5, 5, undefined]);
    stones.bury('a', 5, false, 0);
    expect(stones.against('a', 5)).toBe(5);
    stones.bury('a', 6, false, 0);
    expect([5, 6].map(incarnation => stones.against('a', incarnation))).toEqual([6, undefined]);
    stones.bury('a', 6, true, 0);
    expect(stones.against('a', 6)).toBe(6);
    expect(stones.size).toBe(1);
  });

  it('is remembered for its time from the last word of it', () => {
    const stones = new Tombstones(10, 100);
    stones.bury('a', 1, true, 0);
    stones.bury('b', 1, true, 50);
    stones.bury('a', 1, true, 60);
    stones.sweep(150);
    expect(['a', 'b'].map(key => stones.against(key, 1))).toEqual([1, undefined]);
    stones.sweep(159);
    expect(stones.size).toBe(1);
    stones.sweep(160);
    expect(stones.size).toBe(0);
  });
});
