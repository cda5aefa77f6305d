import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ahead, RateRule } from '../../src/core/allowance.js';
import { Bucket } from '../../src/core/bucket.js';
import { SlidingWindow } from '../../src/core/sliding-window.js';

const nobody: Ahead = { total: 0, *[Symbol.iterator]() {} };

const rule: fc.Arbitrary<RateRule> = fc
  .record({
    limit: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 1_000_000 })),
    perMs: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.constantFrom(1_000, 60_000, 86_400_000)),
    burst: fc.integer({ min: 1, max: 12 }),
  })
  .map(given => given);

/** Time that passes in ms, or a wish to take so many. */
type Event = { readonly ms: number } | { readonly cost: number };
const events = (ms: fc.Arbitrary<number>): fc.Arbitrary<Event[]> =>
  fc.array(
    fc.oneof(
      { arbitrary: fc.integer({ min: 0, max: 14 }).map(cost => ({ cost })), weight: 3 },
      { arbitrary: ms.map(span => ({ ms: span })), weight: 2 },
    ),
    { maxLength: 120, size: 'max' },
  );
const whole = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 100_000 }));
const fractions = fc.double({ min: 0, max: 300, noNaN: true });
const unsteady = fc.integer({ min: -200, max: 300 });

/** For the window that begins at each take: what it may hold at most, less what it held. */
class Slack {
  readonly #slack: number[] = [];
  least = Infinity;

