import { describe, expect, it, vi } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { deferred, type Log, Parker, Recorder } from '../kernel/recording-guards.js';

const never = (): Promise<never> => new Promise(() => {});

describe('a call that ran out of time', () => {
  it('aborts its own signal and that of no other call', async () => {
    const clock = new VirtualClock();
    const timeout = new Timeout({ timeoutMs: 50, clock });
    const signals: AbortSignal[] = [];
    const start = (gate: Promise<unknown>): Promise<unknown> =>
      timeout.execute(context => {
        signals.push(context.signal);
        return gate;
      });
    const [healthy, later] = [deferred<string>(), deferred<string>()];
    const calls = [start(never()), start(healthy.promise)];
    await clock.advance(10);
    calls.push(start(later.promise));
    clock.schedule(39, () => healthy.resolve('healthy'));
    clock.schedule(45, () => later.resolve('later'));
    await expect(clock.runUntil(calls[0]!)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    await clock.advance(50);
    await expect(Promise.all(calls.slice(1))).resolves.toEqual(['healthy', 'later']);
    expect(signals.map(signal => signal.aborted)).toEqual([true, false, false]);
  });

  it.each([
    ['rejects', (gate: { reject(error: unknown): void }) => gate.reject(new Error('nobody hears this'))],
    ['answers', (gate: { resolve(value: string): void }) => gate.resolve('nobody hears this')],
  ])('stays failed when the operation %s later, and nothing is unhandled', async (_how, end) => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const clock = new VirtualClock();
    const gate = deferred<string>();
    const call = new Timeout({ timeoutMs: 50, clock }).execute(() => gate.promise);
    await expect(clock.runUntil(call)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    end(gate);
    await settle(3);
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    await expect(call).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
  });

  it('settles what is outside at once, and keeps what is inside until the operation has ended', async () => {
    const clock = new VirtualClock();
    const log: Log = [];
    const gate = deferred<string>();
    const timeout = new Timeout({ timeoutMs: 50, clock });
    const call = pipeline(new Recorder(log, 'outside'), timeout, new Recorder(log, 'inside')).execute(
      () => gate.promise,
    );
    await expect(clock.runUntil(call)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(log.slice(2)).toEqual(['exit outside error TimeoutError: timeout: no answer within 50 ms']);
    gate.resolve('done');
    await settle();
    expect(log.slice(3)).toEqual(['exit inside ok done']);
  });

  it.each(['race', 'cooperative'] as const)('leaves the line in which it waits: %s', async strategy => {
    const clock = new VirtualClock();
    const log: Log = [];
    const line = new Parker(log, 'line');
    const operation = vi.fn();
    const call = pipeline(new Timeout({ timeoutMs: 50, strategy, clock }), line).execute(operation);
    await expect(clock.runUntil(call)).rejects.toMatchObject({ code: 'ERR_DEADLINE' });
    line.parked!.admit(line.permit);
    expect(operation).not.toHaveBeenCalled();
    expect([log, clock.timers]).toEqual([['withdraw line'], 0]);
  });
});

describe('a cooperative timeout', () => {
  const start = (clock: VirtualClock, gate: Promise<unknown>) => {
    const timeout = new Timeout({ timeoutMs: 50, strategy: 'cooperative', clock });
    const timedOut = vi.fn();
    timeout.on('timedOut', timedOut);
    const signals: AbortSignal[] = [];
    const call = timeout.execute(context => {
      signals.push(context.signal);
      return gate;
    });
    return { timeout, timedOut, call, signal: signals[0]! };
  };

  it('aborts the signal and ends when the operation does, as it does', async () => {
    const clock = new VirtualClock();
    const gate = deferred<string>();
    const { call, signal, timeout, timedOut } = start(clock, gate.promise);
    const ended = vi.fn();
    call.then(ended, ended);
    await clock.advance(500);
    expect(signal.reason).toMatchObject({ code: 'ERR_TIMEOUT', timeoutMs: 50 });
    expect(ended).not.toHaveBeenCalled();
    expect(timeout.snapshot()).toMatchObject({ running: 1, timedOut: 1 });
    gate.resolve('partial answer');
    await expect(call).resolves.toBe('partial answer');
    expect(timedOut).toHaveBeenCalledOnce();
    expect(timeout.snapshot().running).toBe(0);
  });

  it('fails with the TimeoutError when the operation rejects with the reason of its signal', async () => {
    const clock = new VirtualClock();
    const gate = deferred<string>();
    const { call, signal } = start(clock, gate.promise);
    signal.addEventListener('abort', () => gate.reject(signal.reason));
    await expect(clock.runUntil(call)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
  });

  it('keeps the deadline of a caller in the same way, once', async () => {
    const clock = new VirtualClock();
    const gate = deferred<string>();
    const timeout = new Timeout({ timeoutMs: 50, strategy: 'cooperative', clock });
    const call = timeout.execute(() => gate.promise, { timeoutMs: 20 });
    await clock.advance(500);
    expect(timeout.snapshot()).toMatchObject({ running: 1, timedOut: 1 });
    gate.resolve('late');
    await expect(call).resolves.toBe('late');
    expect(clock.timers).toBe(0);
  });
});
