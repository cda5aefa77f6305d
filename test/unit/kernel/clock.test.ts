import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../../src/kernel/clock.js';

const LONGEST = 2 ** 31 - 1;

describe('systemClock', () => {
  let systemClock: Clock;

  // A fresh module each time, for the turn that it watches is state of the process.
  beforeEach(async () => {
    vi.useFakeTimers();
    vi.resetModules();
    ({ systemClock } = await import('../../../src/kernel/clock.js'));
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('tells monotonic and wall time', () => {
    const now = systemClock.now();
    const wall = systemClock.wall();
    vi.advanceTimersByTime(5);
    expect(systemClock.now() - now).toBe(5);
    expect(systemClock.wall() - wall).toBe(5);
  });

  it('calls back once, at its time', () => {
    const fired = vi.fn();
    systemClock.schedule(10, fired);
    vi.advanceTimersByTime(9);
    expect(fired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(50);
    expect(fired).toHaveBeenCalledOnce();
  });

  it('waits on when the runtime calls back early', () => {
    const fired = vi.fn();
    systemClock.schedule(9.4, fired);
    const late = vi.spyOn(performance, 'now');
    const start = performance.now();
    late.mockReturnValueOnce(start + 9.2);
    vi.advanceTimersByTime(10);
    expect(fired).not.toHaveBeenCalled();
    late.mockRestore();
    vi.advanceTimersByTime(1);
    expect(fired).toHaveBeenCalledOnce();
  });

  it('does not call back once cancelled, and cancels twice without harm', () => {
    const fired = vi.fn();
    const timer = systemClock.schedule(10, fired);
    timer.cancel();
    timer.cancel();
    vi.advanceTimersByTime(50);
    expect(fired).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([LONGEST + 1, LONGEST * 3 + 7])('chains a delay of %d ms', delayMs => {
    const fired = vi.fn();
    systemClock.schedule(delayMs, fired);
    vi.advanceTimersByTime(delayMs - 1);
    expect(fired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(fired).toHaveBeenCalledOnce();
  });

  it('never fires after Infinity, and takes what is past as now', () => {
    const never = vi.fn();
    const soon = vi.fn();
    const timer = systemClock.schedule(Number.POSITIVE_INFINITY, never);
    expect(vi.getTimerCount()).toBe(0);
    timer.cancel();
    systemClock.schedule(-5, soon);
    vi.advanceTimersByTime(1);
    expect(soon).toHaveBeenCalledOnce();
    expect(never).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('holds the process open only where it is asked to', () => {
    vi.useRealTimers();
    const before = process.getActiveResourcesInfo().filter(kind => kind === 'Timeout').length;
    const held = (): number =>
      process.getActiveResourcesInfo().filter(kind => kind === 'Timeout').length - before;
    const idle = systemClock.schedule(60_000, () => {});
    expect(held()).toBe(0);
    const needed = systemClock.schedule(60_000, () => {}, true);
    expect(held()).toBe(1);
    needed.cancel();
    idle.cancel();
    expect(held()).toBe(0);
  });

  it('bears it that a runtime calls back a timer which was cleared', () => {
    vi.stubGlobal('clearTimeout', () => {});
    const fired = vi.fn();
    systemClock.schedule(10, fired).cancel();
    expect(() => vi.advanceTimersByTime(50)).not.toThrow();
    expect(fired).not.toHaveBeenCalled();
  });

  it('runs where timers are plain numbers', () => {
    vi.stubGlobal('setTimeout', () => 7);
    vi.stubGlobal('clearTimeout', () => {});
    expect(() => systemClock.schedule(1, () => {}).cancel()).not.toThrow();
  });

  it('reads the clock once for many coarse reads of a turn, and anew in the next turn', () => {
    vi.runAllTimers();
    const read = vi.spyOn(performance, 'now');
    const first = systemClock.coarse();
    for (let i = 0; i < 40; i++) expect(systemClock.coarse()).toBe(first);
    expect(read).toHaveBeenCalledOnce();
    vi.advanceTimersByTime(100);
    expect(systemClock.coarse()).toBe(first + 100);
    read.mockRestore();
  });

  it('lets coarse time move in a turn that never ends', () => {
    vi.runAllTimers();
    const read = vi.spyOn(performance, 'now');
    for (let i = 0; i < 1_000; i++) systemClock.coarse();
    expect(read.mock.calls.length).toBeGreaterThan(10);
    expect(read.mock.calls.length).toBeLessThan(20);
    read.mockRestore();
  });

  it('is never behind by more than the turn, nor ahead by more than a millisecond', () => {
    vi.useRealTimers();
    const before = performance.now();
    const coarse = systemClock.coarse();
    expect(coarse).toBeLessThanOrEqual(performance.now() + 1);
    expect(coarse).toBeGreaterThan(before - 1_000);
  });

  it('calls back after the turn, in order', () => {
    const calls: number[] = [];
    systemClock.afterTurn(() => calls.push(1));
    systemClock.afterTurn(() => calls.push(2));
    expect(calls).toEqual([]);
    vi.advanceTimersByTime(0);
    expect(calls).toEqual([1, 2]);
  });

  it('asks the runtime once for the end of a turn, and no more when that has come', () => {
    vi.runAllTimers();
    const ask = vi.spyOn(globalThis, 'setImmediate');
    for (let i = 0; i < 3; i++) systemClock.afterTurn(() => {});
    systemClock.coarse();
    expect(ask).toHaveBeenCalledOnce();
    vi.runAllTimers();
    expect(ask).toHaveBeenCalledOnce();
    ask.mockRestore();
  });

  it('calls the others back when one fails at the end of a turn', () => {
    const calls: number[] = [];
    systemClock.afterTurn(() => calls.push(1));
    systemClock.afterTurn(() => {
      throw new Error('broken');
    });
    systemClock.afterTurn(() => calls.push(2));
    expect(() => vi.advanceTimersByTime(0)).toThrow('broken');
    systemClock.afterTurn(() => calls.push(3));
    vi.runAllTimers();
    expect(calls).toEqual([1, 2, 3]);
  });

  it('reads a real clock and calls back at once where a runtime knows no end of turn', () => {
    vi.runAllTimers();
    vi.stubGlobal('setImmediate', undefined);
    const calls: number[] = [];
    systemClock.afterTurn(() => calls.push(1));
    expect(calls).toEqual([1]);
    const first = systemClock.coarse();
    vi.advanceTimersByTime(3);
    expect(systemClock.coarse()).toBe(first + 3);
  });
});
