import { describe, expect, it } from 'vitest';
import { CircuitOpenError } from '../../../src/kernel/errors.js';
import { breakerOf, fail, run } from '../../fixtures/breaker.js';

describe('a permit', () => {
  it('counts as its holder settles it', () => {
    const { breaker } = breakerOf({ consecutiveFailures: 9 });
    breaker.acquire().success();
    breaker.acquire().failure();
    breaker.acquire().failure(new Error('boom'));
    breaker.acquire().ignore();
    const open = breaker.acquire();
    expect(breaker.explain()).toMatchObject({ inFlight: 1, totals: { success: 1, failure: 2, ignored: 1 } });
    open.success();
    expect(breaker.explain().inFlight).toBe(0);
  });

  it('settles once; what comes after is ignored', () => {
    const { breaker } = breakerOf();
    const permit = breaker.acquire();
    permit.success();
    permit.failure();
    permit.ignore();
    permit.success();
    expect(breaker.explain()).toMatchObject({ inFlight: 0, totals: { success: 1, failure: 0, ignored: 0 } });
  });

  it('opens and closes the circuit as a call does', async () => {
    const { breaker, clock } = breakerOf();
    breaker.acquire().failure();
    breaker.acquire().failure({ retryAfterMs: 500 });
    expect(breaker.state).toBe('open');
    expect(() => breaker.acquire()).toThrow(CircuitOpenError);
    await clock.advance(500);
    const probe = breaker.acquire();
    expect(() => breaker.acquire()).toThrow(CircuitOpenError);
    probe.success();
    expect(breaker.state).toBe('closed');
  });

  it('returns an unused place, by `ignore` or at the end of its scope', async () => {
    const { breaker, clock } = breakerOf();
    await run(breaker, fail, fail);
    await clock.advance(100);
    breaker.acquire().ignore();
    breaker.acquire()[Symbol.dispose]();
    const settled = breaker.acquire();
    settled.success();
    settled[Symbol.dispose]();
    expect(breaker.explain()).toMatchObject({ state: 'closed', inFlight: 0, totals: { ignored: 2 } });
  });

  it('has no say once its epoch is over', () => {
    const { breaker } = breakerOf();
    const late = breaker.acquire();
    breaker.reset();
    late.failure();
    expect(breaker.explain()).toMatchObject({ counts: { consecutiveFailures: 0 }, totals: { stale: 1 } });
  });

  it('comes back even if the error cannot be looked at', () => {
    const { breaker } = breakerOf();
    const evil = {
      get retryAfterMs(): number {
        throw new Error('evil');
      },
    };
    breaker.acquire().failure(evil);
    expect(breaker.explain()).toMatchObject({ inFlight: 0, totals: { failure: 1 } });
  });
});
