import { describe, expect, it, vi } from 'vitest';
import type { Context } from '../../../src/kernel/context.js';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { Hedge } from '../../../src/resilience/hedge.js';
import type { HedgeOptions } from '../../../src/resilience/hedge-options.js';
import { Retry } from '../../../src/resilience/retry.js';
import { RetryBudget } from '../../../src/resilience/retry-budget.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { microtaskSweep } from '../../../src/testing/microtask-sweep.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { byHand } from '../../fixtures/attempts.js';

const once = { reserve: 1, retryRatio: 0, minPerSecond: 0 };
function made(options: HedgeOptions = {}) {
  const clock = new VirtualClock();
  const hedge = new Hedge({ idempotent: true, clock, ...options });
  const left: string[] = [];
  hedge.on('notHedged', ({ reason }) => left.push(`${reason} @${clock.now()}`));
  return { clock, hedge, left, ...byHand() };
}

describe('a budget', () => {
  it('is paid once by each call and spent by hedges; an empty one only suppresses them', async () => {
    const budget = { deposit: vi.fn(), withdraw: vi.fn(() => false) };
    const { clock, hedge, left, runs, operation } = made({ budget, maxHedges: 2 });
    const call = hedge.execute(operation);
    await clock.advance(1_000);
    expect([runs.length, left]).toEqual([1, ['budget @100', 'budget @200']]);
    runs[0]!.answer('slow');
    await expect(call).resolves.toBe('slow');
    expect(budget.deposit).toHaveBeenCalledOnce();
    expect(budget.withdraw).toHaveBeenCalledTimes(2);
  });

  it('is not paid again inside a retry that has paid it', async () => {
    const { clock, hedge } = made({ budget: new RetryBudget(once) });
    const budget = { deposit: vi.fn(), withdraw: () => true };
    const inner = new Hedge({ budget, idempotent: true, clock });
    await pipeline(new Retry({ budget, clock }), inner).execute(() => 1);
    expect(budget.deposit).toHaveBeenCalledOnce();
    await pipeline(hedge, inner).execute(() => 1);
    expect(budget.deposit).toHaveBeenCalledTimes(2);
  });

  it('bounds the load when everything is slow', async () => {
    const clock = new VirtualClock();
    const budget = new RetryBudget({ reserve: 5, retryRatio: 0.1, minPerSecond: 0, clock });
    const hedge = new Hedge({ budget, clock, idempotent: true, delayMs: 10 });
    const slow = () => new Promise<void>(resolve => clock.schedule(50, resolve));
    for (let call = 0; call < 200; call++) void hedge.execute(slow);
    await clock.advance(100);
    const { hedged, notHedged } = hedge.snapshot();
    expect(hedged).toBeLessThanOrEqual(5 + 0.1 * 200);
    expect(hedged + notHedged.budget).toBe(200);
  });

  it('that throws ends the call', async () => {
    const withdraw = () => {
      throw new Error('no budget');
    };
    const { clock, hedge, operation } = made({ budget: { deposit() {}, withdraw } });
    const call = hedge.execute(operation);
    void call.catch(() => {});
    await clock.advance(100);
    await expect(call).rejects.toThrow('no budget');
  });
});

describe('a deadline', () => {
  it.each([
    [100, []],
    [101, [1, 2]],
  ])('of %i ms lets a hedge at 100 ms start or not', async (timeoutMs, attempts) => {
    const { clock, hedge, left, runs, operation } = made();
    void hedge.execute(operation, { timeoutMs });
    await clock.advance(0);
    expect(clock.timers).toBe(attempts.length === 0 ? 0 : 1);
    await clock.advance(200);
    expect(runs).toHaveLength(attempts.length || 1);
    expect(left).toEqual(attempts.length === 0 ? ['deadline @0'] : []);
  });

  it('lets nothing start at once when it has passed', async () => {
    const { clock, hedge, left, runs, operation } = made();
    const error = new Error('late');
    const call = hedge.execute(operation, { timeoutMs: 150 });
    void call.catch(() => {});
    await clock.suspend(200);
    expect([runs.length, left]).toEqual([1, ['deadline @200']]);
    runs[0]!.fail(error);
    await expect(call).rejects.toBe(error);
  });

  it('of a timeout outside ends all attempts, and starts none', async () => {
    const { clock, hedge, runs, operation } = made();
    const call = pipeline(new Timeout({ timeoutMs: 150, clock }), hedge).execute(operation);
    void call.catch(() => {});
    await clock.advance(150);
    await expect(call).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(runs.map(({ context }) => context.signal.aborted)).toEqual([true, true]);
    runs[1]!.fail(runs[1]!.context.signal.reason);
    await settle();
    expect(hedge.snapshot().losers).toBe(1);
    runs[0]!.fail(runs[0]!.context.signal.reason);
    await settle();
    expect([runs.length, hedge.snapshot().losers]).toEqual([2, 0]);
  });
});

