import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/kernel/context.js';
import { HandlerRuns, type Interruptible, type RunEnd } from '../../../src/kernel/handler-run.js';
import type { Operation, Policy } from '../../../src/kernel/policy.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const facts = { key: 'k', idempotencyKey: 'i', attributes: { a: 1 }, attempt: 3, remainingMs: Infinity };

function scene(timeoutMs = 1_000, policy?: Partial<Policy>) {
  const clock = new VirtualClock();
  const runs = new HandlerRuns(clock, policy as Policy | undefined, timeoutMs);
  const held: Interruptible = { interrupt: undefined };
  const start = (operation: Operation<unknown>, more = {}): RunEnd | Promise<RunEnd> =>
    runs.start(operation, { ...facts, ...more }, held);
  return { clock, held, start };
}

function pending<T>() {
  let settleWith!: { yes: (value: T) => void; no: (error: unknown) => void };
  const promise = new Promise<T>((yes, no) => (settleWith = { yes, no }));
  return { promise, ...settleWith };
}

describe('a handler that answers at once', () => {
  it('ends at once, and holds nothing', () => {
    const { clock, held, start } = scene();
    expect(start(() => 5)).toEqual({ outcome: { ok: true, value: 5 }, quiet: undefined });
    const error = new Error('no');
    const end = start(() => {
      throw error;
    });
    expect(end).toEqual({ outcome: { ok: false, error }, quiet: undefined });
    expect([clock.timers, held.interrupt]).toEqual([0, undefined]);
  });

  it('is told what the run is about', () => {
    const { clock, start } = scene();
    clock.advanceSync(100);
    const seen: Context[] = [];
    const told = (context: Context): unknown => [context.remainingMs(), context.deadline, seen.push(context)];
    expect(start(told)).toMatchObject({ outcome: { value: [1_000, 1_100, 1] } });
    expect(start(told, { remainingMs: 7 })).toMatchObject({ outcome: { value: [7, 107, 2] } });
    expect(seen[0]).toMatchObject({ key: 'k', idempotencyKey: 'i', attempt: 3, attributes: { a: 1 } });
  });
});

describe('a handler that answers later', () => {
  it('ends then', async () => {
    const { clock, start } = scene();
    const { promise, yes } = pending<number>();
    const end = start(() => promise);
    expect(clock.timers).toBe(1);
    yes(5);
    expect(await end).toEqual({ outcome: { ok: true, value: 5 }, quiet: undefined });
    expect(clock.timers).toBe(0);
  });

  it('has no time limit where there is none', async () => {
    const { clock, start } = scene(Infinity);
    const { promise, no } = pending<number>();
    const end = start(() => promise);
    expect(clock.timers).toBe(0);
    no('broken');
    expect(await end).toEqual({ outcome: { ok: false, error: 'broken' }, quiet: undefined });
  });

  it('is ended by its time limit, is told so, and says when it has let go', async () => {
    const { clock, start } = scene();
    const { promise, yes } = pending<number>();
    let signal!: AbortSignal;
    const ending = start(context => {
      signal = context.signal;
      return promise;
    });
    await clock.advance(999);
    expect(signal.aborted).toBe(false);
    await clock.advance(1);
    const { outcome, quiet } = await ending;
    const message = 'no answer of the handler within 1000 ms';
    expect(outcome).toMatchObject({ ok: false, error: { code: 'ERR_TIMEOUT', timeoutMs: 1_000, message } });
    expect(signal.aborted).toBe(true);
    let silent = false;
    void quiet!.then(() => (silent = true));
    await settle();
    expect(silent).toBe(false);
    yes(5);
    await settle();
    expect(silent).toBe(true);
  });

  it('is interrupted by who holds it, once', async () => {
    const { clock, held, start } = scene();
    const { promise, yes } = pending<number>();
    const ending = start(() => promise);
    held.interrupt!('lost');
    held.interrupt!('again');
    held.abort!('later');
    yes(5);
    const { outcome, quiet } = await ending;
    expect(outcome).toEqual({ ok: false, error: 'lost' });
    await quiet;
    expect(clock.timers).toBe(0);
  });

  it('is told to stop, and ends when it wants', async () => {
    const { held, start } = scene();
    const { promise, yes } = pending<number>();
    let signal!: AbortSignal;
    const ending = start(context => {
      signal = context.signal;
      return promise;
    });
    held.abort!('enough');
    expect(signal.reason).toBe('enough');
    yes(6);
    expect(await ending).toEqual({ outcome: { ok: true, value: 6 }, quiet: undefined });
  });

  it('is told nothing any more when it has ended', async () => {
    for (const verb of ['interrupt', 'abort'] as const) {
      const { held, start } = scene();
      let signal!: AbortSignal;
      const ending = start(async context => {
        signal = context.signal;
      });
      expect(await ending).toMatchObject({ outcome: { ok: true } });
      held[verb]!('late');
      expect(signal.aborted).toBe(false);
    }
  });

  it('may answer with whatever has a then, and is asked for it once', async () => {
    const { start } = scene();
    const thenable = { then: (yes: (n: number) => void) => yes(7) };
    expect(await start(() => thenable)).toMatchObject({ outcome: { value: 7 } });
    let asked = 0;
    const liar = Object.defineProperty({}, 'then', { get: () => void asked++ });
    expect(start(() => liar)).toEqual({ outcome: { ok: true, value: liar }, quiet: undefined });
    expect(asked).toBe(1);
    expect(start(() => null)).toMatchObject({ outcome: { value: null } });
    const odd = Object.assign(() => {}, thenable);
    expect(start(() => odd)).toMatchObject({ outcome: { value: odd } });
  });
});

