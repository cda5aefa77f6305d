import { describe, expect, it, vi } from 'vitest';
import type { CallOptions, Context } from '../../../src/kernel/context.js';
import { pipeline } from '../../../src/kernel/pipeline.js';
import type { Operation, Policy } from '../../../src/kernel/policy.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { Recorder } from '../kernel/recording-guards.js';
import { TurnClock } from '../kernel/turn-clock.js';

const never = (): Promise<never> => new Promise(() => {});

/** Runs the operation again until it succeeds, `times` times at most. */
const again = (times: number): Policy => ({
  async execute<T>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    for (let left = times; ; left--) {
      try {
        return await pipeline().execute(operation, options);
      } catch (error) {
        if (left === 1) throw error;
      }
    }
  },
});

describe('the deadline of a call', () => {
  it.each([
    [20, 20],
    [50, 50],
    [80, 50],
    [Infinity, 50],
    [2 ** 31, 50],
  ])('of %d ms shortens a timeout of 50 ms and never lengthens it', async (timeoutMs, at) => {
    const clock = new VirtualClock();
    const call = new Timeout({ timeoutMs: 50, clock }).execute(
      context => {
        expect([context.deadline, context.remainingMs()]).toEqual([at, at]);
        return never();
      },
      { timeoutMs },
    );
    await expect(clock.runUntil(call)).rejects.toMatchObject({
      code: 'ERR_TIMEOUT',
      timeoutMs: at,
      message: `timeout: no answer within ${at} ms`,
    });
    expect([clock.now(), clock.timers]).toEqual([at, 0]);
  });

  it('limits a timeout of Infinity', async () => {
    const clock = new VirtualClock();
    const call = new Timeout({ timeoutMs: Infinity, clock }).execute(never, { timeoutMs: 30 });
    await expect(clock.runUntil(call)).rejects.toMatchObject({ timeoutMs: 30 });
  });

  it('tells the span that was left when it got here, rounded up', async () => {
    const clock = new VirtualClock();
    const inner = new Timeout({ timeoutMs: 1_000, name: 'inner', clock });
    const first = Object.assign(new Recorder([], 'first'), { clock });
    const later: Policy = {
      async execute(operation, options) {
        await new Promise<void>(resolve => clock.schedule(20.5, resolve));
        return operation(options as Context);
      },
    };
    const heard: unknown[] = [];
    inner.on('timedOut', event => heard.push(event.timeoutMs));
    const call = pipeline(first, later, inner).execute(never, { timeoutMs: 50 });
    await expect(clock.runUntil(call)).rejects.toMatchObject({ timeoutMs: 30, policy: 'inner' });
    expect([clock.now(), heard]).toEqual([50, [30]]);
  });

  it.each([0, 50])('that has passed fails before anything runs (%d ms ago)', async agoMs => {
    const clock = new VirtualClock();
    const timeout = new Timeout({ timeoutMs: 50, name: 'late', clock });
    const operation = vi.fn();
    let context!: Context;
    await new Timeout({ timeoutMs: Infinity, clock }).execute(
      given => {
        context = given;
      },
      { timeoutMs: 10 },
    );
    await clock.advance(10 + agoMs);
    await expect(timeout.execute(operation, context)).rejects.toMatchObject({
      name: 'DeadlineError',
      code: 'ERR_DEADLINE',
      rejected: true,
      policy: 'late',
    });
    expect(operation).not.toHaveBeenCalled();
    expect([clock.timers, timeout.snapshot().running]).toEqual([0, 0]);
  });

  it('of 0 ms fails at once', async () => {
    const timeout = new Timeout({ timeoutMs: 50, clock: new VirtualClock() });
    await expect(timeout.execute(never, { timeoutMs: 0 })).rejects.toMatchObject({ code: 'ERR_DEADLINE' });
  });

  it('is kept for each of many calls, in whatever order they end', async () => {
    const clock = new VirtualClock();
    const timeout = new Timeout({ timeoutMs: 50, clock });
    const spans = [40, 80, 5, 50, 20, 60, 10];
    const ended: number[][] = [];
    for (const [i, timeoutMs] of spans.entries()) {
      timeout.execute(never, { timeoutMs }).catch(() => ended.push([i, clock.now()]));
    }
    await clock.runAll();
    const order = [...spans.entries()].map(([i, ms]) => [i, Math.min(ms, 50)]);
    const inTime = (a: number[], b: number[]): number => a[1]! - b[1]! || a[0]! - b[0]!;
    expect(ended.sort(inTime)).toEqual(order.sort(inTime));
    expect(clock.timers).toBe(0);
  });

  it('sets no timer that outlives an answered call', async () => {
    const clock = new VirtualClock();
    const timeout = new Timeout({ timeoutMs: 50, clock });
    await timeout.execute(() => 1, { timeoutMs: 20 });
    await timeout.execute(() => 1);
    await timeout.execute(() => 1, { timeoutMs: 20 });
    expect(clock.timers).toBe(0);
  });

  it('holds the process open while a call waits, whosever the deadline is', () => {
    const clock = new VirtualClock();
    const timeout = new Timeout({ timeoutMs: 50, clock });
    timeout.execute(never, { timeoutMs: 20 }).catch(() => {});
    expect([clock.timers, clock.keepAliveTimers]).toEqual([1, 1]);
  });
});

