import { describe, expect, it } from 'vitest';
import { Bulkhead, CircuitBreaker, isRejected, pipeline, Retry, Timeout } from '../../../src/index.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const codeOf = (error: { code?: string }): string | undefined => error.code;

describe('policies together', () => {
  it('do not blame the remote for a timeout that came while the call still waited for a slot', async () => {
    const clock = new VirtualClock();
    const breaker = new CircuitBreaker({ consecutiveFailures: 1, clock });
    const bulkhead = new Bulkhead({ slots: 1, queue: 5, clock });
    const policy = pipeline(breaker, new Timeout({ timeoutMs: 50, clock }), bulkhead);
    const held = bulkhead.execute(
      () => new Promise<string>(resolve => clock.schedule(100, () => resolve('x'))),
    );
    const waiting = policy.execute(() => 1).catch((error: unknown) => error);
    await clock.advance(60);
    const error = await waiting;
    expect(codeOf(error as { code: string })).toBe('ERR_DEADLINE');
    expect(isRejected(error)).toBe(true);
    expect(breaker.state).toBe('closed');
    expect(breaker.explain().totals.failure).toBe(0);
    await clock.advance(50);
    await expect(held).resolves.toBe('x');
    expect(clock.timers).toBe(0);
  });

  it('say no time to come back while probes are out, so that a retry keeps its own backoff', async () => {
    const clock = new VirtualClock();
    const breaker = new CircuitBreaker({ consecutiveFailures: 1, openMs: 10, probes: 1, clock });
    await breaker.execute(() => Promise.reject(new Error('down'))).catch(() => {});
    const open = await breaker.execute(() => 1).catch((error: unknown) => error);
    expect(open).toMatchObject({ code: 'ERR_CIRCUIT_OPEN', retryAfterMs: 10 });
    await clock.advance(10);
    void breaker.execute(() => new Promise(() => {}));
    const rejected = await breaker.execute(() => 1).catch((error: unknown) => error);
    expect(rejected).toMatchObject({ code: 'ERR_CIRCUIT_OPEN', retryAfterMs: undefined });
  });

  it('answer with the words of the timeout that is over: total, not attempt', async () => {
    const clock = new VirtualClock();
    const policy = pipeline(
      new Timeout({ timeoutMs: 100, name: 'total', clock }),
      new Retry({ attempts: 5, backoff: { kind: 'constant', delayMs: 0 }, clock }),
      new Timeout({ timeoutMs: 60, name: 'attempt', clock }),
    );
    const call = policy.execute(() => new Promise(() => {})).catch((error: unknown) => error);
    await clock.advance(200);
    expect(await call).toMatchObject({ code: 'ERR_TIMEOUT', policy: 'total', timeoutMs: 100 });
    expect(clock.timers).toBe(0);
  });
});
