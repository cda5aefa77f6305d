import { describe, expect, it } from 'vitest';
import { FirstAttempt } from '../../../src/kernel/attempts.js';
import { backgroundContext, contextOf } from '../../../src/kernel/call-options.js';
import { CallContext, callersDeadline } from '../../../src/kernel/context.js';
import { DueContext } from '../../../src/kernel/due-context.js';
import type { GuardedCall } from '../../../src/kernel/guarded-call.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { Giver, type Log, run } from './recording-guards.js';
import { TurnClock } from './turn-clock.js';

describe('CallContext', () => {
  it('hands on all that its parent says', () => {
    const caller = new AbortController();
    const clock = new VirtualClock();
    const said = { key: 'k', idempotencyKey: 'i', priority: 4, attributes: { a: 1 } };
    const root = contextOf({ ...said, signal: caller.signal, timeoutMs: 50 }, clock);
    const child = new CallContext(new CallContext(root));
    expect(child).toMatchObject({ ...said, attempt: 1, deadline: 50, cancellable: true, cancelled: false });
    expect(child.clock).toBe(clock);
    expect([root.firmDeadline, root.saidDeadline, callersDeadline(child)]).toEqual([50, 50, 50]);
    expect([root.delivered, child.delivered]).toEqual([false, false]);
    expect(child.signal).toBe(caller.signal);
    const heard: unknown[] = [];
    child.onCancel(() => heard.push(child.reason));
    caller.abort('gone');
    expect(heard).toEqual(['gone']);
    expect(child.cancelled).toBe(true);
    expect(child.holds({})).toBe(false);
  });

  it('tells what is left until its deadline, never less than nothing', async () => {
    const clock = new VirtualClock();
    const child = new CallContext(contextOf({ timeoutMs: 50 }, clock));
    expect(child.remainingMs()).toBe(50);
    await clock.advance(49);
    expect(child.remainingMs()).toBe(1);
    await clock.advance(10);
    expect(child.remainingMs()).toBe(0);
    expect(new CallContext(backgroundContext(clock)).remainingMs()).toBe(Infinity);
  });

  it('knows whether a part of the answer is at the caller', () => {
    class Delivered extends CallContext {
      override get delivered(): boolean {
        return true;
      }
    }
    expect(new CallContext(new Delivered(backgroundContext(new VirtualClock()))).delivered).toBe(true);
  });

  it('leaves no shared signal that would gather the listeners of everybody', () => {
    const context = backgroundContext(new VirtualClock());
    expect(context.signal).not.toBe(context.signal);
  });
});

describe('a deadline that may still move', () => {
  /** As that of a run which others may join. */
  class Moving extends CallContext {
    at = 100;
    override get deadline(): number {
      return this.at;
    }
    override get firmDeadline(): number {
      return Infinity;
    }
    override get saidDeadline(): number {
      return Infinity;
    }
  }

  it('is seen as it stands, and is nothing to go by', () => {
    const run = new Moving(contextOf({ timeoutMs: 50 }, new VirtualClock()));
    const inside = new CallContext(run);
    expect([inside.deadline, inside.firmDeadline, inside.saidDeadline]).toEqual([100, Infinity, Infinity]);
    run.at = 300;
    expect([inside.deadline, callersDeadline(inside)]).toEqual([300, Infinity]);
  });

  it('tells what is left of itself, not of the one outside', () => {
    const run = new Moving(contextOf({ timeoutMs: 50 }, new VirtualClock()));
    expect([run.remainingMs(), new CallContext(run).remainingMs()]).toEqual([100, 100]);
  });

  it('of the caller is the one to answer by unless a policy has set a nearer one', () => {
    const call = new DueContext(contextOf({ timeoutMs: 50 }, new VirtualClock()));
    for (const [dueAt, expected] of [
      [20, Infinity],
      [50, 50],
      [80, 50],
    ] as const) {
      call.dueAt = dueAt;
      expect(callersDeadline(call)).toBe(expected);
    }
  });

  it('comes before or after one that a guard inside has set', () => {
    const run = new Moving(contextOf({}, new VirtualClock()));
    const call = new DueContext(run);
    expect([call.dueAt, call.deadline, call.firmDeadline, call.latest]).toEqual([
      Infinity,
      100,
      Infinity,
      Infinity,
    ]);
    call.dueAt = 200;
    expect([call.deadline, call.firmDeadline]).toEqual([100, 200]);
    run.at = 300;
    expect([call.deadline, call.firmDeadline, callersDeadline(call)]).toEqual([200, 200, Infinity]);
  });
});

describe('what is left of a deadline that a guard has set', () => {
  class Limiter extends Giver {
    readonly spanMs: number;
    readonly clock: TurnClock;

    constructor(clock: TurnClock, log: Log, spanMs: number) {
      super(log, 'limiter');
      this.clock = clock;
      this.spanMs = spanMs;
    }

    override enter(call: CallContext): object {
      (call as GuardedCall).dueAt = this.clock.coarse() + this.spanMs;
      return super.enter(call);
    }
  }

  it('is all of it at the start, though the turn has lasted longer than that', async () => {
    const clock = new TurnClock();
    clock.block(500);
    const remaining = await run(new Limiter(clock, [], 50)).execute(context => {
      const attempt = new FirstAttempt(context as CallContext, { attempts: 2, budget: undefined }, () => 1);
      return [context.remainingMs(), attempt.remainingMs(), attempt.next(2).remainingMs()];
    });
    expect(remaining).toEqual([50, 50, 50]);
  });

  it('is less in later turns', async () => {
    const clock = new TurnClock();
    let ask = (): number => -1;
    const call = run(new Limiter(clock, [], 50)).execute(context => {
      ask = () => context.remainingMs();
      return new Promise(() => {});
    });
    clock.nextTurn(20);
    expect(ask()).toBe(30);
    clock.nextTurn(40);
    expect(ask()).toBe(0);
    void call;
  });

  it('is measured on the clock where the deadline is the caller’s', async () => {
    const clock = new TurnClock();
    const call = run(new Limiter(clock, [], 1_000));
    const guards = call.execute(
      context => {
        clock.block(10);
        return context.remainingMs();
      },
      { timeoutMs: 50 },
    );
    // Whatever a guard sets, a deadline only shrinks.
    await expect(guards).resolves.toBe(40);
    const plain = run(Object.assign(new Giver([], 'plain'), { clock })).execute(
      context => {
        clock.block(10);
        return context.remainingMs();
      },
      { timeoutMs: 50 },
    );
    await expect(plain).resolves.toBe(40);
  });
});
