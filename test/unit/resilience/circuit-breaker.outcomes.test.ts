import { afterEach, describe, expect, it, vi } from 'vitest';
import { BulkheadFullError, TimeoutError } from '../../../src/kernel/errors.js';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { boom, breakerOf, fail, ok, pending, run } from '../../fixtures/breaker.js';

const asleep = () => new Promise<never>(() => {});

describe('what counts as a failure', () => {
  afterEach(() => vi.restoreAllMocks());

  it('is not a rejection by another policy: the operation never ran', async () => {
    const { breaker } = breakerOf();
    const full = () => Promise.reject(new BulkheadFullError('full'));
    await run(breaker, full, full, full, () => Promise.reject({ rejected: true }));
    expect(breaker.explain()).toMatchObject({ state: 'closed', totals: { ignored: 4, failure: 0 } });
  });

  it('is not what the caller gave up', async () => {
    const { breaker } = breakerOf();
    for (let i = 0; i < 3; i++) {
      const aborting = new AbortController();
      const call = breaker.execute(
        ({ signal }) =>
          new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
        { signal: aborting.signal },
      );
      aborting.abort(boom);
      await expect(call).rejects.toBe(boom);
    }
    expect(breaker.explain()).toMatchObject({ state: 'closed', totals: { cancelled: 3, failure: 0 } });
  });

  it('is what a timeout gave up, wherever the timeout stands', async () => {
    for (const outside of [false, true]) {
      const { breaker, clock } = breakerOf();
      const timeout = new Timeout({ timeoutMs: 10, clock });
      const both = outside ? pipeline(timeout, breaker) : pipeline(breaker, timeout);
      for (let i = 0; i < 2; i++) {
        const call = both.execute(({ signal }) =>
          outside
            ? new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
            : asleep(),
        );
        const settled = expect(call).rejects.toBeInstanceOf(TimeoutError);
        await clock.advance(10);
        await settled;
      }
      expect(breaker.state).toBe('open');
    }
  });

  it('is what `classify` says, of values too', async () => {
    const verdicts = { 503: 'failure', 404: 'success', 429: 'neutral', 200: undefined, 299: 'slow' } as const;
    const { breaker } = breakerOf({
      slowRatio: 1,
      minCalls: 50,
      classify: outcome => (outcome.ok ? verdicts[outcome.value as 503] : 'success'),
    });
    const answer = (status: number) => () => Promise.resolve(status);
    await run(breaker, ...[503, 404, 429, 200, 299].map(answer), fail);
    expect(breaker.explain()).toMatchObject({
      state: 'closed',
      totals: { success: 4, failure: 1, ignored: 1, slow: 1 },
    });
    await run(breaker, answer(503), answer(503));
    expect(breaker.state).toBe('open');
  });

  it.each<[string, () => unknown, unknown]>([
    [
      'throws',
      () => {
        throw boom;
      },
      boom,
    ],
    ['answers no verdict', () => 'sucess', expect.any(TypeError)],
    ['is async', async () => 'failure', expect.any(TypeError)],
  ])(
    'does not lose its protection to a `classify` that %s: that is reported, and the default decides',
    async (_, wrong, told) => {
      const report = vi.spyOn(console, 'error').mockImplementation(() => {});
      const { breaker, clock } = breakerOf({ classify: () => wrong() as 'success' });
      await expect(breaker.execute(ok)).resolves.toBe('fine');
      await expect(breaker.execute(fail)).rejects.toBe(boom);
      await expect(breaker.execute(fail)).rejects.toBe(boom);
      const totals = { success: 1, failure: 2 };
      expect(breaker.explain()).toMatchObject({ state: 'open', inFlight: 0, totals });
      await clock.advance(100);
      await expect(breaker.execute(ok)).resolves.toBe('fine');
      expect(breaker.state).toBe('closed');
      expect(report.mock.calls.map(call => call[1])).toEqual(new Array(4).fill(told));
    },
  );

  it('does not hang on a `trip` that throws or answers anything but true', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    for (const trip of [
      () => {
        throw boom;
      },
      async () => true,
      () => 1,
    ]) {
      const { breaker } = breakerOf({
        trip: trip as unknown as () => boolean,
        slowMs: 10,
        consecutiveFailures: 9,
      });
      await run(breaker, fail, fail);
      expect(breaker.explain()).toMatchObject({ state: 'closed', inFlight: 0, totals: { failure: 2 } });
    }
    expect(report).toHaveBeenCalledTimes(2);
  });
});

describe('a cancelled probe', () => {
  it('says nothing, and the next caller may probe at once', async () => {
    const { breaker, clock } = breakerOf();
    await run(breaker, fail, fail);
    await clock.advance(100);
    const aborting = new AbortController();
    const probe = pending();
    const call = breaker.execute(probe.operation, { signal: aborting.signal });
    aborting.abort(boom);
    probe.reject(boom);
    await expect(call).rejects.toBe(boom);
    expect(breaker.state).toBe('half-open');
    await expect(breaker.execute(ok)).resolves.toBe('fine');
    expect(breaker.state).toBe('closed');
  });

  it('of another policy does the same', async () => {
    const { breaker, clock } = breakerOf();
    await run(breaker, fail, fail);
    await clock.advance(100);
    await run(breaker, () => Promise.reject(new BulkheadFullError('full')));
    expect(breaker.state).toBe('half-open');
    await run(breaker, ok);
    expect(breaker.state).toBe('closed');
  });
});

describe('the break that an answer asks for', () => {
  const asking = (retryAfterMs: unknown) => () =>
    Promise.reject(Object.assign(new Error('busy'), { retryAfterMs }));

  it.each<[unknown, number]>([
    [40, 40],
    [7000, 7000],
    [1e12, 300_000],
    [Number.NaN, 100],
    [-5, 100],
    ['40', 100],
    [40n, 100],
    [undefined, 100],
  ])('is read from the error: %s', async (asked, breakMs) => {
    const { breaker } = breakerOf();
    await run(breaker, fail, asking(asked));
    expect(breaker.explain().retryAfterMs).toBe(breakMs);
  });

  it('is read by a function of the user, from values too', async () => {
    const { breaker } = breakerOf({
      classify: () => 'failure',
      retryAfterMs: outcome => (outcome.ok ? Number(outcome.value) : undefined),
    });
    await run(breaker, ok, () => Promise.resolve(900));
    expect(breaker.explain().retryAfterMs).toBe(900);
    breaker.reset();
    await run(breaker, asking(40), asking(40));
    expect(breaker.explain().retryAfterMs).toBe(100);
  });

  it('is asked of failures only', async () => {
    let asked = 0;
    const { breaker } = breakerOf({
      classify: ({ ok }) => (ok ? 'slow' : 'neutral'),
      retryAfterMs: () => {
        asked++;
        return 900;
      },
    });
    await run(breaker, ok, fail);
    expect(asked).toBe(0);
  });

  it('does not hang on errors that throw when they are looked at', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { breaker } = breakerOf();
    const evil = Object.defineProperty(new Error('evil'), 'retryAfterMs', {
      get() {
        throw boom;
      },
    });
    await expect(breaker.execute(() => Promise.reject(evil))).rejects.toBe(evil);
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    await run(breaker, () => Promise.reject(proxy));
    expect(breaker.explain()).toMatchObject({ state: 'open', inFlight: 0, totals: { failure: 2 } });
    expect(report).not.toHaveBeenCalled();
    vi.restoreAllMocks();
  });
});
