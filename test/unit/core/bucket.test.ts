import { describe, expect, it } from 'vitest';
import type { Ahead } from '../../../src/core/allowance.js';
import { Bucket } from '../../../src/core/bucket.js';

const rule = (limit: number, perMs: number, burst = limit) => ({ limit, perMs, burst });
const nobody: Ahead = { total: 0, *[Symbol.iterator]() {} };
const behind = (total: number): Ahead => ({ ...nobody, total });

/** Takes one by one until refused, which comes soon. */
function drain(bucket: Bucket, now: number): number {
  let taken = 0;
  while (taken < 1_000 && bucket.take(1, now)) taken++;
  return taken;
}

describe('a bucket', () => {
  it('starts full, and fills without a pause', () => {
    const bucket = new Bucket(rule(10, 1_000), 0);
    expect(drain(bucket, 0)).toBe(10);
    expect(bucket.take(1, 99)).toBe(false);
    expect(bucket.take(1, 100)).toBe(true);
    expect(bucket.take(1, 100)).toBe(false);
    expect(bucket.available(450)).toBe(3);
    expect(drain(bucket, 450)).toBe(3);
  });

  it('holds its burst and no more, however long it rests (RL3)', () => {
    const bucket = new Bucket(rule(1, 10, 3), 0);
    expect(drain(bucket, 1e12)).toBe(3);
    expect(drain(bucket, 2e12)).toBe(3);
  });

  it.each([0, 0.5, 1, 99, 1e9])('mints nothing when the clock goes back by %d ms (RL3)', back => {
    const bucket = new Bucket(rule(10, 1_000), 2e9);
    expect(drain(bucket, 2e9)).toBe(10);
    expect(drain(bucket, 2e9 - back)).toBe(0);
    expect(drain(bucket, 2e9 + 99)).toBe(0);
    expect(drain(bucket, 2e9 - back)).toBe(0);
    expect(drain(bucket, 2e9 + 100)).toBe(1);
  });

  it('gives what it holds to a clock that is behind', () => {
    const bucket = new Bucket(rule(10, 1_000), 5);
    expect(bucket.take(1, 5)).toBe(true);
    expect(drain(bucket, 4)).toBe(9);
    expect(bucket.available(4)).toBe(0);
  });

  it('names the time at which what it refused may pass, to the millisecond and its fractions', () => {
    const bucket = new Bucket(rule(3, 1_000), 0);
    expect(bucket.dueAt(1, 0, nobody)).toBe(0);
    drain(bucket, 0);
    expect(bucket.dueAt(1, 0, nobody)).toBe(1_000 / 3);
    expect(bucket.dueAt(3, 500, nobody)).toBe(1_000);
    expect(bucket.dueAt(1, 0, behind(8))).toBe(3_000);
    for (const at of [1_000 / 3, 2_000 / 3, 1_000]) {
      expect(bucket.dueAt(1, 0, nobody)).toBe(at);
      expect(bucket.take(1, at - 0.001)).toBe(false);
      expect(bucket.take(1, at)).toBe(true);
    }
  });

  it('forgives the rounding of a time that it named, at any age of the process', () => {
    for (const start of [0.1, 1e6 + 1 / 3, 1e9 + 0.7]) {
      const bucket = new Bucket(rule(7, 900), start);
      drain(bucket, start);
      let now = start;
      for (let i = 0; i < 2_000; i++) {
        now += bucket.dueAt(1, now, nobody) - now;
        expect(bucket.take(1, now)).toBe(true);
      }
      expect(now - start).toBeCloseTo((2_000 * 900) / 7, 4);
    }
  });

  it('takes what costs nothing, empty or full, and never what costs more than the burst', () => {
    const bucket = new Bucket(rule(2, 1_000), 0);
    expect(bucket.take(3, 0)).toBe(false);
    expect(bucket.take(0, 0)).toBe(true);
    expect(bucket.takeRoughly(0, 0)).toBe(true);
    expect(drain(bucket, 0)).toBe(2);
    expect(bucket.take(0, 0)).toBe(true);
    expect(bucket.takeRoughly(0, 0)).toBe(true);
    expect(bucket.take(3, 1e9)).toBe(false);
  });

  it('spends for one whose time has come, late or not', () => {
    const bucket = new Bucket(rule(2, 1_000), 0);
    drain(bucket, 0);
    bucket.spend(1, 500);
    expect(bucket.take(1, 999)).toBe(false);
    bucket.spend(1, 5_000);
    expect(drain(bucket, 5_000)).toBe(1);
  });

  it('knows when it will be full', () => {
    const bucket = new Bucket(rule(4, 1_000), 7);
    expect(bucket.restsAt).toBe(7);
    bucket.take(3, 7);
    expect(bucket.restsAt).toBe(757);
  });

  it.each([
    ['1 of 3 ms', 1, 3, 10],
    ['7 of 11 ms', 7, 11, 10],
    ['1 000 003 of a second', 1_000_003, 1_000, 5_000],
    ['a thousand million of a second', 1e9, 1_000, 5_000_000],
  ])('does not drift in a long siege: %s (RL4)', (_, limit, perMs, burst) => {
    const bucket = new Bucket(rule(limit, perMs, burst), 0);
    bucket.take(burst, 0);
    let taken = 0;
    let refused = 0;
    // Always as much as there is: what is taken in all is what the rate gave, to the token.
    for (let now = 4; now <= 1_000_000; now += 4) {
      const there = bucket.available(now);
      if (!bucket.take(there, now) || bucket.take(1, now)) refused++;
      taken += there;
    }
    expect(taken).toBe(Math.floor((1_000_000 * limit) / perMs));
    expect(refused).toBe(0);
  });

  it('counts a siege of months exactly: the ticks start afresh before they lose a digit (RL4)', () => {
    const bucket = new Bucket(rule(999_999_999, 1_000, 999_999_999), 0);
    const most = bucket.most;
    bucket.take(most, 0);
    // A second's worth in each second, half a second early: it is never full, and owes to the tick.
    const end = 100 * 86_400_000;
    for (let now = 500; now < end; now += 1_000) bucket.spend(most, now);
    expect(bucket.restsAt).toBe(end + 1_000);
    expect(bucket.dueAt(1, end, nobody)).toBe(end + 1_000 / 999_999_999);
    expect(bucket.available(end + 1)).toBe(999_999);
  });
});

