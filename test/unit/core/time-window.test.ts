import { describe, expect, it } from 'vitest';
import { TimeWindow } from '../../../src/core/time-window.js';

/** 10 buckets of 10 ms, aligned to 1007. */
const window = () => new TimeWindow(100, 10, 1007);
const EMPTY = { calls: 0, failures: 0, slow: 0 };

describe('TimeWindow', () => {
  it('counts what happens in it', () => {
    const it = window();
    it.push(false, false, 1007);
    it.push(true, false, 1008);
    it.push(true, true, 1050);
    expect(it).toMatchObject({ calls: 3, failures: 2, slow: 1 });
  });

  it.each([
    ['keeps an outcome until its bucket leaves', 1016, 1106, 1],
    ['forgets it with its bucket, aligned to construction', 1016, 1107, 0],
    ['forgets the next bucket ten milliseconds later', 1017, 1116, 1],
    ['and not before', 1017, 1117, 0],
  ])('%s', (_, at, now, calls) => {
    const it = window();
    it.push(true, true, at);
    it.expire(now);
    expect(it).toMatchObject({ calls, failures: calls, slow: calls });
  });

  it.each([1, 2, 9])('forgets only what is older when it skips %i idle buckets', idle => {
    const it = window();
    it.push(true, false, 1007);
    it.push(false, true, 1015 + 10 * (9 - idle));
    it.push(false, false, 1107);
    expect(it).toMatchObject({ calls: idle === 9 ? 1 : 2, failures: 0, slow: idle === 9 ? 0 : 1 });
  });

  it.each([100, 110, 3_600_000, 1e12])('is empty after %i idle milliseconds', idle => {
    const it = window();
    for (let at = 1007; at < 1107; at += 3) it.push(true, true, at);
    it.expire(1106 + idle);
    expect(it).toMatchObject(EMPTY);
  });

  it('has one cell for a bucket, however much happens in it', () => {
    const it = window();
    for (const at of [1010, 1012, 1016]) it.push(at === 1012, false, at);
    expect(it.save(1016)).toMatchObject({ cells: [[0, 3, 1, 0]] });
  });

  it('moves nothing back when time goes back', () => {
    const it = window();
    it.push(true, false, 1100);
    expect(it.save(900)).toEqual({ ms: 100, buckets: 10, phase: 0, cells: [[0, 1, 1, 0]] });
    it.push(true, false, 900);
    it.expire(0);
    expect(it).toMatchObject({ calls: 2, failures: 2 });
    it.expire(1199);
    expect(it).toMatchObject(EMPTY);
  });

  it('forgets all when it is cleared', () => {
    const it = window();
    it.push(true, true, 1010);
    it.clear();
    expect(it).toMatchObject(EMPTY);
    it.push(true, false, 1011);
    expect(it).toMatchObject({ calls: 1, failures: 1, slow: 0 });
  });

  it.each([0, 5, 30, 95, 100, 1000])(
    'goes on after %i ms of downtime as if it had lived through them',
    down => {
      const lived = window();
      for (const at of [1012, 1013, 1044, 1051]) lived.push(at % 2 === 0, at > 1040, at);
      const saved: unknown = JSON.parse(JSON.stringify(lived.save(1058)));
      const restored = new TimeWindow(100, 10, 0);
      const skew = 5_000_000;
      restored.load(saved, 1058 + down + skew, down);
      for (let at = 1058 + down; at < 1300; at += 7) {
        lived.push(at % 3 === 0, false, at);
        restored.push(at % 3 === 0, false, at + skew);
        expect(restored.save(at + skew)).toEqual(lived.save(at));
      }
    },
  );

  it.each([
    undefined,
    null,
    7,
    'garbage',
    {},
    { ms: 100, buckets: 10, phase: 0 },
    { ms: 50, buckets: 10, phase: 0, cells: [[0, 1, 1, 1]] },
    { ms: 200, buckets: 10, phase: 0, cells: [[0, 1, 1, 1]] },
    { ms: 100, buckets: 5, phase: 0, cells: [[0, 1, 1, 1]] },
    { ms: 100, buckets: 10, phase: -1, cells: [[0, 1, 1, 1]] },
    { ms: 100, buckets: 10, phase: 101, cells: [[0, 1, 1, 1]] },
    { ms: 100, buckets: 10, phase: 0, cells: { length: 1 } },
    {
      ms: 100,
      buckets: 10,
      phase: 0,
      cells: [
        [0.5, 1, 1, 1],
        [0, 1.5, 1, 1],
        [0, 2, 0.5, 1],
        [0, 2, 1, 0.5],
      ],
    },
    {
      ms: 100,
      buckets: 10,
      phase: 0,
      cells: [
        [0, 1, 2, 1],
        [0, 1, 1, 2],
        [0, 2 ** 40, 1, 1],
        [10, 1, 1, 1],
      ],
    },
    { ms: 100, buckets: 10, phase: 0, cells: [[0, 1, 1], ['0', 1, 1, 1], null, [0, 1, -1, 1]] },
  ])('is empty after it was given %j', saved => {
    const it = window();
    it.push(true, true, 1010);
    it.load(saved, 1011, 0);
    expect(it).toMatchObject(EMPTY);
  });

  it('takes of saved cells those that are each younger than the one before', () => {
    const it = window();
    const cells = [
      [4, 1, 1, 1],
      [4, 5, 0, 0],
      [7, 5, 0, 0],
      [0, 2 ** 40 - 1, 0, 0],
    ];
    it.load({ ms: 100, buckets: 10, phase: 100, cells }, 1011, 0);
    expect(it).toMatchObject({ calls: 2 ** 40, failures: 1, slow: 1 });
    it.expire(1011 + 49);
    expect(it).toMatchObject({ calls: 2 ** 40, failures: 1 });
    it.expire(1011 + 50);
    expect(it).toMatchObject({ calls: 2 ** 40 - 1, failures: 0 });
  });

  it.each([99, 100, 1e20, Number.MAX_VALUE])('goes on in time after a downtime of %d ms', down => {
    const lived = window();
    lived.push(true, true, 1007);
    const restored = new TimeWindow(100, 10, 0);
    restored.load(lived.save(1007), 50, down);
    expect(restored.calls).toBe(down < 100 ? 1 : 0);
    restored.push(true, true, 51);
    restored.expire(151);
    expect(restored).toMatchObject(EMPTY);
  });
});
