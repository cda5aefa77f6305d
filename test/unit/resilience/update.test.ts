import { describe, expect, it, vi } from 'vitest';
import { AdaptiveThrottle } from '../../../src/resilience/adaptive-throttle.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { Cache } from '../../../src/resilience/cache.js';
import { Chaos } from '../../../src/resilience/chaos.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { Coalesce } from '../../../src/resilience/coalesce.js';
import { Hedge } from '../../../src/resilience/hedge.js';
import { RateLimiter } from '../../../src/resilience/rate-limiter.js';
import { Retry } from '../../../src/resilience/retry.js';
import { RetryBudget } from '../../../src/resilience/retry-budget.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const boom = new Error('boom');
const fail = (): Promise<never> => Promise.reject(boom);

/** A gate that an operation waits at. */
function gate() {
  let open = (): void => {};
  const passed = new Promise<void>(resolve => {
    open = resolve;
  });
  return { open: () => open(), operation: () => passed };
}

describe('an update', () => {
  const subjects = [
    ['CircuitBreaker', () => new CircuitBreaker({ openMs: 1_000 }), { openMs: 50 }, { openMs: -1 }],
    ['Bulkhead', () => new Bulkhead({ slots: 2 }), { slots: 3, queue: 5 }, { queue: 1.5, slots: 9 }],
    ['Retry', () => new Retry({ attempts: 2 }), { attempts: 5 }, { attempts: 0 }],
    ['RetryBudget', () => new RetryBudget({ reserve: 10 }), { reserve: 20 }, { reserve: 0 }],
    [
      'AdaptiveThrottle',
      () => new AdaptiveThrottle({ headroom: 3 }),
      { headroom: 1.5, windowMs: 60 },
      { headroom: 0.5 },
    ],
    [
      'Cache',
      () => new Cache({ ttlMs: 100, maxEntries: 2 }),
      { ttlMs: 5, maxEntries: 1, staleIfErrorMs: 9 },
      { maxEntries: 0, ttlMs: 7 },
    ],
    [
      'Chaos',
      () => new Chaos({ faultRatio: 0.1 }),
      { faultRatio: 0.5, latencyMs: [1, 2], windowCalls: 7 },
      { latencyRatio: 2, faultRatio: 0 },
    ],
    ['Coalesce', () => new Coalesce(), { maxKeys: 5 }, { maxKeys: 0 }],
    [
      'Hedge',
      () => new Hedge({ delayMs: 10 }),
      { delayMs: 20, maxHedges: 3, idempotent: true },
      { maxHedges: 101, delayMs: 1 },
    ],
    [
      'RateLimiter',
      () => new RateLimiter({ limit: 5, perMs: 100 }),
      { limit: 6, perMs: 50, burst: 2 },
      { perMs: 0, limit: 9 },
    ],
    ['Timeout', () => new Timeout({ timeoutMs: 100 }), { timeoutMs: 200 }, { timeoutMs: Number.NaN }],
  ] as const;

  it.each(subjects)('of a %s shows in describe(), tells what changed, and can be undone once', (...row) => {
    const [, make, patch] = row;
    const subject = make() as Timeout;
    const before = subject.describe();
    const told: unknown[] = [];
    subject.on('updated', ({ changes }) => told.push(changes));
    const undo = subject.update(patch as never);
    expect(subject.describe()).not.toEqual(before);
    expect(subject.describe()).toMatchObject(patch);
    undo();
    undo();
    expect(subject.describe()).toEqual(before);
    expect(told).toHaveLength(2);
    expect(Object.keys(told[0] as object)).toEqual(Object.keys(patch));
    const [name] = Object.keys(patch) as [string];
    const [there, back] = told as Record<string, { from: unknown; to: unknown }>[];
    expect(back![name]).toEqual({ from: there![name]!.to, to: there![name]!.from });
  });

  it.each(subjects)('of a %s that is refused changes nothing', (owner, make, _patch, bad) => {
    const subject = make() as Timeout;
    const before = subject.describe();
    const told = vi.fn();
    subject.on('updated', told);
    const option = Object.keys(bad)[0];
    expect(() => subject.update(bad as never)).toThrow(`${owner}: \`${option}\``);
    expect(() => subject.update({ nonsense: 1 } as never)).toThrow(`${owner}: unknown option \`nonsense\``);
    expect(() => subject.update({ name: 'x' } as never)).toThrow(`${owner}: unknown option \`name\``);
    expect(subject.describe()).toEqual(before);
    expect(told).not.toHaveBeenCalled();
  });

  it.each(subjects)('of a %s to what it is tells nothing, nor does it where nobody listens', (...row) => {
    const [, make, patch] = row;
    const subject = make() as Timeout;
    subject.update(patch as never);
    const told = vi.fn();
    subject.on('updated', told);
    subject.update(patch as never)();
    subject.update({})();
    expect(told).not.toHaveBeenCalled();
  });
});