describe('a handler within a policy', () => {
  it('is run by it, and what it answers is what the policy does', async () => {
    const { start } = scene(1_000, {
      execute: (async (operation: Operation<number>, context: Context) =>
        2 * (await operation(context))) as never,
    });
    expect(await start(() => 4)).toEqual({ outcome: { ok: true, value: 8 }, quiet: undefined });
  });

  it('hands the policy what it answers at once as it is, and no promise of it', async () => {
    const told: unknown[] = [];
    const execute = (operation: Operation<unknown>, context: Context): unknown => {
      told.push(operation(context));
      return told[0];
    };
    const { start } = scene(1_000, { execute } as never);
    expect(await start(() => 5)).toEqual({ outcome: { ok: true, value: 5 }, quiet: undefined });
    expect(told).toEqual([5]);
  });

  it('is not quiet before all that the policy began is over', async () => {
    const [one, other] = [pending<number>(), pending<number>()];
    const { start } = scene(1_000, {
      execute: ((operation: Operation<unknown>, context: Context) => {
        void operation(context);
        void operation(context);
        return Promise.resolve('early');
      }) as never,
    });
    const calls = [one.promise, other.promise];
    const { outcome, quiet } = await start(() => calls.pop());
    expect(outcome).toEqual({ ok: true, value: 'early' });
    let silent = false;
    void quiet!.then(() => (silent = true));
    one.yes(1);
    await settle();
    expect(silent).toBe(false);
    other.yes(1);
    await settle();
    expect(silent).toBe(true);
  });

  it('says when it has let go, also where the policy answers before that and after its end', async () => {
    const [work, answer] = [pending<number>(), pending<number>()];
    const { held, start } = scene(1_000, {
      execute: ((operation: Operation<unknown>, context: Context) => {
        void operation(context);
        return answer.promise;
      }) as never,
    });
    const ending = start(() => work.promise);
    held.interrupt!('lost');
    const { outcome, quiet } = await ending;
    expect(outcome).toEqual({ ok: false, error: 'lost' });
    answer.yes(1);
    await settle();
    work.yes(1);
    await expect(quiet).resolves.toBeUndefined();
  });

  it('has failed where the policy throws', () => {
    const { clock, start } = scene(1_000, {
      execute: () => {
        throw new Error('policy');
      },
    });
    expect(start(() => 1)).toMatchObject({ outcome: { ok: false, error: { message: 'policy' } } });
    expect(clock.timers).toBe(0);
  });
});
