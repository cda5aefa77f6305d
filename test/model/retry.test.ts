import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Retry } from '../../src/resilience/retry.js';
import { settle } from '../../src/testing/settle.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';

/** One attempt: how long it runs, whether it answers, and what it asks to wait where it does not. */
interface Script {
  readonly ms: number;
  readonly ok: boolean;
  readonly retryAfterMs: number | undefined;
}

interface Case {
  readonly scripts: readonly Script[];
  readonly attempts: number;
  readonly delayMs: number;
  readonly timeoutMs: number;
  readonly maxElapsedMs: number;
  readonly abortAt: number;
}

/** When attempts start, and when and how the call ends. */
interface Story {
  readonly starts: readonly number[];
  readonly endsAt: number;
  readonly end: string;
}

const span = fc.integer({ min: 0, max: 60 });
const limit = fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 200 }));
const cases: fc.Arbitrary<Case> = fc.record({
  scripts: fc.array(
    fc.record({
      ms: fc.integer({ min: 1, max: 40 }),
      ok: fc.nat(4).map(n => n === 0),
      retryAfterMs: fc.option(span, { nil: undefined }),
    }),
    { minLength: 6, maxLength: 6 },
  ),
  attempts: fc.integer({ min: 1, max: 6 }),
  delayMs: span,
  timeoutMs: limit,
  maxElapsedMs: limit,
  abortAt: limit,
});

/** What has to happen, told by the rules: nobody waits here, time is a number. */
function tell(given: Case): Story {
  const { scripts, attempts, delayMs, timeoutMs, maxElapsedMs, abortAt } = given;
  const starts: number[] = [];
  let now = 0;
  for (let attempt = 1; ; attempt++) {
    const { ms, ok, retryAfterMs } = scripts[attempt - 1]!;
    starts.push(now);
    now += ms;
    const wait = retryAfterMs ?? delayMs;
    const isLast = attempt === attempts || abortAt <= now;
    if (ok) return { starts, endsAt: now, end: `answer ${attempt}` };
    if (isLast || now + wait >= timeoutMs || now + wait >= maxElapsedMs) {
      return { starts, endsAt: now, end: `error ${attempt}` };
    }
    if (abortAt <= now + wait) return { starts, endsAt: abortAt, end: 'aborted' };
    now += wait;
  }
}

async function live(given: Case): Promise<Story & { readonly timers: number }> {
  const { scripts, attempts, delayMs, timeoutMs, maxElapsedMs, abortAt } = given;
  const clock = new VirtualClock();
  const controller = new AbortController();
  const starts: number[] = [];
  clock.schedule(abortAt, () => controller.abort('aborted'));
  const retry = new Retry({ attempts, maxElapsedMs, backoff: { kind: 'constant', delayMs }, clock });
  let endsAt = Number.NaN;
  const end = (text: unknown): string => {
    endsAt = clock.now();
    return String(text);
  };
  const call = retry.execute(
    ({ attempt }) => {
      const { ms, ok, retryAfterMs } = scripts[attempt - 1]!;
      starts.push(clock.now());
      const error = { retryAfterMs, toString: () => `error ${attempt}` };
      return new Promise<string>((resolve, reject) => {
        clock.schedule(ms, () => (ok ? resolve(`answer ${attempt}`) : reject(error)));
      });
    },
    { signal: controller.signal, timeoutMs },
  );
  const ended = call.then(end, end);
  await clock.runUntil(ended);
  await settle();
  const aborts = abortAt < Infinity && abortAt > clock.now() ? 1 : 0;
  return { starts, endsAt, end: await ended, timers: clock.timers - aborts };
}

describe('a retry, whatever the attempts, the deadline and the caller do', () => {
  it('starts and ends when the rules say, and leaves no timer behind (RT1, RT2, RT3)', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async given => {
        const { timers, ...story } = await live(given);
        expect(story).toEqual(tell(given));
        expect(timers).toBe(0);
      }),
      { numRuns: 1500 },
    );
  });

  it('gives the same delays for the same chances (RT11)', async () => {
    const chances = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 5 });
    await fc.assert(
      fc.asyncProperty(chances, fc.constantFrom('full', 'equal', 'decorrelated'), async (drawn, jitter) => {
        const delays = async (): Promise<number[]> => {
          let at = 0;
          const clock = new VirtualClock();
          const random = () => drawn[at++ % drawn.length]!;
          const retry = new Retry({
            attempts: 6,
            backoff: { kind: 'exponential', initialMs: 10, jitter },
            clock,
            random,
          });
          const seen: number[] = [];
          retry.on('retried', ({ delayMs }) => seen.push(delayMs));
          await clock.runUntil(retry.execute(() => Promise.reject('failed'))).catch(() => {});
          return seen;
        };
        const first = await delays();
        expect(first).toHaveLength(5);
        expect(await delays()).toEqual(first);
      }),
      { numRuns: 100 },
    );
  });
});