  take(cost: number, burst: number): void {
    this.#slack.push(burst);
    for (let i = 0; i < this.#slack.length; i++) {
      this.#slack[i]! -= cost;
      this.least = Math.min(this.least, this.#slack[i]!);
    }
  }

  earn(tokens: number): void {
    for (let i = 0; i < this.#slack.length; i++) this.#slack[i]! += tokens;
  }
}

describe('a bucket over any log of events', () => {
  it('answers as one that is kept in whole fractions and worked out from the log', () => {
    fc.assert(
      fc.property(rule, events(whole), (given, log) => {
        const bucket = new Bucket(given, 0);
        const full = BigInt(given.burst) * BigInt(given.perMs);
        let level = full;
        let now = 0;
        for (const event of log) {
          if ('ms' in event) {
            now += event.ms;
            level += BigInt(event.ms) * BigInt(given.limit);
            if (level > full) level = full;
          } else {
            const price = BigInt(event.cost) * BigInt(given.perMs);
            expect(bucket.take(event.cost, now)).toBe(price <= level);
            if (price <= level) level -= price;
          }
          expect(bucket.available(now)).toBe(Number(level / BigInt(given.perMs)));
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('bounds what passes in every window by burst + rate × time (RL1), on a clock with fractions', () => {
    fc.assert(
      fc.property(rule, events(fractions), fc.constantFrom(0, 12345.678, 1e9 / 3), (given, log, start) => {
        const bucket = new Bucket(given, start);
        const slack = new Slack();
        let now = start;
        for (const event of log) {
          if ('ms' in event) {
            slack.earn(((now + event.ms - now) * given.limit) / given.perMs);
            now += event.ms;
          } else if (bucket.take(event.cost, now)) slack.take(event.cost, given.burst);
        }
        // A microsecond's worth: what the clock itself cannot tell.
        expect(slack.least).toBeGreaterThanOrEqual((-1e-3 * given.limit) / given.perMs);
      }),
    );
  });

  it('gives what it owes to whoever keeps asking (RL2)', () => {
    fc.assert(
      fc.property(rule, fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 }), (given, steps) => {
        const bucket = new Bucket(given, 0);
        let now = 0;
        let taken = 0;
        let owed = given.burst;
        const drain = (): void => {
          while (bucket.take(1, now)) taken++;
        };
        drain();
        for (const step of steps) {
          now += step;
          // What comes while it is full is lost: nobody can ask for it between two events.
          owed += Math.min((step * given.limit) / given.perMs, given.burst - 1);
          drain();
        }
        expect(taken).toBeGreaterThanOrEqual(owed - given.burst - 1);
      }),
    );
  });

  it('mints nothing on a clock that goes to and fro (RL3)', () => {
    fc.assert(
      fc.property(rule, events(unsteady), (given, log) => {
        const bucket = new Bucket(given, 0);
        const slack = new Slack();
        let now = 0;
        let latest = 0;
        for (const event of log) {
          if ('ms' in event) now += event.ms;
          else if (bucket.take(event.cost, now)) {
            // Only time that is new since the last one passed counts.
            if (now > latest) slack.earn(((now - latest) * given.limit) / given.perMs);
            latest = Math.max(latest, now);
            slack.take(event.cost, given.burst);
          }
        }
        expect(slack.least).toBeGreaterThanOrEqual(-1e-6);
      }),
    );
  });

  it('exceeds that by what a turn is worth or half of its burst, when it is asked roughly', () => {
    const turn = fc.record({
      lengthMs: fc.double({ min: 0, max: 300, noNaN: true }),
      asks: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 20 }),
    });
    fc.assert(
      fc.property(rule, fc.array(turn, { maxLength: 30 }), (given, turns) => {
        const bucket = new Bucket(given, 0);
        const slack = new Slack();
        const rate = given.limit / given.perMs;
        let now = 0;
        let longest = 0;
        for (const { lengthMs, asks } of turns) {
          // The coarse clock is read as a turn begins; the calls come as it ends.
          const coarse = Math.ceil(now);
          now += lengthMs;
          slack.earn(lengthMs * rate);
          longest = Math.max(longest, lengthMs);
          for (const cost of asks) {
            if (bucket.takeRoughly(cost, coarse) || bucket.take(cost, now)) slack.take(cost, given.burst);
          }
        }
        const allowed = Math.min(given.burst / 2, longest * rate) + rate;
        expect(slack.least).toBeGreaterThanOrEqual(-allowed - 1e-3 * rate - 1e-6);
      }),
      { numRuns: 1_000 },
    );
  });

  it('lets pass at the time that it named, and not a microsecond before', () => {
    fc.assert(
      fc.property(rule, events(fractions), fc.integer({ min: 1, max: 12 }), (given, log, wish) => {
        const bucket = new Bucket(given, 0);
        const cost = Math.min(wish, given.burst);
        let now = 0;
        for (const event of log) {
          if ('ms' in event) now += event.ms;
          else bucket.take(event.cost, now);
        }
        const due = bucket.dueAt(cost, now, nobody);
        expect(due).toBeGreaterThanOrEqual(now);
        if (due - now > 0.001) expect(bucket.take(cost, due - 0.001)).toBe(false);
        expect(bucket.take(cost, due)).toBe(true);
      }),
    );
  });
});

describe('a sliding window over any log of events', () => {
  it.each([
    ['whole milliseconds', whole],
    ['fractions', fractions],
    ['a clock that goes to and fro', unsteady],
  ])('never lets more than the limit pass in any window, and refuses only what would (RL8): %s', (_, ms) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 200 }),
        events(ms),
        (limit, perMs, log) => {
          const window = new SlidingWindow({ limit, perMs, burst: limit });
          const passed: number[] = [];
          let now = 0;
          let latest = Number.NEGATIVE_INFINITY;
          for (const event of log) {
            if ('ms' in event) {
              now += event.ms;
              continue;
            }
            // A unit that passes on a clock that went back counts for the time of the one before it.
            const at = Math.max(latest, now);
            const inside = passed.filter(stamp => stamp + perMs > at).length;
            const fits = inside + event.cost <= limit;
            const took = window.take(event.cost, now);
            if (took && event.cost > 0) {
              if (!fits) expect({ inside, cost: event.cost }).toBe('no more than the limit');
              for (let i = 0; i < event.cost; i++) passed.push(at);
              latest = at;
            }
            // A clock that is behind may make it wait, and nothing else may.
            if (now === at) expect(took).toBe(fits || event.cost === 0);
          }
        },
      ),
    );
  });
});
