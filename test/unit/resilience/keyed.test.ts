import { describe, expect, it, vi } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { Fallback } from '../../../src/resilience/fallback.js';
import { keyed } from '../../../src/resilience/keyed.js';
import { Retry } from '../../../src/resilience/retry.js';
import { RetryBudget } from '../../../src/resilience/retry-budget.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { boom, fail, ok, pending } from '../../fixtures/breaker.js';
import { Gate } from '../../fixtures/gate.js';

describe('keyed', () => {
  const breakers = (options = {}) => {
    const clock = new VirtualClock();
    const made: string[] = [];
    const policy = keyed(
      name => {
        made.push(name);
        return new CircuitBreaker({ name, consecutiveFailures: 2, openMs: 100, clock });
      },
      { maxKeys: 2, clock, ...options },
    );
    return { clock, made, policy };
  };

  it('keeps the keys apart, and makes each policy when its key is first used', async () => {
    const { made, policy } = breakers();
    expect(made).toEqual(['*']);
    for (let i = 0; i < 2; i++) await policy.execute(fail, { key: 'sick' }).catch(() => {});
    await expect(policy.execute(ok, { key: 'sick' })).rejects.toMatchObject({ code: 'ERR_CIRCUIT_OPEN' });
    expect(await policy.execute(ok, { key: 'well' })).toBe('fine');
    expect(made).toEqual(['*', 'sick', 'well']);
    expect([policy.peek('sick')?.state, policy.peek('well')?.state]).toEqual(['open', 'closed']);
    expect(policy.peek('other')).toBeUndefined();
    expect([...policy].map(([key]) => key)).toEqual(['sick', 'well']);
    expect(policy.get('well')).toBe(policy.peek('well'));
  });

  it('fuses guards with their neighbours and hands each call to the guard of its key', async () => {
    const { policy } = breakers();
    const stack = pipeline(policy, new Timeout({ timeoutMs: 50 }), new Bulkhead({ slots: 4 }));
    const calls = ['a', 'b', 'a'].map(key => stack.execute(context => context.key, { key }));
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'a']);
    expect(policy.peek('a')?.explain().totals.success).toBe(2);
    expect(policy.peek('b')?.explain().totals.success).toBe(1);
  });

  it('refuses a call without a key', async () => {
    const { policy } = breakers();
    await expect(policy.execute(ok)).rejects.toThrow('keyed: the call has no key');
    await expect(pipeline(policy).execute(ok)).rejects.toThrow('keyed: the call has no key');
    const retries = keyed(() => new Retry(), { maxKeys: 1 });
    await expect(retries.execute(ok)).rejects.toThrow('keyed: the call has no key');
    expect(() => policy.get(5 as never)).toThrow(TypeError);
  });

  it('forgets the key that was not used for longest, and none that is not at rest', async () => {
    const { policy, clock } = breakers();
    const evicted: string[] = [];
    policy.on('evicted', ({ key, reason }) => evicted.push(`${key} ${reason}`));
    for (let i = 0; i < 2; i++) await policy.execute(fail, { key: 'sick' }).catch(() => {});
    for (const key of ['a', 'b', 'c']) await policy.execute(ok, { key });
    expect(evicted).toEqual(['a full', 'b full']);
    expect(policy.peek('sick')?.state).toBe('open');
    // Nobody has asked for it for as long as a break can be: it would be let through as a probe.
    await clock.advance(200);
    await policy.execute(ok, { key: 'd' });
    expect(evicted.at(-1)).toBe('sick full');
  });

  it('shares one policy among the keys for which there is no room', async () => {
    const { policy } = breakers({ name: 'hosts' });
    const told: unknown[] = [];
    policy.on('overflowed', event => told.push(event.key));
    const [a, b] = [pending(), pending()];
    const calls = [policy.execute(a.operation, { key: 'a' }), policy.execute(b.operation, { key: 'b' })];
    expect(policy.get('c').name).toBe('*');
    expect(await policy.execute(ok, { key: 'd' })).toBe('fine');
    expect(told).toEqual(['c', 'd']);
    a.resolve('a');
    await calls[0];
    await policy.execute(ok, { key: 'c' });
    expect([...policy].map(([key]) => key)).toEqual(['b', 'c']);
    b.resolve('b');
    await calls[1];
    const counts = { made: 3, evicted: 1, overflowed: 2 };
    expect(policy.snapshot()).toEqual({ name: 'hosts', size: 2, maxKeys: 2, ...counts });
  });

  it('forgets a key that is idle for idleMs, at a later call of any key', async () => {
    const { policy, clock } = breakers({ idleMs: 1000, maxKeys: 10 });
    const late = pending();
    const call = policy.execute(late.operation, { key: 'late' });
    await policy.execute(ok, { key: 'idle' });
    await clock.advance(999);
    await policy.execute(ok, { key: 'used' });
    expect(policy.size).toBe(3);
    await clock.advance(1);
    for (let i = 0; i < 2; i++) await policy.execute(ok, { key: 'used' });
    expect([...policy].map(([key]) => key)).toEqual(['late', 'used']);
    late.resolve('now');
    await call;
    // A key is idle from the end of its last call.
    for (let i = 0; i < 3; i++) await policy.execute(ok, { key: 'used' });
    expect(policy.peek('late')).toBeDefined();
    await clock.advance(1000);
    for (let i = 0; i < 3; i++) await policy.execute(ok, { key: 'used' });
    expect([...policy].map(([key]) => key)).toEqual(['used']);
    expect(clock.timers).toBe(0);
  });

  it('makes the calls of one key wait, and leaves the others alone', async () => {
    const clock = new VirtualClock();
    const policy = keyed(() => new Bulkhead({ slots: 1, queue: 5, clock }), { maxKeys: 2 });
    const gate = new Gate();
    const caller = new AbortController();
    const a = policy.execute(gate.operation('a1'), { key: 'a' });
    const second = policy.execute(gate.operation('a2'), { key: 'a' });
    const left = policy.execute(gate.operation('a3'), { key: 'a', signal: caller.signal });
    const b = policy.execute(gate.operation('b1'), { key: 'b' });
    expect(gate.started).toEqual(['a1', 'b1']);
    caller.abort(boom);
    await expect(left).rejects.toBe(boom);
    // Both are busy: neither goes.
    expect(policy.get('c')).toBe(policy.get('d'));
    gate.end('a1');
    await a;
    expect(gate.started).toEqual(['a1', 'b1', 'a2']);
    gate.end('a2');
    gate.end('b1');
    expect(await Promise.all([second, b])).toEqual(['a2', 'b1']);
    expect([...policy].map(([, { atRest }]) => atRest)).toEqual([true, true]);
    policy.get('c');
    policy.get('d');
    expect([...policy].map(([key]) => key)).toEqual(['c', 'd']);
  });

  it('refuses what the line of the key refuses, and counts it out', async () => {
    const clock = new VirtualClock();
    const make = () => new Bulkhead({ slots: 1, queue: 1, queueTimeoutMs: 50, order: 'lifo', clock });
    const policy = keyed(make, { maxKeys: 1 });
    const gate = new Gate();
    const call = policy.execute(gate.operation('a'), { key: 'a' });
    const displaced = policy.execute(gate.operation('b'), { key: 'a' });
    const late = policy.execute(gate.operation('c'), { key: 'a' });
    await expect(displaced).rejects.toMatchObject({ code: 'ERR_BULKHEAD_FULL' });
    await expect(clock.runUntil(late)).rejects.toMatchObject({ code: 'ERR_QUEUE_TIMEOUT' });
    await expect(policy.execute(ok, { key: 'a', timeoutMs: 0 })).rejects.toMatchObject({
      code: 'ERR_DEADLINE',
    });
    gate.end('a');
    await call;
    policy.get('z');
    expect([...policy].map(([key]) => key)).toEqual(['z']);
  });

  it('gives up on calls as the guard of their key does', async () => {
    const clock = new VirtualClock();
    const policy = keyed(key => new Timeout({ timeoutMs: Number(key) || 1, clock }), { maxKeys: 4 });
    const slow = policy.execute(pending().operation, { key: '50' });
    const fine = pipeline(policy).execute(async () => 'in time', { key: '80' });
    expect(await fine).toBe('in time');
    await expect(clock.runUntil(slow)).rejects.toMatchObject({ code: 'ERR_TIMEOUT', timeoutMs: 50 });
    expect(clock.now()).toBe(50);
  });

  it('counts the calls in policies that are no guards, and in guards that say nothing', async () => {
    const inside = { enter: () => ({}), exit: vi.fn() };
    for (const policy of [
      keyed(() => new Retry({ attempts: 1 }), { maxKeys: 1 }),
      keyed(() => inside, { maxKeys: 1 }),
    ]) {
      const [first, second] = [pending(), pending()];
      const calls = [first, second].map(({ operation }) => policy.execute(operation, { key: 'a' }));
      policy.get('b');
      expect(policy.peek('b')).toBeUndefined();
      first.resolve('one');
      await calls[0];
      policy.get('b');
      expect(policy.peek('b')).toBeUndefined();
      second.reject(boom);
      await expect(calls[1]).rejects.toBe(boom);
      policy.get('b');
      expect(policy.peek('a')).toBeUndefined();
    }
    expect(inside.exit.mock.calls.map(([, ok, result]) => [ok, result])).toEqual([
      [true, 'one'],
      [false, boom],
    ]);
  });

  it('passes what a policy answers in the stead of the operation', async () => {
    const names = keyed(key => new Fallback({ value: `no ${key}` }), { maxKeys: 2 });
    expect(await names.execute(fail, { key: 'apple' })).toBe('no apple');
    const thrown = {
      execute: () => {
        throw boom;
      },
    };
    await expect(keyed(() => thrown, { maxKeys: 1 }).execute(ok, { key: 'a' })).rejects.toBe(boom);
  });

  it('does not forget a pipeline of which a part is not at rest', async () => {
    const clock = new VirtualClock();
    const stack = keyed(
      () =>
        pipeline(
          new Retry({ attempts: 1, budget: new RetryBudget({ clock }), clock }),
          new CircuitBreaker({ clock }),
        ),
      { maxKeys: 1, clock },
    );
    await stack.execute(fail, { key: 'a' }).catch(() => {});
    expect(stack.peek('a')?.atRest).toBe(false);
    expect(stack.get('b')).toBe(stack.get('c'));
    await clock.advance(10_000);
    expect(stack.get('b')).not.toBe(stack.get('*'));
  });

  it('does not forget a retry whose budget is not full', async () => {
    const clock = new VirtualClock();
    const budget = new RetryBudget({ reserve: 1, minPerSecond: 1, clock });
    budget.withdraw();
    const plain = { deposit() {}, withdraw: () => true };
    const retries = [new Retry({ budget }), new Retry({ budget: plain }), new Retry()];
    expect(retries.map(({ atRest }) => atRest)).toEqual([false, true, true]);
    await clock.advance(1000);
    expect(budget.atRest).toBe(true);
  });

  it('keeps the bound when the factory, or a listener, asks for keys itself', () => {
    const policy = keyed(
      (key): Timeout => {
        if (key === 'outer') policy.get('inner');
        if (key === 'twin' && again) {
          again = false;
          policy.get('twin');
        }
        return new Timeout({ timeoutMs: 5 });
      },
      { maxKeys: 1 },
    );
    let again = true;
    policy.get('outer');
    expect(policy.size).toBe(1);
    const twin = policy.get('twin');
    expect(policy.peek('twin')).toBe(twin);
    policy.on('evicted', () => policy.get('third'));
    policy.get('fourth');
    expect(policy.size).toBe(1);
  });
});
