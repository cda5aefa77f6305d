import { describe, expect, it, vi } from 'vitest';
import { Timeout, type TimeoutEvents } from '../../../src/resilience/timeout.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const never = (): Promise<never> => new Promise(() => {});

describe('the events of Timeout', () => {
  it('tell of each call that ran out of time, until the listener is taken off', async () => {
    const clock = new VirtualClock({ wallMs: 1_000_000 });
    const timeout = new Timeout({ timeoutMs: 50, name: 'payments', clock });
    const heard: TimeoutEvents['timedOut'][] = [];
    const off = timeout.on('timedOut', event => heard.push(event));
    await timeout.execute(() => 'fine');
    timeout.execute(never).catch(() => {});
    timeout.execute(never, { timeoutMs: 20 }).catch(() => {});
    await clock.runAll();
    expect(heard).toEqual([
      { policy: 'payments', timeoutMs: 20, at: 1_000_020 },
      { policy: 'payments', timeoutMs: 50, at: 1_000_050 },
    ]);
    off();
    timeout.execute(never).catch(() => {});
    await clock.runAll();
    expect(heard).toHaveLength(2);
  });

  it('do not tell of callers who gave up, of refusals, nor of failures', async () => {
    const clock = new VirtualClock();
    const timeout = new Timeout({ timeoutMs: 50, clock });
    const heard = vi.fn();
    timeout.on('timedOut', heard);
    const caller = new AbortController();
    const calls = [
      timeout.execute(never, { signal: caller.signal }),
      timeout.execute(never, { timeoutMs: 0 }),
      timeout.execute(() => Promise.reject(new Error('x'))),
    ];
    caller.abort();
    await Promise.allSettled(calls);
    await clock.advance(100);
    expect(heard).not.toHaveBeenCalled();
    expect(timeout.snapshot()).toMatchObject({ running: 0, timedOut: 0 });
  });

  it('have no say in the call when a listener throws, and the others still hear', async () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    const clock = new VirtualClock();
    const timeout = new Timeout({ timeoutMs: 50, clock });
    const heard = vi.fn();
    timeout.on('timedOut', () => {
      throw new Error('listener');
    });
    timeout.on('timedOut', heard);
    const calls = Promise.allSettled([timeout.execute(never), timeout.execute(never)]);
    for (const end of await clock.runUntil(calls)) {
      expect(end).toMatchObject({ status: 'rejected', reason: { code: 'ERR_TIMEOUT' } });
    }
    expect(heard).toHaveBeenCalledTimes(2);
    expect(report).toHaveBeenCalledTimes(2);
    expect(clock.timers).toBe(0);
    report.mockRestore();
  });

  it('may start a call, and find the one that ran out of time answered', async () => {
    const clock = new VirtualClock();
    const timeout = new Timeout({ timeoutMs: 50, clock });
    const ended: number[] = [];
    const running: number[] = [];
    let starts = 0;
    const start = (): void => {
      starts++;
      timeout.execute(never).catch(() => ended.push(clock.now()));
    };
    timeout.on('timedOut', () => {
      running.push(timeout.snapshot().running);
      if (starts < 4) start();
    });
    start();
    start();
    await clock.runAll();
    expect(ended).toEqual([50, 50, 100, 100]);
    expect(running).toEqual([1, 1, 1, 0]);
    expect(clock.timers).toBe(0);
  });

  it('may give up another call that is due at the same time', async () => {
    const clock = new VirtualClock();
    const timeout = new Timeout({ timeoutMs: 50, clock });
    const caller = new AbortController();
    timeout.on('timedOut', () => caller.abort('gone'));
    const calls = [timeout.execute(never), timeout.execute(never, { signal: caller.signal })];
    const ends = Promise.allSettled(calls);
    await clock.advance(50);
    const reasons = (await ends).map(end => (end as PromiseRejectedResult).reason as unknown);
    expect(reasons[0]).toMatchObject({ code: 'ERR_TIMEOUT' });
    expect(reasons[1]).toBe('gone');
    expect(timeout.snapshot()).toMatchObject({ running: 0, timedOut: 1 });
  });
});