describe('a bucket that is asked roughly', () => {
  it('says yes while more than half of its burst is left', () => {
    const bucket = new Bucket(rule(10, 1_000), 0);
    let taken = 0;
    while (taken < 1_000 && bucket.takeRoughly(1, 0)) taken++;
    expect(taken).toBe(5);
    expect(new Bucket(rule(10, 1_000), 0).takeRoughly(5, 0)).toBe(true);
    expect(drain(bucket, 0)).toBe(5);
  });

  it('leaves it to an exact time where a millisecond is worth more than a quarter of the burst', () => {
    expect(new Bucket(rule(1_000, 1_000, 3), 0).takeRoughly(1, 0)).toBe(false);
    expect(new Bucket(rule(1_000, 1_000, 3), 0).takeRoughly(0, 0)).toBe(true);
    expect(new Bucket(rule(1_000, 1_000, 4), 0).takeRoughly(1, 0)).toBe(true);
  });
});

describe('a bucket under another rule', () => {
  it('fills at the new rate from now on', () => {
    const bucket = new Bucket(rule(10, 1_000), 0);
    drain(bucket, 0);
    bucket.update(rule(100, 1_000, 10), 50);
    expect(bucket.available(50)).toBe(0);
    expect(bucket.dueAt(1, 50, nobody)).toBe(55);
    expect(bucket.available(1_000)).toBe(10);
  });

  it.each([
    ['full stays full', 0, 10, 40, 40],
    ['what was taken stays taken', 7, 10, 40, 33],
    ['full stays full when it shrinks', 0, 10, 4, 4],
    ['what is left of a larger one is cut off', 3, 10, 4, 1],
    ['and empty is the least that it can be', 10, 10, 4, 0],
  ])('keeps what is missing: %s', (_, taken, from, to, left) => {
    const bucket = new Bucket(rule(10, 1_000, from), 0);
    bucket.take(taken, 0);
    bucket.update(rule(10, 1_000, to), 0);
    expect(bucket.available(0)).toBe(left);
    bucket.update(rule(10, 1_000, to), 0);
    expect(bucket.available(0)).toBe(left);
  });

  it('mints nothing where the ticks do not fit', () => {
    const bucket = new Bucket(rule(3, 1_000), 0);
    drain(bucket, 0);
    for (let i = 0; i < 100; i++) bucket.update(rule(i % 2 === 0 ? 7 : 3, 1_000, 3), 0);
    expect(bucket.available(0)).toBe(0);
    expect(bucket.restsAt).toBeGreaterThanOrEqual(1_000);
  });

  it('knows the largest burst that it can count exactly', () => {
    expect(Bucket.mostBurst(1_000, 1_000)).toBe(2 ** 51);
    expect(Bucket.mostBurst(1, 1_000)).toBe(Math.floor(2 ** 51 / 1_000));
  });
});

describe('a bucket that takes back', () => {
  it('what was taken for nothing, up to a full bucket and no more', () => {
    const bucket = new Bucket(rule(10, 1_000), 0);
    drain(bucket, 0);
    bucket.refund(4);
    expect(drain(bucket, 0)).toBe(4);
    bucket.refund(100);
    expect(drain(bucket, 50)).toBe(10);
    bucket.refund(3);
    expect(drain(bucket, 10_000)).toBe(10);
  });

  it('what was spent ahead of time: those who come later wait less', () => {
    const bucket = new Bucket(rule(10, 1_000), 0);
    drain(bucket, 0);
    bucket.spend(5, 0);
    expect(bucket.dueAt(1, 0, nobody)).toBe(600);
    bucket.refund(5);
    expect(bucket.dueAt(1, 0, nobody)).toBe(100);
  });
});
