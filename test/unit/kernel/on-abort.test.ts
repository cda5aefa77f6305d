import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { onAbort } from '../../../src/kernel/on-abort.js';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { countingSignal } from '../../../src/testing/counting-signal.js';

describe('what listens to a signal', () => {
  it('is one listener, however many listen, and none when all have left', () => {
    const { signal, listeners } = countingSignal();
    const leave = Array.from({ length: 1000 }, () => onAbort(signal, () => {}));
    expect(listeners()).toBe(1);
    for (const each of leave) each();
    expect(listeners()).toBe(0);
    const again = onAbort(signal, () => {});
    leave[0]!();
    expect(listeners()).toBe(1);
    again();
    expect(listeners()).toBe(0);
  });

  it('hears of the abort once, each in the order of coming, and not after leaving', () => {
    const { signal, listeners, abort } = countingSignal();
    const heard: string[] = [];
    const leaveLast = { now: () => {} };
    onAbort(signal, () => heard.push('first'));
    onAbort(signal, () => heard.push('left'))();
    onAbort(signal, () => leaveLast.now());
    leaveLast.now = onAbort(signal, () => heard.push('left amid'));
    onAbort(signal, () => heard.push('last'));
    abort();
    abort();
    expect([heard, listeners()]).toEqual([['first', 'last'], 0]);
  });

  it('is none any more when the signal has aborted', () => {
    const controller = new AbortController();
    onAbort(controller.signal, () => {});
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    controller.abort();
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  it('is told although another fails', () => {
    const { signal, abort } = countingSignal();
    const report = vi.spyOn(console, 'error').mockReturnValue();
    const heard = vi.fn();
    onAbort(signal, () => {
      throw new Error('x');
    });
    onAbort(signal, heard);
    abort();
    expect([heard.mock.calls.length, report.mock.calls.length]).toEqual([1, 1]);
    report.mockRestore();
  });

  it('makes a thousand calls under one signal bear one listener', async () => {
    const { signal, listeners, abort } = countingSignal();
    const policy = pipeline(new Timeout({ timeoutMs: 1_000 }));
    const calls = Array.from({ length: 1000 }, () => policy.execute(() => new Promise(() => {}), { signal }));
    expect(listeners()).toBe(1);
    abort('over');
    await expect(Promise.allSettled(calls)).resolves.toEqual(
      calls.map(() => ({ status: 'rejected', reason: 'over' })),
    );
    expect(listeners()).toBe(0);
  });
});
