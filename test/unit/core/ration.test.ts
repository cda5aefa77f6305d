import { describe, expect, it } from 'vitest';
import type { Ahead, Allowance } from '../../../src/core/allowance.js';
import { Bucket } from '../../../src/core/bucket.js';
import { type Claim, Ration } from '../../../src/core/ration.js';
import { SlidingWindow } from '../../../src/core/sliding-window.js';

const claim = (cost: number): Claim => ({ cost, rank: 0, previous: undefined, next: undefined });
const rule = { limit: 2, perMs: 100, burst: 2 };

describe.each<[string, () => Allowance, number[]]>([
  ['a bucket', () => new Bucket(rule, 0), [50, 100, 200]],
  ['a sliding window', () => new SlidingWindow(rule), [100, 100, 200]],
])('a ration of %s', (_, make, [one, two, four]) => {
  it('is served in the order of coming, each at the time that was known before', () => {
    const ration = new Ration(make(), 9);
    expect(ration.firstDueAt(0)).toBe(Number.POSITIVE_INFINITY);
    expect(ration.take(2, 0)).toBe(true);
    const claims = [claim(1), claim(1), claim(2)];
    const dues = claims.map(waiter => {
      const due = ration.dueAt(waiter.cost, 0);
      ration.join(waiter);
      return due;
    });
    expect(dues).toEqual([one, two, four]);
    const served: number[] = [];
    for (let due = ration.firstDueAt(0); due < Infinity; due = ration.firstDueAt(due)) {
      served.push(due);
      ration.serve(ration.first!, due);
    }
    expect(served).toEqual(dues);
  });

  it('knows when those are served who wait with others that cost more or less', () => {
    const ration = new Ration(make(), 9);
    ration.take(2, 0);
    const dues = [1, 2, 1, 1, 2].map(cost => {
      const due = ration.dueAt(cost, 0);
      ration.join(claim(cost));
      return due;
    });
    const served: number[] = [];
    for (let due = ration.firstDueAt(0); due < Infinity; due = ration.firstDueAt(due)) {
      served.push(due);
      ration.serve(ration.first!, due);
    }
    expect(dues).toEqual(served);
  });

  it('lets nobody in before those who wait, except what costs nothing', () => {
    const ration = new Ration(make(), 9);
    ration.take(2, 0);
    const first = claim(2);
    ration.join(first);
    expect(ration.take(1, 60)).toBe(false);
    expect(ration.takeRoughly(1, 60)).toBe(false);
    expect(ration.take(0, 60)).toBe(true);
    expect(ration.available(1_000)).toBe(2);
    expect(ration.restsAt).toBe(Number.POSITIVE_INFINITY);
    expect(ration.leave(first)).toBe(true);
    expect(ration.leave(first)).toBe(false);
    ration.serve(first, 1_000);
    expect(ration.restsAt).toBe(100);
    expect(ration.take(2, 1_000)).toBe(true);
  });

  it('moves those behind up when one leaves (RL6)', () => {
    const ration = new Ration(make(), 2);
    ration.take(2, 0);
    const gone = claim(2);
    ration.join(gone);
    ration.join(claim(1));
    expect(ration.isFull).toBe(true);
    ration.leave(gone);
    expect(ration.waiting).toBe(1);
    expect(ration.firstDueAt(10)).toBe(one);
    expect(ration.dueAt(1, 10)).toBe(two);
    ration.update({ limit: 4, perMs: 100, burst: 4 }, 10);
    expect(ration.most).toBe(4);
  });
});

describe('a ration that is asked roughly', () => {
  it('asks its allowance, unless somebody waits', () => {
    const ration = new Ration(new Bucket({ limit: 10, perMs: 1_000, burst: 10 }, 0), 9);
    expect([ration.takeRoughly(1, 0), ration.takeRoughly(9, 0)]).toEqual([true, false]);
    ration.join(claim(1));
    expect(ration.takeRoughly(1, 0)).toBe(false);
  });
});

describe('those ahead', () => {
  it('are known to cost the same as long as they do', () => {
    const told: (number | undefined)[] = [];
    const window = new SlidingWindow({ limit: 5, perMs: 100, burst: 5 });
    const listening = Object.create(window, {
      dueAt: { value: (_cost: number, _now: number, ahead: Ahead) => told.push(ahead.each) },
    }) as Allowance;
    const ration = new Ration(listening, 9);
    const claims = [2, 2, 3, 2].map(claim);
    for (const one of claims) {
      ration.join(one);
      ration.dueAt(1, 0);
    }
    ration.leave(claims[2]!);
    ration.dueAt(1, 0);
    for (const one of claims) ration.leave(one);
    ration.join(claim(4));
    ration.dueAt(1, 0);
    expect(told).toEqual([2, 2, undefined, undefined, 2, 4]);
  });
});
