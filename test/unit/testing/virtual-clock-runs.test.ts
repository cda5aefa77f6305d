import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

let clock: VirtualClock;
const sleep = (ms: number) => new Promise<void>(resolve => clock.schedule(ms, resolve));

beforeEach(() => {
  clock = new VirtualClock();
});

describe('VirtualClock runs', () => {
  it('fires timer after timer until none waits', async () => {
    const work = sleep(1_000).then(() => sleep(5_000));
    await clock.runAll();
    await work;
    expect([clock.now(), clock.timers]).toEqual([6_000, 0]);
  });

  it('gives up on timers that have no end, and keeps the next one', async () => {
    let fired = 0;
    const again = (): void => {
      fired++;
      clock.schedule(1, again);
    };
    clock.schedule(1, again);
    await expect(clock.runAll(50)).rejects.toThrow('50 timers have fired');
    expect([fired, clock.timers]).toEqual([50, 1]);
  });

  it('runs exactly as far as a promise needs', async () => {
    clock.schedule(2_000, () => {});
    await expect(clock.runUntil(sleep(1_500).then(() => 'done'))).resolves.toBe('done');
    expect([clock.now(), clock.timers]).toEqual([1_500, 1]);
  });

  it('rejects as the promise does', async () => {
    const planted = new Error('planted');
    const work = sleep(10).then(() => Promise.reject(planted));
    await expect(clock.runUntil(work)).rejects.toBe(planted);
  });

  it('says so when a promise cannot settle any more', async () => {
    await expect(clock.runUntil(new Promise(() => {}))).rejects.toThrow('still pending');
  });

  it('passes on what a timer throws, at its time, and can be moved again', async () => {
    clock.schedule(10, () => {
      throw new Error('planted');
    });
    clock.schedule(20, () => {});
    await expect(clock.advance(30)).rejects.toThrow('planted');
    expect([clock.now(), clock.timers]).toEqual([10, 1]);
    await clock.advance(10);
    expect(clock.timers).toBe(0);
  });

  it('refuses a second move while one is under way', async () => {
    const first = clock.advance(10);
    await expect(clock.advance(10)).rejects.toThrow('await one move before the next');
    expect(() => clock.advanceSync(10)).toThrow('await one move before the next');
    await first;
    expect(clock.now()).toBe(10);
  });
});
