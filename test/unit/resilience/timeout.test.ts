import { describe, expect, it } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { countingSignal } from '../../../src/testing/counting-signal.js';
import { checkLaws } from '../../../src/testing/law.js';
import { policyLaws } from '../../../src/testing/policy-laws.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { deferred } from '../kernel/recording-guards.js';

const never = (): Promise<never> => new Promise(() => {});

describe('Timeout', () => {
  it.each(['race', 'cooperative'] as const)('keeps the laws of policies: %s', async strategy => {
    await checkLaws(policyLaws(clock => new Timeout({ timeoutMs: 10_000, strategy, clock })));
  });

  it('fails exactly at the deadline with an error that tells who gave up after how long', async () => {
    const clock = new VirtualClock();
    const call = new Timeout({ timeoutMs: 50, name: 'payments', clock }).execute(never);
    const ended: number[] = [];
    call.catch(() => ended.push(clock.now()));
    await clock.advance(49);
    expect(ended).toEqual([]);
    await clock.advance(1_000);
    expect(ended).toEqual([50]);
    await expect(call).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
      timeoutMs: 50,
      policy: 'payments',
      message: 'payments: no answer within 50 ms',
    });
  });

  it('answers with what comes one millisecond before the deadline', async () => {
    const clock = new VirtualClock();
    const gate = deferred<string>();
    clock.schedule(49, () => gate.resolve('just in time'));
    const call = new Timeout({ timeoutMs: 50, clock }).execute(() => gate.promise);
    await clock.advance(200);
    await expect(call).resolves.toBe('just in time');
  });

  it.each([
    [0.5, 0.5],
    [2 ** 31, 2 ** 31],
    [2 ** 40, 2 ** 40],
  ])('keeps a span of %d ms, and not one of 1 ms', async (timeoutMs, at) => {
    const clock = new VirtualClock();
    const call = new Timeout({ timeoutMs, clock }).execute(never);
    const ended: number[] = [];
    call.catch(() => ended.push(clock.now()));
    await clock.runAll();
    expect(ended).toEqual([at]);
  });

  it('never gives up after Infinity, and sets no timer', async () => {
    const clock = new VirtualClock();
    const timeout = new Timeout({ timeoutMs: Infinity, clock });
    const gate = deferred<string>();
    const call = timeout.execute(context => {
      expect([context.deadline, context.remainingMs()]).toEqual([Infinity, Infinity]);
      return gate.promise;
    });
    expect(clock.timers).toBe(0);
    await clock.advance(2 ** 40);
    gate.resolve('in the end');
    await expect(call).resolves.toBe('in the end');
  });

  it('tells the operation its deadline and aborts its signal with the error', async () => {
    const clock = new VirtualClock({ nowMs: 1_000 });
    let signal!: AbortSignal;
    const call = new Timeout({ timeoutMs: 50, clock }).execute(context => {
      expect([context.deadline, context.remainingMs()]).toEqual([1_050, 50]);
      signal = context.signal;
      return never();
    });
    const error = clock.runUntil(call).catch((reason: unknown) => reason);
    expect(await error).toBe(signal.reason);
    expect(signal.aborted).toBe(true);
  });

  it('never aborts the signal of a call that was answered', async () => {
    const clock = new VirtualClock();
    let signal!: AbortSignal;
    await new Timeout({ timeoutMs: 50, clock }).execute(context => {
      signal = context.signal;
    });
    await clock.advance(1_000);
    expect(signal.aborted).toBe(false);
  });

  it('has one timer for all calls, and neither timers nor listeners when idle', async () => {
    const clock = new VirtualClock();
    const caller = countingSignal();
    const timeout = new Timeout({ timeoutMs: 50, clock });
    const gates = Array.from({ length: 20 }, () => deferred<number>());
    const calls: Promise<unknown>[] = [];
    for (const gate of gates) {
      calls.push(timeout.execute(() => gate.promise, { signal: caller.signal }));
      await clock.advance(1);
    }
    expect([clock.timers, clock.keepAliveTimers, caller.listeners()]).toEqual([1, 1, 1]);
    gates.slice(0, 19).forEach((gate, i) => {
      gate.resolve(i);
    });
    await Promise.all(calls.slice(0, 19));
    await expect(clock.runUntil(calls[19]!)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    expect([clock.timers, caller.listeners()]).toEqual([0, 0]);
  });

  it('lets the caller give up first', async () => {
    const clock = new VirtualClock();
    const caller = new AbortController();
    const call = new Timeout({ timeoutMs: 50, clock }).execute(never, { signal: caller.signal });
    caller.abort('gone');
    expect(clock.timers).toBe(0);
    await expect(call).rejects.toBe('gone');
  });

  it('fails only once when the caller gives up in the very millisecond', async () => {
    const clock = new VirtualClock();
    const caller = new AbortController();
    clock.schedule(50, () => caller.abort('gone'));
    const call = new Timeout({ timeoutMs: 50, clock }).execute(never, { signal: caller.signal });
    await expect(clock.runUntil(call)).rejects.toBe('gone');
    await clock.advance(100);
    expect(clock.timers).toBe(0);
  });

  it('starts to count when the call gets to it, not while it waits outside', async () => {
    const clock = new VirtualClock();
    let admit!: () => void;
    const door = {
      enter: () => undefined,
      wait(call: { admit(permit: true): void }) {
        admit = () => call.admit(true);
      },
      exit: () => {},
    };
    const call = pipeline(door, new Timeout({ timeoutMs: 50, clock })).execute(never);
    await clock.advance(1_000);
    admit();
    await clock.advance(49);
    expect(clock.timers).toBe(1);
    await expect(clock.runUntil(call)).rejects.toMatchObject({ timeoutMs: 50 });
    expect(clock.now()).toBe(1_050);
  });
});

describe('snapshot and describe', () => {
  it('tell what there is as JSON', async () => {
    const clock = new VirtualClock();
    const timeout = new Timeout({ timeoutMs: 50, name: 'payments', clock });
    expect(timeout.describe()).toEqual({
      kind: 'timeout',
      name: 'payments',
      timeoutMs: 50,
      strategy: 'race',
    });
    expect(timeout.snapshot()).toEqual({ name: 'payments', running: 0, timedOut: 0 });
    const gate = deferred<void>();
    const calls = [timeout.execute(() => gate.promise), timeout.execute(never)];
    expect(timeout.snapshot().running).toBe(2);
    gate.resolve();
    await calls[0];
    expect(timeout.snapshot().running).toBe(1);
    await expect(clock.runUntil(calls[1]!)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(JSON.parse(JSON.stringify(timeout.snapshot()))).toEqual({
      name: 'payments',
      running: 0,
      timedOut: 1,
    });
  });

  it('have no Infinity in them, which JSON does not know', () => {
    const timeout = new Timeout({ timeoutMs: Infinity, strategy: 'cooperative' });
    const told = { kind: 'timeout', name: 'timeout', timeoutMs: null, strategy: 'cooperative' };
    expect(timeout.describe()).toEqual(told);
    expect(JSON.parse(JSON.stringify(timeout.describe()))).toEqual(told);
  });
});
