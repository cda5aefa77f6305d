import { describe, expect, it, vi } from 'vitest';
import { TimeoutError } from '../../../src/kernel/errors.js';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { Retry } from '../../../src/resilience/retry.js';
import type { RetryOptions } from '../../../src/resilience/retry-options.js';
import type { GaveUpReason } from '../../../src/resilience/retry-plan.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

function setup(options: RetryOptions = {}) {
  const clock = new VirtualClock();
  const reasons: GaveUpReason[] = [];
  const retry = new Retry({ backoff: { kind: 'constant', delayMs: 300 }, ...options, clock });
  retry.on('gaveUp', ({ reason }) => reasons.push(reason));
  return { clock, reasons, retry };
}

const failure = new Error('failed');

/** Never undefined, so that a call that is still pending shows. */
function watch(promise: Promise<unknown>): { state: unknown } {
  const seen: { state: unknown } = { state: 'pending' };
  promise.then(
    value => (seen.state = { value }),
    error => (seen.state = { error }),
  );
  return seen;
}

describe('a retry that is given up by the caller (RT2)', () => {
  it('runs nothing when the signal has aborted already', async () => {
    const { retry } = setup();
    const operation = vi.fn();
    const call = retry.execute(operation, { signal: AbortSignal.abort('gone') });
    await expect(call).rejects.toBe('gone');
    expect(operation).not.toHaveBeenCalled();
  });

  it('ends its wait in the same turn, with the reason, and runs nothing more', async () => {
    const { retry, clock } = setup();
    const { signal, abort } = controller();
    const operation = vi.fn(() => Promise.reject(failure));
    const call = watch(retry.execute(operation, { signal }));
    await clock.advance(20);
    expect(call.state).toBe('pending');
    abort('enough');
    await settle();
    expect(call.state).toEqual({ error: 'enough' });
    expect(clock.timers).toBe(0);
    await clock.advance(10_000);
    expect(operation).toHaveBeenCalledTimes(1);
  });

  it('starts no attempt when the abort comes just before the timer', async () => {
    const { retry, clock } = setup();
    const { signal, abort } = controller();
    const operation = vi.fn(() => Promise.reject(failure));
    clock.schedule(300, () => abort('just in time'));
    const call = retry.execute(operation, { signal });
    await clock.advance(0);
    const outcome = watch(call);
    await clock.advance(300);
    expect(outcome.state).toEqual({ error: 'just in time' });
    expect(operation).toHaveBeenCalledTimes(1);
  });

  it('ends with the error of the attempt that was running', async () => {
    const { retry, clock, reasons } = setup();
    const { signal, abort } = controller();
    const call = retry.execute(
      context =>
        new Promise((_, no) => context.signal.addEventListener('abort', () => no(context.signal.reason))),
      { signal },
    );
    abort('stop');
    await expect(clock.runUntil(call)).rejects.toBe('stop');
    expect(reasons).toEqual([]);
  });

  it('does not try again what failed while the caller gave up', async () => {
    const { retry } = setup();
    const { signal, abort } = controller();
    const operation = vi.fn(async () => {
      abort('stop');
      throw failure;
    });
    await expect(retry.execute(operation, { signal })).rejects.toBe(failure);
    expect(operation).toHaveBeenCalledTimes(1);
  });

  it('hears a listener of its own events give the call up', async () => {
    const { retry, clock } = setup();
    const { signal, abort } = controller();
    retry.on('retried', () => abort('by a listener'));
    await expect(retry.execute(() => Promise.reject(failure), { signal })).rejects.toBe('by a listener');
    expect(clock.timers).toBe(0);
  });

  it('leaves no listener on a signal that lives long', async () => {
    const { retry, clock } = setup();
    const { signal } = controller();
    const [add, remove] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')];
    for (let i = 0; i < 20; i++) {
      await clock.runUntil(retry.execute(() => Promise.reject(failure), { signal })).catch(() => {});
      await retry.execute(() => 1, { signal });
    }
    expect(add).toHaveBeenCalledTimes(40);
    expect(remove).toHaveBeenCalledTimes(40);
  });

  it('is given up by a timeout around it', async () => {
    const { retry, clock } = setup({ attempts: 9 });
    const operation = vi.fn(() => Promise.reject(failure));
    const call = pipeline(new Timeout({ timeoutMs: 250, clock }), retry).execute(operation);
    await expect(clock.runUntil(call)).rejects.toBe(failure);
    expect(clock.now()).toBe(0);
    const slow = pipeline(new Timeout({ timeoutMs: 250, clock }), retry).execute(() => new Promise(() => {}));
    await expect(clock.runUntil(slow)).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(clock.now()).toBe(250);
    expect(clock.timers).toBe(0);
  });
});

