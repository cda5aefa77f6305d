import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Backoff, backoffMs, type Jitter, longestBackoffMs } from '../../src/core/backoff.js';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
/**
 * Zero, or anything from a nanosecond up: beneath that, doubles lose the precision the bounds are checked
 * with.
 */
const delay = fc.oneof(
  { arbitrary: fc.constant(0), weight: 1 },
  { arbitrary: fc.double({ min: 1e-6, max: Number.MAX_SAFE_INTEGER, noNaN: true }), weight: 9 },
);
const jitter = fc.constantFrom<Jitter>('none', 'full', 'equal');
const attempt = fc.oneof(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1, max: 1_000_000 }));

const growing = fc.oneof(
  fc.record({ kind: fc.constant('linear' as const), initialMs: delay, stepMs: delay, maxMs: delay }),
  fc.record({
    kind: fc.constant('exponential' as const),
    initialMs: delay,
    factor: fc.double({ min: 1, max: Number.MAX_VALUE, noNaN: true }),
    maxMs: delay,
  }),
);
const decorrelated = fc.tuple(delay, delay).map(([a, b]) => ({
  kind: 'exponential' as const,
  jitter: 'decorrelated' as const,
  initialMs: Math.min(a, b),
  maxMs: Math.max(a, b),
}));

/** The delay before jitter, by repeated steps: `v = min(cap, b * factor^n)` or `min(cap, b + step * n)`. */
function naive(backoff: { kind: string; initialMs: number; maxMs: number } & Backoff, n: number): number {
  let value = backoff.initialMs;
  for (let i = 1; i < n && value < backoff.maxMs; i++) {
    if (backoff.kind === 'linear') value += backoff.stepMs ?? 0;
    else if (backoff.kind === 'exponential') value *= backoff.factor ?? 2;
  }
  return Math.min(value, backoff.maxMs);
}

describe('backoffMs', () => {
  it('keeps each jitter within its bounds (RT4)', () => {
    fc.assert(
      fc.property(growing, jitter, attempt, delay, random, (schedule, kind, n, previous, chance) => {
        const v = backoffMs({ ...schedule, jitter: 'none' }, n, previous, chance);
        const delayMs = backoffMs({ ...schedule, jitter: kind }, n, previous, chance);
        const [low, high] = { none: [v, v], full: [0, v], equal: [v / 2, v] }[kind] as [number, number];
        expect(delayMs).toBeGreaterThanOrEqual(low);
        expect(delayMs).toBeLessThanOrEqual(high);
        if (kind === 'full' && v > 0) expect(delayMs).toBeLessThan(v);
        expect(v).toBeLessThanOrEqual(schedule.maxMs);
        expect(Number.isFinite(delayMs)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  it('keeps decorrelated delays in [b, min(cap, 3 * previous)] along a whole call (RT4)', () => {
    fc.assert(
      fc.property(decorrelated, fc.array(random, { minLength: 1, maxLength: 60 }), (backoff, chances) => {
        let previous = 0;
        for (const [index, chance] of chances.entries()) {
          const delayMs = backoffMs(backoff, index + 1, previous, chance);
          expect(delayMs).toBeGreaterThanOrEqual(backoff.initialMs);
          const widest = 3 * (index === 0 ? backoff.initialMs : previous);
          // One rounding of the sum may carry it to the next double.
          expect(delayMs).toBeLessThanOrEqual(Math.min(backoff.maxMs, widest * (1 + Number.EPSILON)));
          previous = delayMs;
        }
      }),
    );
  });

  it('equals step by step growth, and never shrinks without jitter', () => {
    fc.assert(
      fc.property(growing, fc.integer({ min: 1, max: 200 }), (schedule, n) => {
        const backoff = { ...schedule, jitter: 'none' as const };
        const now = backoffMs(backoff, n, 0, 0);
        const expected = naive(backoff, n);
        expect(Math.abs(now - expected)).toBeLessThanOrEqual(expected * 1e-12);
        expect(backoffMs(backoff, n + 1, 0, 0)).toBeGreaterThanOrEqual(now);
      }),
      { numRuns: 1000 },
    );
  });

  it('is finite and at most its longest delay for any attempt up to a million', () => {
    const minimal = fc.constantFrom<Backoff>(
      { kind: 'exponential', initialMs: 0 },
      { kind: 'exponential', initialMs: Number.MIN_VALUE, factor: Number.MAX_VALUE, jitter: 'equal' },
      { kind: 'exponential', initialMs: 0, jitter: 'decorrelated' },
      { kind: 'linear', initialMs: 0 },
      { kind: 'linear', initialMs: 5, stepMs: 0 },
    );
    fc.assert(
      fc.property(
        fc.oneof(minimal, growing, decorrelated),
        attempt,
        delay,
        random,
        (b, n, previous, chance) => {
          const delayMs = backoffMs(b, n, Math.min(previous, longestBackoffMs(b)), chance);
          expect(delayMs).toBeGreaterThanOrEqual(0);
          expect(delayMs).toBeLessThanOrEqual(longestBackoffMs(b));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('gives the same delays for the same chances, however calls interleave (RT11)', () => {
    const backoff: Backoff = { kind: 'exponential', initialMs: 100, jitter: 'decorrelated' };
    fc.assert(
      fc.property(
        fc.array(random, { maxLength: 20 }),
        fc.array(fc.boolean(), { maxLength: 40 }),
        (chances, turns) => {
          const alone: number[] = [];
          for (const [i, chance] of chances.entries())
            alone.push(backoffMs(backoff, i + 1, alone[i - 1] ?? 0, chance));
          const calls: [number[], number[]] = [[], []];
          for (const turn of turns) {
            const call = calls[turn ? 1 : 0];
            const chance = chances[call.length];
            if (chance !== undefined)
              call.push(backoffMs(backoff, call.length + 1, call.at(-1) ?? 0, chance));
          }
          for (const call of calls) expect(call).toEqual(alone.slice(0, call.length));
        },
      ),
    );
  });
});