describe('an update of a CircuitBreaker', () => {
  it('keeps the state, the counts and a break that has begun', async () => {
    const clock = new VirtualClock();
    const breaker = new CircuitBreaker({ failureRatio: 0.5, window: { calls: 4 }, minCalls: 4, clock });
    await breaker.execute(fail).catch(() => {});
    await breaker.execute(fail).catch(() => {});
    breaker.update({ window: { calls: 10 }, openMs: 1_000 });
    expect(breaker.explain().counts).toMatchObject({ calls: 2, failures: 2 });
    await breaker.execute(fail).catch(() => {});
    await breaker.execute(fail).catch(() => {});
    expect(breaker.state).toBe('open');
    breaker.update({ openMs: 5 });
    expect(breaker.explain().retryAfterMs).toBe(1_000);
  });

  it('starts from what this breaker was told, whatever others of the same rules were', () => {
    const silent = new CircuitBreaker({});
    const outspoken = new CircuitBreaker({ failureRatio: 0.5, window: { calls: 100 } });
    const again = new CircuitBreaker({});
    for (const breaker of [silent, outspoken, again]) breaker.update({ consecutiveFailures: 5 });
    // A ratio that was left out is not asked where another rule was chosen.
    expect(silent.describe()).not.toHaveProperty('failureRatio');
    expect(again.describe()).not.toHaveProperty('failureRatio');
    expect(outspoken.describe()).toMatchObject({ failureRatio: 0.5, consecutiveFailures: 5 });
  });

  it('times calls from now on, and gives no call in flight up', async () => {
    const clock = new VirtualClock();
    const breaker = new CircuitBreaker({ consecutiveFailures: 9, clock });
    const [untimed, timed] = [gate(), gate()];
    const first = breaker.execute(untimed.operation);
    const undo = breaker.update({ slowMs: 10, slowRatio: 1, minCalls: 1 });
    const second = breaker.execute(timed.operation);
    await clock.advance(20);
    untimed.open();
    await first;
    expect(breaker.explain()).toMatchObject({ state: 'closed', inFlight: 1, totals: { slow: 0 } });
    undo();
    timed.open();
    await second;
    expect(breaker.explain()).toMatchObject({ inFlight: 0, totals: { success: 2 } });
  });

  it('takes another classify, a mode, and what was left out before', async () => {
    const breaker = new CircuitBreaker({ consecutiveFailures: 1 });
    const undo = breaker.update({ classify: () => 'neutral', mode: 'disabled' });
    expect(breaker.state).toBe('disabled');
    await breaker.execute(fail).catch(() => {});
    undo();
    expect(breaker.state).toBe('closed');
    await breaker.execute(fail).catch(() => {});
    expect(breaker.state).toBe('open');
    expect(new CircuitBreaker().update({ failureRatio: undefined as never })).toBeTypeOf('function');
  });
});