describe('a retry that runs out of time', () => {
  it.each<[number, number]>([
    [299, 1],
    [300, 1],
    [301, 2],
    [600, 2],
    [601, 3],
  ])('never waits until the deadline: of %i ms, it makes %i attempts (RT3)', async (timeoutMs, attempts) => {
    const { retry, clock, reasons } = setup();
    const operation = vi.fn(() => Promise.reject(failure));
    await expect(clock.runUntil(retry.execute(operation, { timeoutMs }))).rejects.toBe(failure);
    expect(operation).toHaveBeenCalledTimes(attempts);
    expect(clock.now()).toBe((attempts - 1) * 300);
    expect(reasons).toEqual([attempts === 3 ? 'attempts' : 'deadline']);
  });

  it.each<[number, number]>([
    [0, 1],
    [300, 1],
    [301, 2],
    [1e9, 3],
  ])('starts no attempt after maxElapsedMs: of %i ms, it makes %i', async (maxElapsedMs, attempts) => {
    const { retry, clock, reasons } = setup({ maxElapsedMs });
    const operation = vi.fn(() => Promise.reject(failure));
    await expect(clock.runUntil(retry.execute(operation))).rejects.toBe(failure);
    expect(operation).toHaveBeenCalledTimes(attempts);
    expect(reasons).toEqual([attempts === 3 ? 'attempts' : 'elapsed']);
  });

  it('starts no attempt after the deadline when the process was suspended meanwhile', async () => {
    const { retry, clock, reasons } = setup();
    const operation = vi.fn(() => Promise.reject(failure));
    const call = watch(retry.execute(operation, { timeoutMs: 400 }));
    await clock.advance(10);
    await clock.suspend(600_000);
    expect(call.state).toEqual({ error: failure });
    expect(operation).toHaveBeenCalledTimes(1);
    expect(reasons).toEqual(['deadline']);
  });

  it('rejects with a TimeoutError when all it had was an answer, thrown away by then', async () => {
    const { retry, clock } = setup({ classify: () => 'failure' });
    const call = watch(retry.execute(() => 'busy', { timeoutMs: 400 }));
    await clock.advance(10);
    await clock.suspend(600_000);
    expect(call.state).toEqual({ error: expect.any(TimeoutError) });
  });

  it('gives an answer that counts as a failure when there is no time for another', async () => {
    const { retry, clock } = setup({ classify: () => 'failure' });
    expect(await clock.runUntil(retry.execute(() => 'busy', { timeoutMs: 100 }))).toBe('busy');
  });
});

describe('the wait of a retry', () => {
  it('lasts longer than a timer can hold where it must (C8)', async () => {
    const delayMs = 2 ** 31 + 5;
    const { retry, clock } = setup({ attempts: 2, backoff: { kind: 'constant', delayMs } });
    const call = retry.execute(() => Promise.reject(failure));
    await expect(clock.runUntil(call)).rejects.toBe(failure);
    expect(clock.now()).toBe(delayMs);
  });

  it('holds the process open, for somebody waits for the answer', async () => {
    const { retry, clock } = setup();
    const call = retry.execute(() => Promise.reject(failure));
    call.catch(() => {});
    await clock.advance(0);
    expect(clock.keepAliveTimers).toBe(1);
    await clock.runAll();
  });

  it('is a turn of the event loop even without delay, so that aborts are heard', async () => {
    const { retry, clock } = setup({ attempts: Infinity, backoff: { kind: 'constant', delayMs: 0 } });
    const { signal, abort } = controller();
    const call = watch(retry.execute(() => Promise.reject(failure), { signal }));
    await settle();
    abort('stop');
    await settle();
    expect(call.state).toEqual({ error: 'stop' });
    expect(clock.timers).toBe(0);
  });
});

function controller(): { signal: AbortSignal; abort: (reason: unknown) => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: reason => controller.abort(reason) };
}
