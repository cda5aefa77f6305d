import { describe, expect, it } from 'vitest';
import { attemptsOf, CircuitBreaker, Hedge, isRejected, pipeline, Retry } from '../../../src/index.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

/** A call that fails once in earnest, and is then refused by the breaker that this has opened. */
async function refusedAtLast(around: (inner: ReturnType<typeof pipeline>) => ReturnType<typeof pipeline>) {
  const clock = new VirtualClock();
  const retry = new Retry({ attempts: 3, backoff: { kind: 'constant', delayMs: 10 }, clock });
  const breaker = new CircuitBreaker({ consecutiveFailures: 1, clock });
  let runs = 0;
  const call = around(pipeline(retry, breaker))
    .execute(() => {
      runs++;
      throw new Error('charged, and then it broke');
    })
    .catch((error: unknown) => error);
  await clock.advance(100);
  return { error: await call, runs };
}

describe('a call that is refused at its last attempt', () => {
  it('has run all the same, and does not say that it never did', async () => {
    const { error, runs } = await refusedAtLast(inner => inner);
    expect(runs).toBe(1);
    expect(error).toMatchObject({ code: 'ERR_CIRCUIT_OPEN', rejected: false });
    expect(isRejected(error)).toBe(false);
    expect(attemptsOf(error).map(({ error }) => (error as Error).message)).toEqual([
      'charged, and then it broke',
      expect.stringContaining('open'),
    ]);
  });

  it('is a failure to a breaker outside, and not neutral', async () => {
    const outer = new CircuitBreaker({ minCalls: 1 });
    await refusedAtLast(inner => pipeline(outer, inner));
    expect(outer.explain().totals).toMatchObject({ failure: 1 });
  });

  it('leaves a hedge outside with an error that does not say so either', async () => {
    const { error } = await refusedAtLast(inner =>
      pipeline(new Hedge({ delayMs: Number.POSITIVE_INFINITY, maxHedges: 1, idempotent: true }), inner),
    );
    expect(isRejected(error)).toBe(false);
  });

  it('never ran where all attempts were refused', async () => {
    const clock = new VirtualClock();
    const breaker = new CircuitBreaker({ clock });
    breaker.isolate();
    const classify = () => 'failure' as const;
    const retry = new Retry({ attempts: 2, backoff: { kind: 'constant', delayMs: 1 }, classify, clock });
    const call = pipeline(retry, breaker)
      .execute(() => 1)
      .catch((error: unknown) => error);
    await clock.advance(10);
    const error = await call;
    expect(attemptsOf(error)).toHaveLength(2);
    expect(isRejected(error)).toBe(true);
  });

  it('has run where an earlier attempt answered with what counts as a failure', async () => {
    const clock = new VirtualClock();
    const breaker = new CircuitBreaker({ consecutiveFailures: 1, classify: () => 'failure', clock });
    const retry = new Retry({
      ...{ attempts: 2, backoff: { kind: 'constant', delayMs: 1 } as const, clock },
      classify: ({ ok }) => (ok ? 'failure' : undefined),
    });
    const call = pipeline(retry, breaker)
      .execute(() => 503)
      .catch((error: unknown) => error);
    await clock.advance(10);
    expect(isRejected(await call)).toBe(false);
  });
});