describe('an update of a Bulkhead', () => {
  it('admits who waits, sends nobody away, and holds for those who come', async () => {
    const clock = new VirtualClock();
    const bulkhead = new Bulkhead({ slots: 1, queue: 2, clock });
    const gates = [gate(), gate(), gate()];
    const calls = gates.map(({ operation }) => bulkhead.execute(operation));
    bulkhead.update({ queue: 0, queueTimeoutMs: 5 });
    expect(bulkhead.snapshot()).toMatchObject({ taken: 1, waiting: 2, queue: 0 });
    await expect(bulkhead.execute(() => 1)).rejects.toMatchObject({ code: 'ERR_BULKHEAD_FULL' });
    await clock.advance(100);
    bulkhead.update({ slots: 3 });
    expect(bulkhead.snapshot()).toMatchObject({ taken: 3, waiting: 0 });
    for (const { open } of gates) open();
    await Promise.all(calls);
  });
});

describe('an update of a Retry', () => {
  it('holds for calls that begin after it, and keeps the counts', async () => {
    const clock = new VirtualClock();
    const retry = new Retry({ attempts: 2, backoff: { kind: 'constant', delayMs: 10 }, clock });
    const operation = vi.fn(fail);
    const before = retry.execute(operation).catch(() => 'over');
    retry.update({ attempts: 1, onDiscard: () => {} });
    await clock.advance(50);
    await expect(before).resolves.toBe('over');
    expect(operation).toHaveBeenCalledTimes(2);
    await retry.execute(operation).catch(() => {});
    expect(operation).toHaveBeenCalledTimes(3);
    expect(retry.snapshot()).toMatchObject({ retried: 1, gaveUp: 2 });
  });
});

describe('an update to another object that reads alike', () => {
  it('is an update, and can be undone', () => {
    const [first, second] = [0.1, 0.9].map(retryRatio => new RetryBudget({ retryRatio, name: 'same' }));
    const retry = new Retry({ budget: first! });
    const told = vi.fn();
    retry.on('updated', told);
    const undo = retry.update({ budget: second! });
    expect(retry.describe().budget).toMatchObject({ retryRatio: 0.9 });
    undo();
    expect(retry.describe().budget).toMatchObject({ retryRatio: 0.1 });
    expect(told).toHaveBeenCalledTimes(2);
  });
});

describe('an update of a Timeout', () => {
  it('lets calls end by what they began with', async () => {
    const clock = new VirtualClock();
    const timeout = new Timeout({ timeoutMs: 100, clock });
    const never = (): Promise<never> => new Promise(() => {});
    const first = timeout.execute(never).catch(error => error.timeoutMs);
    timeout.update({ timeoutMs: 20 });
    const second = timeout.execute(never).catch(error => error.timeoutMs);
    await clock.advance(20);
    expect(timeout.snapshot()).toMatchObject({ running: 1, timedOut: 1 });
    await clock.advance(80);
    await expect(Promise.all([first, second])).resolves.toEqual([100, 20]);
    expect([timeout.snapshot().running, clock.timers]).toEqual([0, 0]);
  });
});

describe('an update of a budget', () => {
  it('tells of another one that has the same name, and brings the first one back', async () => {
    const poor = () => new RetryBudget({ reserve: 1, minPerSecond: 0, retryRatio: 0 });
    const [first, second] = [poor(), poor()];
    const retry = new Retry({ budget: first });
    const told = vi.fn();
    retry.on('updated', told);
    const undo = retry.update({ budget: second });
    expect(told).toHaveBeenCalledOnce();
    first.withdraw();
    undo();
    await retry.execute(fail).catch(() => {});
    expect(retry.snapshot()).toMatchObject({ retried: 0, gaveUp: 1 });
  });
});

describe('an update of a RetryBudget', () => {
  it('keeps the tokens that the new reserve can hold', () => {
    const clock = new VirtualClock();
    const budget = new RetryBudget({ reserve: 10, minPerSecond: 0, clock });
    budget.update({ reserve: 100 });
    expect(budget.snapshot().tokens).toBe(10);
    budget.update({ reserve: 4 })();
    expect(budget.snapshot().tokens).toBe(4);
  });
});