describe('timeouts within timeouts', () => {
  it('limit all attempts together outside a repetition and each of them inside', async () => {
    const clock = new VirtualClock();
    const starts: number[][] = [];
    const policy = pipeline(
      new Timeout({ timeoutMs: 100, name: 'total', clock }),
      again(10),
      new Timeout({ timeoutMs: 40, name: 'each', clock }),
    );
    const call = policy.execute(context => {
      starts.push([clock.now(), context.remainingMs()]);
      return never();
    });
    await expect(clock.runUntil(call)).rejects.toMatchObject({ policy: 'total', timeoutMs: 100 });
    expect(starts).toEqual([
      [0, 40],
      [40, 40],
      [80, 20],
    ]);
    expect([clock.now(), clock.timers]).toEqual([100, 0]);
  });

  it.each([
    [50, 30, 'inner', 30],
    [30, 50, 'outer', 30],
  ])('of %d outside and %d inside end with the shorter one', async (outer, inner, policy, at) => {
    const clock = new VirtualClock();
    const call = pipeline(
      new Timeout({ timeoutMs: outer, name: 'outer', clock }),
      new Timeout({ timeoutMs: inner, name: 'inner', clock }),
    ).execute(never);
    await expect(clock.runUntil(call)).rejects.toMatchObject({ policy, timeoutMs: at });
    expect([clock.now(), clock.timers]).toEqual([at, 0]);
  });

  it.each([30, 80])(
    'end work that outlives the call which it was started for (span of %d ms)',
    async spanMs => {
      const clock = new VirtualClock();
      const outer = new Timeout({ timeoutMs: 50, name: 'outer', clock });
      const inner = new Timeout({ timeoutMs: spanMs, name: 'inner', clock });
      let work!: Promise<unknown>;
      await outer.execute(context => {
        work = inner.execute(never, context);
        return 'answered early';
      });
      // Nobody keeps the deadline of the call any more.
      await expect(clock.runUntil(work)).rejects.toMatchObject({ code: 'ERR_TIMEOUT', policy: 'inner' });
      expect(clock.now()).toBe(spanMs);
      expect([clock.timers, inner.snapshot().running]).toEqual([0, 0]);
    },
  );

  it('start together in a turn that has lasted longer than both', async () => {
    const clock = new TurnClock();
    clock.block(5_000);
    const answer = pipeline(
      new Timeout({ timeoutMs: 30, clock }),
      again(1),
      new Timeout({ timeoutMs: 50, clock }),
    ).execute(context => context.remainingMs());
    await expect(answer).resolves.toBe(30);
  });
});

describe('a clock whose coarse time is no whole number', () => {
  it('may ask for deadlines out of order, and each is kept', async () => {
    const clock = new TurnClock();
    const timeout = new Timeout({ timeoutMs: 10, clock });
    const ended: (readonly [string, number, unknown])[] = [];
    const start = (label: string): void => {
      timeout.execute(never).catch((error: { timeoutMs: number }) => {
        ended.push([label, clock.time, error.timeoutMs]);
      });
    };
    clock.time = 0.5;
    clock.refresh();
    start('first');
    clock.block(9.7);
    clock.nextTurn();
    // The first one was postponed to 20.5 in whole milliseconds; this one is due at 20.2.
    start('second');
    expect(clock.timersAt).toHaveLength(2);
    for (let turn = 0; turn < 15; turn++) clock.nextTurn(1);
    await Promise.resolve();
    expect(ended.map(([label, , spanMs]) => [label, spanMs])).toEqual([
      ['second', 10],
      ['first', 10],
    ]);
    expect(clock.timersAt).toEqual([]);
  });
});