describe('a caller who gives up', () => {
  it('gives up all attempts with the reason, and starts no more', async () => {
    const { clock, hedge, runs, operation } = made({ maxHedges: 2 });
    const caller = new AbortController();
    const call = hedge.execute(operation, { signal: caller.signal });
    void call.catch(() => {});
    await clock.advance(100);
    caller.abort('gone');
    expect(runs.map(({ context }) => context.signal.reason)).toEqual(['gone', 'gone']);
    await clock.advance(500);
    expect(runs).toHaveLength(2);
    runs[1]!.fail('gone');
    await expect(call).rejects.toBe('gone');
    expect(hedge.snapshot()).toMatchObject({ losers: 1, hedged: 1 });
    expect(clock.timers).toBe(0);
  });

  it('is heard by attempts that listen without a signal, and by no attempt that has ended', async () => {
    const { clock, hedge } = made();
    const caller = new AbortController();
    const heard: number[] = [];
    let end = (_: unknown): void => {};
    const call = hedge.execute(
      context => {
        (context as Context & { onCancel(listener: () => void): void }).onCancel(() => {
          heard.push(context.attempt);
        });
        return new Promise(resolve => {
          end = resolve;
        });
      },
      { signal: caller.signal },
    );
    await clock.advance(100);
    end('second');
    await call;
    expect(heard).toEqual([1]);
    caller.abort();
    expect(heard).toEqual([1]);
  });

  it('is obeyed at every offset from a failure and an answer', async () => {
    const { runs } = await microtaskSweep({
      subject: async () => {
        const { clock, hedge, runs, operation } = made({ maxHedges: 2 });
        const caller = new AbortController();
        const ends: unknown[] = [];
        const call = hedge.execute(operation, { signal: caller.signal });
        call.then(
          value => ends.push(value),
          error => ends.push(error),
        );
        await clock.advance(100);
        return { clock, hedge, runs, caller, ends };
      },
      trigger: ({ runs }) => runs[0]!.fail(new Error('first')),
      actions: {
        abort: ({ caller }) => caller.abort('gone'),
        answer: ({ runs }) => runs[1]!.answer('second'),
        again: ({ runs }) => runs[2]?.fail('third'),
      },
      check: async ({ clock, hedge, runs, caller, ends }) => {
        for (const { answer } of runs) answer('late');
        await clock.advance(1_000);
        if (ends.length !== 1) return `settled ${ends.length} times`;
        if (runs.length > 3) return 'more attempts than there may be';
        if (hedge.snapshot().losers !== 0) return 'losers are not counted off';
        if (clock.timers !== 0) return 'a timer is left';
        const unlinked = runs.every(({ context }) => context.signal.aborted || !caller.signal.aborted);
        return unlinked || ends[0] !== 'gone' ? undefined : 'an attempt did not hear of the abort';
      },
      offsets: 8,
    });
    expect(runs).toBeGreaterThan(300);
  });
});

describe('a breaker inside', () => {
  const broken = async (options = {}) => {
    const clock = new VirtualClock();
    const breaker = new CircuitBreaker({ consecutiveFailures: 1, openMs: 50, clock, ...options });
    const hedge = new Hedge({ idempotent: true, clock, delayMs: 10 });
    return { clock, breaker, hedge, policy: pipeline(hedge, breaker), ...byHand() };
  };

  it('that is not closed lets no hedge through, and its probes to others (HG9)', async () => {
    const { clock, breaker, hedge, policy, runs, operation } = await broken();
    await breaker.execute(() => Promise.reject(new Error('trip'))).catch(() => {});
    await clock.advance(50);
    const call = policy.execute(operation);
    expect(breaker.state).toBe('half-open');
    await clock.advance(20);
    expect([runs.length, hedge.snapshot().notHedged.refused]).toEqual([1, 1]);
    runs[0]!.answer('probe');
    await expect(call).resolves.toBe('probe');
    expect(breaker.explain().totals).toMatchObject({ rejected: 1, cancelled: 0 });
  });

  it('that opens meanwhile is not asked to end its break by a hedge', async () => {
    const { clock, breaker, hedge, policy, runs, operation } = await broken({ openMs: 5 });
    const call = policy.execute(operation);
    await breaker.execute(() => Promise.reject(new Error('trip'))).catch(() => {});
    await clock.advance(10);
    expect([breaker.state, runs.length, hedge.snapshot().notHedged.refused]).toEqual(['open', 1, 1]);
    runs[0]!.answer('first');
    await expect(call).resolves.toBe('first');
  });

  it('counts no loser', async () => {
    const { clock, breaker, policy } = await broken();
    const call = policy.execute(({ attempt, signal }) =>
      attempt === 2
        ? 'second'
        : new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
    await clock.advance(10);
    await expect(call).resolves.toBe('second');
    await settle();
    expect(breaker.state).toBe('closed');
    expect(breaker.explain().totals).toMatchObject({ success: 1, failure: 0, cancelled: 1 });
  });

  it('lets hedges through where it is closed and times its calls', async () => {
    const { clock, policy, runs, operation } = await broken({ slowMs: 1_000 });
    void policy.execute(operation);
    await clock.advance(10);
    expect(runs).toHaveLength(2);
  });
});
