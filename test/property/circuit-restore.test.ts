import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CircuitBreaker } from '../../src/resilience/circuit-breaker.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';
import { breakerOf, fail, ok, run } from '../fixtures/breaker.js';
import { type Breaker, kinds, play, steps } from '../fixtures/breaker-script.js';

const toldBy = ({ breaker }: Breaker): unknown[] => {
  const told: unknown[] = [];
  for (const name of ['opened', 'halfOpened', 'closed', 'isolated', 'rejected', 'wouldReject'] as const) {
    breaker.on(name, ({ at: _, ...event }) => told.push([name, event]));
  }
  return told;
};

describe('a breaker that goes on from a snapshot', () => {
  it('seems to callers and listeners the one that lived on (CB13)', async () => {
    await fc.assert(
      fc.asyncProperty(
        kinds,
        steps,
        steps,
        fc.oneof(fc.nat(400), fc.constantFrom(1e6, 3e9, 1e15)),
        fc.nat(1e6),
        async (options, before, after, downtimeMs, nowMs) => {
          const lived = breakerOf({ ...options, random: () => 0.3 });
          await play(lived, before);
          // A probe does not survive: here it has had its say.
          if (lived.breaker.state === 'half-open') await run(lived.breaker, ok);
          const saved: unknown = JSON.parse(JSON.stringify(lived.breaker.snapshot()));
          await lived.clock.advance(downtimeMs);
          const clock = new VirtualClock({ nowMs, wallMs: 77 });
          const restored: Breaker = {
            ...breakerOf({ ...options, random: () => 0.3, clock }),
            clock,
            told: [],
          };
          restored.breaker.restore(saved, downtimeMs);
          const [here, there] = [toldBy(lived), toldBy(restored)];
          lived.told.length = 0;
          const copied = await play(restored, after);
          expect(copied.map(one => (one as unknown[])[0])).toEqual(
            (await play(lived, after)).map(one => (one as unknown[])[0]),
          );
          expect(there).toEqual(here);
          const { state, counts, totals, trips } = lived.breaker.explain();
          expect(restored.breaker.explain()).toMatchObject({ state, counts, totals, trips });
        },
      ),
    );
  });
});

/** A place in a snapshot, and what stands there in place of what should. */
const damage = fc.record({
  place: fc.nat(200),
  value: fc.oneof(
    fc.constantFrom<unknown>(0, 1, -1, 0.5, 3, 1e9, 2 ** 53, 1e300, Number.MAX_VALUE, null, true, '', 'open'),
    fc.constantFrom<unknown>('closed', 'isolated', [], {}, [[0, 1, 1, 1]], [[1e300, 1e300, 0, 0]], '0123'),
    fc.jsonValue({ maxDepth: 2 }),
  ),
});

function placesOf(value: unknown, holder?: object, name?: string): (readonly [object, string])[] {
  const own = holder === undefined ? [] : [[holder, name!] as const];
  if (typeof value !== 'object' || value === null) return own;
  return [...own, ...Object.entries(value).flatMap(([key, part]) => placesOf(part, value, key))];
}

function damaged(saved: object, wounds: readonly { place: number; value: unknown }[]): object {
  const copy = structuredClone(saved);
  for (const { place, value } of wounds) {
    const places = placesOf(copy);
    const [holder, name] = places[place % places.length]!;
    Object.defineProperty(holder, name, {
      value: structuredClone(value),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return copy;
}

/** What holds for a breaker in any state that it can be in. */
async function expectSound({ breaker, clock }: Breaker): Promise<void> {
  const before = breaker.explain();
  const total = ({ totals, inFlight }: typeof before): number => {
    const { success, failure, ignored, cancelled, rejected } = totals;
    return success + failure + ignored + cancelled + rejected + inFlight;
  };
  for (const number of [...Object.values(before.counts), ...Object.values(before.totals), before.trips]) {
    expect(Number.isSafeInteger(number) && number >= 0, `${JSON.stringify(before)}`).toBe(true);
  }
  await run(breaker, ok, fail, ok);
  expect(total(breaker.explain())).toBe(total(before) + 3);
  if (breaker.state === 'isolated' || breaker.state === 'disabled') return;
  // Whatever it was: time and good calls close it, and more time empties the window.
  for (const ms of [1e6, 1e6]) {
    await clock.advance(ms);
    await run(breaker, ok, ok, ok);
  }
  expect(breaker.state).toBe('closed');
  await clock.advance(1e6);
  const { window } = breaker.snapshot();
  if (typeof window !== 'string')
    expect(breaker.explain().counts).toMatchObject({ calls: 0, failures: 0, slow: 0 });
  else expect(window.length).toBeLessThanOrEqual(CircuitBreaker.defaults.window.calls);
}

describe('a snapshot that is damaged', () => {
  it('is refused by name, or makes a breaker that is sound (CB6, CB8, CB13)', async () => {
    const seen = { refused: 0, taken: 0 };
    await fc.assert(
      fc.asyncProperty(
        kinds,
        steps,
        fc.array(damage, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(0, 50, 1e6, 1e20, 1e308),
        async (options, before, wounds, downtimeMs) => {
          const made = breakerOf(options);
          await play(made, before);
          const saved = damaged(JSON.parse(JSON.stringify(made.breaker.snapshot())) as object, wounds);
          const restored = breakerOf(options);
          try {
            restored.breaker.restore(saved, downtimeMs);
            seen.taken++;
          } catch (error) {
            expect(error).toBeInstanceOf(TypeError);
            expect(error).toMatchObject({
              message: expect.stringMatching(/^CircuitBreaker: `snapshot` must be/),
            });
            seen.refused++;
          }
          await expectSound(restored);
        },
      ),
      { numRuns: 500 },
    );
    expect(Math.min(seen.refused, seen.taken) / (seen.refused + seen.taken)).toBeGreaterThan(0.02);
  });
});
