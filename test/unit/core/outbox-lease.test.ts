import { describe, expect, it } from 'vitest';
import {
  type BucketLease,
  bucketOf,
  crashesAfter,
  fairShare,
  OUTBOX_BUCKETS,
  standingOf,
  taken,
} from '../../../src/core/outbox-lease.js';

const free: BucketLease = {
  ...{ owner: undefined, epoch: 4, until: 0, reach: 10, suspectTo: undefined, trying: undefined },
};
const held: BucketLease = { ...free, owner: 'x', until: 100 };

describe('a bucket', () => {
  it('is that of a key at all times, and all have their share of keys', () => {
    expect(['', 'a', 'order-7', '💶'].map(bucketOf)).toEqual([42, 6, 16, 63]);
    const counts = Array.from({ length: OUTBOX_BUCKETS }, () => 0);
    for (let n = 0; n < 64_000; n++) counts[bucketOf(`order-${n}`)]!++;
    expect(Math.min(...counts)).toBeGreaterThan(800);
    expect(Math.max(...counts)).toBeLessThan(1_200);
  });

  it.each([
    [0, 64],
    [1, 64],
    [2, 32],
    [3, 22],
    [64, 1],
    [100, 1],
  ])('goes round among %d relays: %d each', (relays, share) => expect(fairShare(relays)).toBe(share));

  it.each<[string, BucketLease, string, number, string]>([
    ['nobody has', free, 'a', 0, 'free'],
    ['it has itself', held, 'x', 0, 'free'],
    ['another one has', held, 'a', 99, 'held'],
    ['another one had, at exactly the end', held, 'a', 100, 'orphaned'],
    ['another one had, and it has again', held, 'x', 100, 'free'],
  ])('that %s is told from others', (_, lease, relay, now, standing) => {
    expect(standingOf(lease, relay, now)).toBe(standing);
  });

  it.each<[string, BucketLease, number | undefined, number | undefined]>([
    ['free', free, 7, undefined],
    ['free, with what was suspect before', { ...free, suspectTo: 3 }, 7, 3],
    ['an orphan', held, 7, 7],
    ['an orphan, with more that was suspect', { ...held, suspectTo: 9 }, 7, 9],
    ['an orphan, with less that was suspect', { ...held, suspectTo: 5 }, 7, 7],
    ['an orphan in which nothing waits', { ...held, suspectTo: 5 }, undefined, 5],
  ])('that was %s is taken with what is suspect', (_, lease, reached, suspectTo) => {
    expect(taken({ ...lease, trying: 2 }, 'a', 100, 50, 20, reached)).toEqual({
      ...{ owner: 'a', epoch: 5, until: 150, reach: 20, suspectTo, trying: undefined },
    });
  });

  it('counts the death at which a message was one of many', () => {
    expect([0, 1, 2, 3].map(crashesAfter)).toEqual([2, 2, 3, 4]);
  });
});
