import { describe, expect, it } from 'vitest';
import { Hold, OutboxHolds } from '../../../src/core/outbox-holds.js';

const rules = { leaseMs: 100, marginMs: 20 };
const grants = (from: number, to: number, epoch = 1) =>
  Array.from({ length: to - from }, (_, at) => ({ bucket: from + at, epoch, suspectTo: undefined }));

describe('the buckets of a relay', () => {
  it('are there to stay when they come', () => {
    const [grant] = grants(3, 4, 7);
    expect(new Hold(grant!, 100)).toEqual({ ...grant, until: 100, leaving: false, open: 0 });
  });

  it('count from before they were asked for, and nothing begins near their end', () => {
    const holds = new OutboxHolds(rules);
    expect([holds.size, holds.hungry]).toEqual([0, true]);
    expect(holds.learn([{ bucket: 3, epoch: 7, suspectTo: 11 }], 1, 1_000)).toEqual([]);
    const hold = holds.get(3)!;
    expect(hold).toMatchObject({ bucket: 3, epoch: 7, suspectTo: 11, until: 1_100, leaving: false, open: 0 });
    expect([1_000, 1_079, 1_080].map(now => holds.mayBegin(hold, now))).toEqual([true, true, false]);
    expect(holds.readable(1_079)).toEqual([hold]);
    expect(holds.readable(1_080)).toEqual([]);
    holds.learn([{ bucket: 3, epoch: 7, suspectTo: undefined }], 1, 1_050);
    expect(holds.get(3)).toBe(hold);
    expect(holds.mayBegin(hold, 1_080)).toBe(true);
    // What it found out itself is not taken back.
    expect(hold.suspectTo).toBe(11);
  });

  it('are lost when the store does not name them, or names another epoch', () => {
    const holds = new OutboxHolds(rules);
    holds.learn(grants(0, 3), 1, 0);
    const [zero, one, two] = [0, 1, 2].map(bucket => holds.get(bucket)!);
    const lost = holds.learn([...grants(0, 1), ...grants(1, 2, 5)], 1, 50);
    expect(lost).toEqual([one, two]);
    expect([zero, one, two].map(hold => holds.has(hold!))).toEqual([true, false, false]);
    expect(holds.get(1)).toMatchObject({ epoch: 5 });
    holds.drop(one!);
    expect(holds.get(1)).toMatchObject({ epoch: 5 });
    expect(holds.mayBegin(one!, 50)).toBe(false);
    holds.drop(zero!);
    expect(holds.size).toBe(1);
  });

  it('go to others as many as are too many, those first in which nothing is open', () => {
    const holds = new OutboxHolds(rules);
    holds.learn(grants(0, 64), 1, 0);
    expect(holds.hungry).toBe(false);
    for (let bucket = 0; bucket < 40; bucket++) holds.get(bucket)!.open = 1;
    holds.learn(grants(0, 64), 2, 10);
    expect(holds.readable(10)).toHaveLength(32);
    expect(holds.mayRelease).toBe(true);
    const plan = holds.plan();
    expect(plan.release.map(({ bucket }) => bucket)).toEqual(Array.from({ length: 24 }, (_, at) => 40 + at));
    expect(plan.keep).toHaveLength(40);
    expect([holds.size, holds.hungry, holds.mayRelease]).toEqual([40, false, false]);
    for (let bucket = 0; bucket < 40; bucket++) holds.get(bucket)!.open = 0;
    expect(holds.plan().release).toHaveLength(8);
    expect(holds.plan()).toMatchObject({ release: [] });
    expect(holds.size).toBe(32);
  });

  it('stay when those who came are gone again', () => {
    const holds = new OutboxHolds(rules);
    holds.learn(grants(0, 64), 2, 0);
    expect(holds.readable(0)).toHaveLength(32);
    holds.learn(grants(0, 64), 1, 10);
    expect(holds.readable(10)).toHaveLength(64);
    expect(holds.plan().release).toEqual([]);
  });
});
