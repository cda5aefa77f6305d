import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimeWindow } from '../../src/core/time-window.js';
import { CountWindow, type Tally, type Window } from '../../src/core/window.js';

interface Entry {
  readonly failed: boolean;
  readonly slow: boolean;
  readonly at: number;
}

const tally = (entries: readonly Entry[]): Tally => ({
  calls: entries.length,
  failures: entries.filter(entry => entry.failed).length,
  slow: entries.filter(entry => entry.slow).length,
});
const counts = ({ calls, failures, slow }: Tally): Tally => ({ calls, failures, slow });

/**
 * Outcomes with the time since the one before: mostly close together, now and then far apart or backwards.
 */
const gaps = fc.oneof(
  { weight: 8, arbitrary: fc.nat(15) },
  { weight: 2, arbitrary: fc.nat(400) },
  { weight: 1, arbitrary: fc.integer({ min: -50, max: 50 }) },
  { weight: 1, arbitrary: fc.nat(100_000) },
);
const logs = fc.array(fc.record({ failed: fc.boolean(), slow: fc.boolean(), gap: gaps }), { maxLength: 300 });

const timed = (log: readonly { failed: boolean; slow: boolean; gap: number }[], start: number): Entry[] => {
  let at = start;
  return log.map(({ failed, slow, gap }) => {
    at += gap;
    return { failed, slow, at };
  });
};

describe('a count window', () => {
  it('equals the last outcomes of the log', () => {
    fc.assert(
      fc.property(logs, fc.integer({ min: 1, max: 260 }), fc.boolean(), (log, size, tracksSlow) => {
        const window = new CountWindow(size, tracksSlow);
        const seen: Entry[] = [];
        for (const entry of timed(log, 0)) {
          window.push(entry.failed, entry.slow);
          seen.push(tracksSlow ? entry : { ...entry, slow: false });
          expect(counts(window)).toEqual(tally(seen.slice(-size)));
        }
        const digits = seen.slice(-size).map(({ failed, slow }) => (failed ? 1 : 0) + (slow ? 2 : 0));
        expect(window.save()).toBe(digits.join(''));
      }),
    );
  });
});

describe('a time window', () => {
  it('equals the outcomes of the log whose bucket is still in', () => {
    const shape = fc.record({
      ms: fc.integer({ min: 1, max: 1000 }),
      buckets: fc.integer({ min: 1, max: 12 }),
      start: fc.integer({ min: -1000, max: 1_000_000 }),
    });
    fc.assert(
      fc.property(logs, shape, (log, { ms, buckets, start }) => {
        const window = new TimeWindow(ms, buckets, start);
        const seen: Entry[] = [];
        let latest = start;
        const bucket = (at: number) => Math.floor(((at - start) * buckets) / ms);
        for (const entry of timed(log, start)) {
          // What comes with an earlier time is put where time has got to.
          latest = Math.max(latest, entry.at);
          window.push(entry.failed, entry.slow, entry.at);
          seen.push({ ...entry, at: latest });
          expect(counts(window)).toEqual(
            tally(seen.filter(({ at }) => bucket(at) > bucket(latest) - buckets)),
          );
        }
        window.expire(latest + ms);
        expect(counts(window)).toEqual(tally([]));
      }),
    );
  });
});

describe('a time window that is given anything at all', () => {
  const numbers = fc.oneof(
    fc.nat(12),
    fc.constantFrom(-1, 0.5, 1e-9, 2 ** 53, 1e300, Number.MAX_VALUE, Infinity, NaN, '1', null),
  );
  const cell = fc.oneof(
    { weight: 9, arbitrary: fc.tuple(fc.nat(9), fc.nat(9), fc.nat(5), fc.nat(5)) },
    { weight: 3, arbitrary: fc.array(numbers, { minLength: 3, maxLength: 5 }) },
    numbers,
  );
  const given = fc.record({
    ms: fc.constant(90),
    buckets: fc.constant(9),
    phase: fc.oneof({ weight: 5, arbitrary: fc.nat(90) }, { weight: 1, arbitrary: numbers }),
    cells: fc.array(cell, { maxLength: 12 }),
  });

  it('counts whole calls, for no longer than it is, and goes on counting', () => {
    let [kept, all] = [0, 0];
    const spans = fc.oneof(
      { weight: 5, arbitrary: fc.nat(100) },
      { weight: 1, arbitrary: fc.constantFrom(1e9, 1e17, 1e20, 1e308) },
    );
    fc.assert(
      fc.property(given, spans, (saved, downtimeMs) => {
        const window = new TimeWindow(90, 9, 0);
        window.load(saved, 1000, downtimeMs);
        const expectWhole = (): void => {
          for (const count of Object.values(counts(window))) {
            expect(Number.isSafeInteger(count) && count >= 0, JSON.stringify(window)).toBe(true);
          }
          expect(window.failures).toBeLessThanOrEqual(window.calls);
          expect(window.slow).toBeLessThanOrEqual(window.calls);
        };
        expectWhole();
        all++;
        if (window.calls > 0) kept++;
        for (let now = 1000; now < 1090; now += 7) {
          window.expire(now);
          expectWhole();
        }
        window.expire(1090);
        expect(counts(window)).toEqual(tally([]));
        window.push(true, true, 1091);
        expect(counts(window)).toEqual({ calls: 1, failures: 1, slow: 1 });
        window.expire(1181);
        expect(counts(window)).toEqual(tally([]));
      }),
      { numRuns: 1_000 },
    );
    expect(kept / all).toBeGreaterThan(0.02);
  });
});

describe('every window', () => {
  const make = fc.oneof(
    fc.integer({ min: 1, max: 200 }).map(size => () => new CountWindow(size, true)),
    fc.integer({ min: 1, max: 500 }).map(ms => (now: number) => new TimeWindow(ms, 7, now)),
  );

  it('goes on from what it saved as if it had lived through the downtime', () => {
    const around = fc.record({ before: logs, after: logs, downtimeMs: fc.nat(600), skew: fc.nat(100_000) });
    fc.assert(
      fc.property(make, around, (make, { before, after, downtimeMs, skew }) => {
        const lived: Window = make(0);
        let now = 0;
        for (const entry of timed(before, 0)) {
          lived.push(entry.failed, entry.slow, entry.at);
          now = Math.max(now, entry.at);
        }
        const saved: unknown = JSON.parse(JSON.stringify(lived.save(now)));
        const restored: Window = make(skew);
        now += downtimeMs;
        restored.load(saved, now + skew, downtimeMs);
        for (const entry of timed(after, now)) {
          now = Math.max(now, entry.at);
          lived.push(entry.failed, entry.slow, now);
          restored.push(entry.failed, entry.slow, now + skew);
          expect(counts(restored)).toEqual(counts(lived));
        }
      }),
    );
  });
});
