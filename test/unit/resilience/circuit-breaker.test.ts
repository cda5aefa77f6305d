import { describe, expect, it } from 'vitest';
import { CircuitOpenError } from '../../../src/kernel/errors.js';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { policyLaws } from '../../../src/testing/policy-laws.js';
import { boom, breakerOf, fail, ok, pending, run } from '../../fixtures/breaker.js';

describe('CircuitBreaker', () => {
  for (const law of policyLaws(clock => new CircuitBreaker({ clock, minCalls: 100 })))
    it(law.name, law.check);

  it('needs no options', async () => {
    const breaker = new CircuitBreaker();
    await expect(breaker.execute(() => 7)).resolves.toBe(7);
    expect(breaker.state).toBe('closed');
  });

  it('passes values and errors through untouched', async () => {
    const { breaker } = breakerOf({ consecutiveFailures: 99 });
    const value = Object.freeze({});
    await expect(breaker.execute(() => value)).resolves.toBe(value);
    for (const thrown of [boom, undefined, null, 0, '', Object.freeze(new Error('frozen'))]) {
      await expect(breaker.execute(() => Promise.reject(thrown))).rejects.toBe(thrown);
      await expect(
        breaker.execute(() => {
          throw thrown;
        }),
      ).rejects.toBe(thrown);
    }
    expect(breaker.explain()).toMatchObject({ totals: { success: 1, failure: 12 }, inFlight: 0 });
  });

  it('never opens on the first failures, unless told to', async () => {
    const breaker = new CircuitBreaker();
    await run(breaker, ...new Array(CircuitBreaker.defaults.minCalls - 1).fill(fail));
    expect(breaker.state).toBe('closed');
    await run(breaker, fail);
    expect(breaker.state).toBe('open');
  });

  it('goes from closed to open to half-open to closed', async () => {
    const { breaker, clock, told } = breakerOf();
    await run(breaker, fail, fail);
    expect(breaker.state).toBe('open');
    await expect(breaker.execute(ok)).rejects.toBeInstanceOf(CircuitOpenError);
    await clock.advance(100);
    const probe = pending();
    const call = breaker.execute(probe.operation);
    expect(breaker.state).toBe('half-open');
    await expect(breaker.execute(ok)).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN' });
    probe.resolve('fine');
    await expect(call).resolves.toBe('fine');
    expect(breaker.state).toBe('closed');
    expect(told).toEqual(['opened', 'rejected', 'halfOpened', 'rejected', 'closed']);
  });

  it('rejects in the same turn, without running the operation, with the time to come back', async () => {
    const { breaker, clock } = breakerOf();
    await run(breaker, fail, fail);
    await clock.advance(30);
    let ran = 0;
    let rejection: unknown;
    breaker
      .execute(() => {
        ran++;
      })
      .catch(error => {
        rejection = error;
      });
    await Promise.resolve();
    expect(rejection).toMatchObject({
      name: 'CircuitOpenError',
      code: 'ERR_CIRCUIT_OPEN',
      policy: 'stock',
      message: 'stock is open',
      retryAfterMs: 70,
      rejected: true,
    });
    expect((rejection as Error).stack).not.toContain('circuit-breaker');
    expect(ran).toBe(0);
  });

  it('never parks a caller: all but the probes are rejected at once', async () => {
    const { breaker, clock } = breakerOf({ probes: 3 });
    await run(breaker, fail, fail);
    await clock.advance(100);
    const hung = pending();
    const calls = Array.from({ length: 1000 }, () => breaker.execute(hung.operation));
    const early = await Promise.allSettled(calls.slice(3));
    expect(early.every(({ status }) => status === 'rejected')).toBe(true);
    expect(breaker.explain()).toMatchObject({ inFlight: 3, totals: { rejected: 997 } });
    hung.resolve('late');
    await Promise.all(calls.slice(0, 3));
  });

  it('keeps its order in a pipeline, where it is fused with other guards', async () => {
    const inner = breakerOf();
    const outer = breakerOf();
    const both = pipeline(outer.breaker, inner.breaker);
    for (let i = 0; i < 2; i++) await both.execute(fail).catch(() => {});
    expect([outer.breaker.state, inner.breaker.state]).toEqual(['open', 'open']);
    outer.breaker.reset();
    for (let i = 0; i < 5; i++) await both.execute(ok).catch(() => {});
    expect(outer.breaker.explain()).toMatchObject({ state: 'closed', totals: { failure: 2, ignored: 5 } });
  });

  it('stays sound when the operation calls the breaker again', async () => {
    const { breaker } = breakerOf();
    const inner = () => breaker.execute(fail);
    await expect(breaker.execute(inner)).rejects.toBe(boom);
    expect(breaker.explain()).toMatchObject({ state: 'open', totals: { failure: 2 }, inFlight: 0 });
    breaker.reset();
    const resetting = () => {
      breaker.reset();
      return fail();
    };
    await run(breaker, resetting, resetting, resetting);
    expect(breaker.explain()).toMatchObject({ state: 'closed', totals: { failure: 5, stale: 3 } });
  });
});
