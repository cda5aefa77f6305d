import { AsyncLocalStorage } from 'node:async_hooks';
import { setMaxListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { countingSignal } from '../../../src/testing/counting-signal.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { Gate } from '../../fixtures/gate.js';

const quiet = (promise: Promise<unknown>): void => {
  promise.catch(() => {});
};

/** For promises that are looked at later. */
const watched = <T>(promise: Promise<T>): Promise<T> => {
  quiet(promise);
  return promise;
};

/** Ends what runs until nothing does. */
const drain = async (gate: Gate): Promise<void> => {
  for (let [name] = gate.open; name !== undefined; [name] = gate.open) {
    gate.end(name);
    await settle();
  }
};

describe('the wait line of a bulkhead', () => {
  it.each([
    ['fifo', ['low', 'normal', 'high', 'low2']],
    ['lifo', ['low2', 'high', 'normal', 'low']],
    ['priority', ['high', 'normal', 'low', 'low2']],
  ] as const)('is served in %s order', async (order, served) => {
    const gate = new Gate();
    const bulkhead = new Bulkhead({ slots: 1, queue: 4, order, clock: new VirtualClock() });
    const priorities = { first: 0, low: -1, normal: 0, high: 1, low2: -7.5 };
    for (const [name, priority] of Object.entries(priorities)) {
      quiet(bulkhead.execute(gate.operation(name), { priority }));
    }
    await drain(gate);
    expect(gate.started).toEqual(['first', ...served]);
  });

  it('moves a call up by one priority for each age span that it has waited', async () => {
    const clock = new VirtualClock();
    const gate = new Gate();
    const bulkhead = new Bulkhead({ slots: 1, queue: 4, order: 'priority', levels: 3, ageMs: 100, clock });
    quiet(bulkhead.execute(gate.operation('first')));
    quiet(bulkhead.execute(gate.operation('old'), { priority: -1 }));
    await clock.advance(199);
    quiet(bulkhead.execute(gate.operation('before'), { priority: 1 }));
    await clock.advance(1);
    quiet(bulkhead.execute(gate.operation('after'), { priority: 1 }));
    await drain(gate);
    expect(gate.started).toEqual(['first', 'before', 'old', 'after']);
  });

  it.each([
    ['lifo', 0, 'old'],
    ['priority', 1, 'new'],
    ['priority', 0, 'newcomer'],
  ] as const)(
    'when full in %s order, a newcomer of priority %d costs %s its place',
    async (order, priority, gone) => {
      const gate = new Gate();
      const clock = new VirtualClock();
      const bulkhead = new Bulkhead({ slots: 1, queue: 2, order, clock });
      const reasons: string[] = [];
      bulkhead.on('rejected', ({ reason }) => reasons.push(reason));
      const calls: Record<string, Promise<string>> = {};
      const start = (name: string, given: number): void => {
        calls[name] = watched(bulkhead.execute(gate.operation(name), { priority: given }));
      };
      start('first', 0);
      start('old', 0);
      await clock.advance(1);
      start('new', 0);
      start('newcomer', priority);
      await expect(calls[gone]).rejects.toMatchObject({ code: 'ERR_BULKHEAD_FULL' });
      expect(reasons).toEqual([gone === 'newcomer' ? 'full' : 'displaced']);
      await drain(gate);
      expect(gate.started.toSorted()).toEqual(
        ['first', 'old', 'new', 'newcomer'].filter(name => name !== gone).toSorted(),
      );
    },
  );

  it('lets a caller that aborts go in the same turn, never runs it, and gives its place away', async () => {
    const gate = new Gate();
    const bulkhead = new Bulkhead({ slots: 1, queue: 1 });
    const caller = countingSignal();
    const reason = new Error('enough');
    quiet(bulkhead.execute(gate.operation('a')));
    const waiting = watched(bulkhead.execute(gate.operation('b'), { signal: caller.signal }));
    expect(caller.listeners()).toBe(1);
    caller.abort(reason);
    expect(bulkhead.snapshot().waiting).toBe(0);
    quiet(bulkhead.execute(gate.operation('c')));
    await expect(waiting).rejects.toBe(reason);
    await drain(gate);
    expect(gate.started).toEqual(['a', 'c']);
  });

  it('lets go of the signal once the call is over', async () => {
    const caller = countingSignal();
    const bulkhead = new Bulkhead({ slots: 1, queue: 9 });
    const calls = Array.from({ length: 10 }, () =>
      bulkhead.execute(async () => 1, { signal: caller.signal }),
    );
    await Promise.all(calls);
    expect(caller.listeners()).toBe(0);
  });

  it.each([1, 10_000])('lets ten thousand callers that abort by %d signals go in one turn', async signals => {
    const gate = new Gate();
    const bulkhead = new Bulkhead({ slots: 1, queue: 10_000 });
    const operation = vi.fn();
    quiet(bulkhead.execute(gate.operation('a')));
    const callers = Array.from({ length: signals }, () => new AbortController());
    setMaxListeners(0, ...callers.map(({ signal }) => signal));
    const calls = Array.from({ length: 10_000 }, (_, call) =>
      watched(bulkhead.execute(operation, { signal: callers[call % signals]!.signal })),
    );
    const removals = vi.spyOn(EventTarget.prototype, 'removeEventListener');
    for (const caller of callers.reverse()) caller.abort('all');
    // A signal with ten thousand listeners takes that many steps to look for one of them.
    expect(removals).not.toHaveBeenCalled();
    removals.mockRestore();
    expect(bulkhead.snapshot()).toMatchObject({ taken: 1, waiting: 0 });
    let gone = 0;
    for (const call of calls) quiet(call.catch(reason => (reason === 'all' ? gone++ : undefined)));
    await settle();
    expect(gone).toBe(10_000);
    expect(operation).not.toHaveBeenCalled();
    quiet(bulkhead.execute(gate.operation('b')));
    await drain(gate);
    expect(gate.started).toEqual(['a', 'b']);
  });

  it('refuses who has waited too long, exactly then, by one timer for all', async () => {
    const clock = new VirtualClock();
    const gate = new Gate();
    const bulkhead = new Bulkhead({ slots: 1, queue: 100, queueTimeoutMs: 50, clock });
    quiet(bulkhead.execute(gate.operation('a')));
    expect(clock.timers).toBe(0);
    const calls: Promise<string>[] = [];
    const schedule = vi.spyOn(clock, 'schedule');
    for (let call = 0; call < 50; call++) {
      calls.push(watched(bulkhead.execute(gate.operation(`b${call}`))));
      await clock.advance(1);
      expect(clock.timers).toBe(1);
    }
    expect(schedule).toHaveBeenCalledTimes(2);
    expect(bulkhead.snapshot().waiting).toBe(49);
    await expect(calls[0]).rejects.toMatchObject({ code: 'ERR_QUEUE_TIMEOUT', rejected: true });
    gate.end('a');
    await settle();
    expect(gate.started).toEqual(['a', 'b1']);
    await clock.advance(100);
    expect(bulkhead.snapshot()).toMatchObject({ taken: 1, waiting: 0, rejected: 49 });
    expect(clock.timers).toBe(0);
    expect(gate.started).toEqual(['a', 'b1']);
  });

  it('leaves no timer behind when the line empties before anybody is late', async () => {
    const clock = new VirtualClock();
    const gate = new Gate();
    const bulkhead = new Bulkhead({ slots: 1, queue: 2, queueTimeoutMs: 50, clock });
    quiet(bulkhead.execute(gate.operation('a')));
    quiet(bulkhead.execute(gate.operation('b')));
    expect(clock.keepAliveTimers).toBe(1);
    gate.end('a');
    await settle();
    expect(clock.timers).toBe(0);
  });

  it('never lets a call wait beyond the deadline of its caller', async () => {
    const clock = new VirtualClock();
    const gate = new Gate();
    const bulkhead = new Bulkhead({ slots: 1, queue: 9, queueTimeoutMs: 50, clock });
    const reasons: unknown[] = [];
    bulkhead.on('rejected', ({ reason, at }) => reasons.push([reason, at - clock.wall() + clock.now()]));
    quiet(bulkhead.execute(gate.operation('a')));
    for (const timeoutMs of [40, 60, 20, 30]) quiet(bulkhead.execute(gate.operation('b'), { timeoutMs }));
    await expect(bulkhead.execute(gate.operation('c'), { timeoutMs: 0 })).rejects.toMatchObject({
      code: 'ERR_DEADLINE',
    });
    await clock.advance(100);
    expect(reasons).toEqual([
      ['deadline', 0],
      ['deadline', 20],
      ['deadline', 30],
      ['deadline', 40],
      ['queue-timeout', 50],
    ]);
    expect(gate.started).toEqual(['a']);
  });

  it.each(['race', 'cooperative'] as const)(
    'ends a waiting call when a %s timeout outside does',
    async strategy => {
      const clock = new VirtualClock();
      const gate = new Gate();
      const bulkhead = new Bulkhead({ slots: 1, queue: 9, clock });
      quiet(bulkhead.execute(gate.operation('a')));
      const policy = pipeline(new Timeout({ timeoutMs: 50, strategy, clock }), bulkhead);
      const waiting = watched(policy.execute(gate.operation('b')));
      // Whoever sets a deadline keeps it: the bulkhead needs no timer for this one.
      expect(clock.timers).toBe(1);
      await clock.advance(50);
      expect(bulkhead.snapshot().waiting).toBe(0);
      await expect(waiting).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
      await drain(gate);
      expect(gate.started).toEqual(['a']);
      expect(clock.timers).toBe(0);
    },
  );

  it('refuses who waits, and keeps its slots, when the process was suspended for ten minutes', async () => {
    const clock = new VirtualClock();
    const gate = new Gate();
    const bulkhead = new Bulkhead({ slots: 1, queue: 9, queueTimeoutMs: 50, clock });
    quiet(bulkhead.execute(gate.operation('a')));
    const waiting = watched(bulkhead.execute(gate.operation('b')));
    await clock.suspend(600_000);
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_QUEUE_TIMEOUT' });
    expect(bulkhead.snapshot()).toMatchObject({ taken: 1, waiting: 0 });
  });

  it('runs each operation in the async context of its own caller', async () => {
    const tenant = new AsyncLocalStorage<string>();
    const bulkhead = new Bulkhead({ slots: 1, queue: 2 });
    const seen = await Promise.all(
      ['a', 'b', 'c'].map(name =>
        tenant.run(name, () =>
          bulkhead.execute(async () => {
            const before = tenant.getStore();
            await settle();
            return [before, tenant.getStore()];
          }),
        ),
      ),
    );
    expect(seen).toEqual([
      ['a', 'a'],
      ['b', 'b'],
      ['c', 'c'],
    ]);
  });
});
