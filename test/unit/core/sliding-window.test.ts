import { describe, expect, it } from 'vitest';
import type { Ahead } from '../../../src/core/allowance.js';
import { SlidingWindow } from '../../../src/core/sliding-window.js';

const rule = (limit: number, perMs: number) => ({ limit, perMs, burst: limit });
const ahead = (...costs: number[]): Ahead => ({
  total: costs.reduce((sum, cost) => sum + cost, 0),
  [Symbol.iterator]: () => costs[Symbol.iterator](),
});

function drain(window: SlidingWindow, now: number): number {
  let taken = 0;
  while (taken < 10_000 && window.take(1, now)) taken++;
  return taken;
}

describe('a sliding window', () => {
  it('lets the limit pass in any window, and each again exactly one period later', () => {
    const window = new SlidingWindow(rule(3, 100));
    for (const now of [0, 40, 60]) expect(window.take(1, now)).toBe(true);
    expect(window.take(1, 99.999)).toBe(false);
    expect(window.take(1, 100)).toBe(true);
    expect(window.take(1, 139)).toBe(false);
    expect(drain(window, 160)).toBe(2);
  });

  it('has no double burst at the border of two fixed windows (RL8)', () => {
    const window = new SlidingWindow(rule(10, 1_000));
    expect(drain(window, 999)).toBe(10);
    expect(drain(window, 1_001)).toBe(0);
    expect(drain(window, 1_999)).toBe(10);
  });

  it('takes a cost as a whole or not at all', () => {
    const window = new SlidingWindow(rule(5, 100));
    expect(window.take(3, 0)).toBe(true);
    expect(window.take(3, 50)).toBe(false);
    expect(window.available(50)).toBe(2);
    expect(window.take(2, 50)).toBe(true);
    expect(window.take(4, 149)).toBe(false);
    expect(window.take(4, 150)).toBe(true);
    expect(window.take(0, 150)).toBe(true);
    expect(window.take(2, 150)).toBe(false);
    expect(window.available(150)).toBe(1);
  });

  it('never takes what costs more than the limit', () => {
    const window = new SlidingWindow(rule(2, 100));
    expect(window.take(3, 0)).toBe(false);
    expect(window.take(2, 0)).toBe(true);
    expect(window.take(3, 1e9)).toBe(false);
  });

  it('gives nothing when the clock goes back (RL3)', () => {
    const window = new SlidingWindow(rule(2, 100));
    expect(window.take(1, 1_000)).toBe(true);
    expect(window.take(1, 0)).toBe(true);
    expect(drain(window, 500)).toBe(0);
    expect(drain(window, 1_099)).toBe(0);
    expect(drain(window, 1_100)).toBe(2);
  });

  it('goes on by the newest times when its limit is lowered', () => {
    const window = new SlidingWindow(rule(5, 100));
    for (let now = 0; now < 5; now++) window.take(1, now);
    window.update(rule(2, 100));
    expect([102, 103, 104].map(now => window.take(1, now))).toEqual([false, true, true]);
    expect([150, 202, 203, 204].map(now => window.take(1, now))).toEqual([false, false, true, true]);
  });

  it('holds no more than its limit, however long it is used', () => {
    const window = new SlidingWindow(rule(3, 1));
    for (let now = 0; now < 100_000; now++) window.take(3, now);
    const start = performance.now();
    for (let i = 0; i < 1_000; i++) expect(window.available(100_000)).toBe(3);
    // One that remembers all of them would look at 300 000 each time.
    expect(performance.now() - start).toBeLessThan(2_000);
  });

  it('is never asked roughly', () => {
    expect(new SlidingWindow(rule(2, 100)).takeRoughly()).toBe(false);
  });

  it('names the time of one more, whose forerunners leave stamps of their own', () => {
    const window = new SlidingWindow(rule(2, 100));
    expect(window.dueAt(2, 0, ahead())).toBe(0);
    window.take(1, 0);
    window.take(1, 30);
    expect(window.dueAt(1, 40, ahead())).toBe(100);
    expect(window.dueAt(1, 40, ahead(1))).toBe(130);
    expect(window.dueAt(1, 40, ahead(1, 1))).toBe(200);
    expect(window.dueAt(1, 40, ahead(2))).toBe(230);
    expect(window.dueAt(2, 40, ahead(1))).toBe(200);
    expect(window.dueAt(2, 40, ahead(1, 2, 1))).toBe(400);
    expect(window.dueAt(1, 500, ahead(1))).toBe(500);
  });

  it.each([1, 2, 3, 4, 5, 7])(
    'leaps over a line of equals to the time that a walk finds, with a limit of %i',
    most => {
      const window = new SlidingWindow(rule(most, 100));
      for (let unit = 0; unit < most; unit++) window.take(1, 13 * unit);
      for (let each = 1; each <= most; each++) {
        for (let count = 0; count <= 4 * most; count++) {
          const walked = ahead(...new Array<number>(count).fill(each));
          const leapt: Ahead = {
            total: walked.total,
            each,
            [Symbol.iterator]: () => {
              throw new Error('walked');
            },
          };
          for (let cost = 1; cost <= most; cost++) {
            for (const now of [0, 13 * most, 105, 500]) {
              expect([count, cost, window.dueAt(cost, now, leapt)]).toEqual([
                count,
                cost,
                window.dueAt(cost, now, walked),
              ]);
            }
          }
        }
      }
    },
  );

  it('knows from when it is as new', () => {
    const window = new SlidingWindow(rule(2, 100));
    expect(window.restsAt).toBe(Number.NEGATIVE_INFINITY);
    window.take(0, 5);
    expect(window.restsAt).toBe(Number.NEGATIVE_INFINITY);
    window.take(1, 5);
    expect(window.restsAt).toBe(105);
  });

  it.each([
    [3, 100, 40, 0],
    [4, 100, 40, 1],
    [2, 100, 109, 0],
    [2, 100, 110, 1],
    [3, 50, 60, 2],
    [3, 200, 150, 0],
  ])('goes by another rule from now on: %d of %d ms, at %d', (limit, perMs, now, free) => {
    const window = new SlidingWindow(rule(3, 100));
    // The ring has come round once.
    for (const at of [-200, -100, 0, 10, 20]) expect(window.take(1, at)).toBe(true);
    window.update(rule(limit, perMs));
    expect(window.most).toBe(limit);
    expect(window.available(now)).toBe(free);
    expect(drain(window, now)).toBe(free);
  });
});
