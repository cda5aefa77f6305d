import { describe, expect, it, vi } from 'vitest';
import { AggregateFailedError } from '../../../src/kernel/errors.js';
import { Hedge } from '../../../src/resilience/hedge.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { byHand } from '../../fixtures/attempts.js';
import { start } from '../../fixtures/hedge.js';

const boom = (text: string) => new Error(text);

describe('Hedge', () => {
  it('runs an operation that answers in time once', async () => {
    const { clock, runs, call, heard } = start();
    await clock.advance(99);
    runs[0]!.answer('first');
    await expect(call).resolves.toBe('first');
    await clock.advance(1_000);
    expect([runs.length, heard, clock.timers]).toEqual([1, [], 0]);
  });

  it('starts hedge k when k delays have passed, and no more than there may be (HG1, HG2)', async () => {
    const { clock, runs, heard } = start({ maxHedges: 3 });
    await clock.advance(10_000);
    expect(heard).toEqual(['2 delay @100', '3 delay @200', '4 delay @300']);
    expect(runs.map(({ context }) => context.attempt)).toEqual([1, 2, 3, 4]);
    expect(clock.timers).toBe(0);
  });

  it.each([0, 1, 2])(
    'answers with the first success and gives up the others in that turn: %i',
    async which => {
      const { clock, hedge, runs, ended, heard } = start({ maxHedges: 2 });
      await clock.advance(250);
      const aborted: number[] = [];
      for (const { context } of runs) {
        context.signal.addEventListener('abort', () => aborted.push(context.attempt));
      }
      runs[which]!.answer(which);
      await Promise.resolve();
      await Promise.resolve();
      const others = [1, 2, 3].filter(attempt => attempt !== which + 1);
      expect([ended, aborted]).toEqual([[which], others]);
      expect(runs[others[0]! - 1]!.context.signal.reason).toMatchObject({ name: 'AbortError' });
      expect(heard.at(-1)).toBe(`won ${which + 1} of 3`);
      expect(hedge.snapshot()).toMatchObject({ hedged: 2, won: which === 0 ? 0 : 1, losers: 2 });
    },
  );

  it('takes the answer of one of two that succeed in the same turn (HG3)', async () => {
    const discarded: unknown[] = [];
    const { clock, hedge, runs, ended } = start({ onDiscard: value => discarded.push(value) });
    await clock.advance(100);
    runs[1]!.answer('second');
    runs[0]!.answer('first');
    await settle();
    expect([ended, discarded]).toEqual([['second'], ['first']]);
    expect(hedge.snapshot().losers).toBe(0);
  });

  it('consumes what losers throw, lets go of what they answer, and counts them till then (HG4)', async () => {
    const dispose = vi.fn();
    const { clock, hedge, runs, call } = start({ maxHedges: 2 });
    await clock.advance(200);
    runs[0]!.answer('first');
    await call;
    expect(hedge.snapshot().losers).toBe(2);
    runs[1]!.answer({ [Symbol.dispose]: dispose });
    runs[2]!.fail(boom('late'));
    await settle(2);
    expect(dispose).toHaveBeenCalledOnce();
    expect(hedge.snapshot().losers).toBe(0);
  });

  it('tells of an answer that could not be let go of', async () => {
    const { clock, hedge, runs, call } = start({ onDiscard: () => Promise.reject(boom('stuck')) });
    await clock.advance(100);
    runs[0]!.answer('first');
    await call;
    runs[1]!.answer('silent');
    await settle();
    const heard = vi.fn();
    hedge.on('discardFailed', ({ error }) => heard((error as Error).message));
    const { runs: more, operation } = byHand();
    const other = hedge.execute(operation);
    await clock.advance(100);
    more[1]!.answer('second');
    await other;
    more[0]!.answer('late');
    await settle();
    expect(heard.mock.calls).toEqual([['stuck']]);
  });

  it('starts the next attempt at once when one fails, and counts the delay from there (HG2)', async () => {
    const { clock, runs, ended, heard } = start({ maxHedges: 3 });
    await clock.advance(30);
    runs[0]!.fail(boom('fast'));
    await settle();
    await clock.advance(99);
    expect(heard).toEqual(['2 failure @30']);
    await clock.advance(1);
    runs[1]!.fail(boom('slow'));
    await settle();
    expect(heard).toEqual(['2 failure @30', '3 delay @130', '4 failure @130']);
    runs[3]!.answer('at last');
    await settle();
    expect(ended).toEqual(['at last']);
  });

  it('passes the error of a single attempt on as it is', async () => {
    const error = Object.freeze(boom('only'));
    const { clock, runs, call } = start({ budget: { deposit() {}, withdraw: () => false } });
    runs[0]!.fail(error);
    await expect(call).rejects.toBe(error);
    await clock.advance(1_000);
    expect([runs.length, clock.timers]).toEqual([1, 0]);
  });

  it('tells all errors in the order of start when all fail, the last as cause (HG5)', async () => {
    const { clock, hedge, runs, ended } = start({ maxHedges: 2 });
    await clock.advance(200);
    const errors = ['a', 'b', 'c'].map(boom);
    Object.assign(errors[0]!, { retryAfterMs: 70 });
    for (const at of [2, 1, 0]) {
      runs[at]!.fail(errors[at]);
      await settle();
      expect(ended).toHaveLength(at === 0 ? 1 : 0);
    }
    const [error] = ended as [AggregateFailedError];
    expect(error).toBeInstanceOf(AggregateFailedError);
    expect(error.errors).toEqual(errors);
    expect(error.cause).toBe(errors[0]);
    expect(error).toMatchObject({
      code: 'ERR_ALL_FAILED',
      name: 'AggregateFailedError',
      message: 'hedge: all 3 attempts failed',
      policy: 'hedge',
      retryAfterMs: 70,
    });
    expect(hedge.snapshot()).toMatchObject({ allFailed: 1, losers: 0, won: 0 });
  });

  it('keeps errors that are no objects', async () => {
    const { runs, ended } = start();
    runs[0]!.fail(undefined);
    await settle();
    runs[1]!.fail(null);
    await settle();
    expect(ended).toMatchObject([{ errors: [undefined, null], cause: null }]);
  });

  it('takes what is thrown at once for a failure', async () => {
    const hedge = new Hedge({ idempotent: true });
    const operation = vi.fn(({ attempt }: { attempt: number }) => {
      if (attempt === 1) throw boom('at once');
      return 'second';
    });
    await expect(hedge.execute(operation)).resolves.toBe('second');
  });

  it('starts no attempt by time with a delay of Infinity, but after a failure', async () => {
    const { clock, runs, call, heard } = start({ delayMs: Infinity });
    await clock.advance(1e9);
    expect([runs.length, clock.timers]).toEqual([1, 0]);
    runs[0]!.fail(boom('no'));
    await settle();
    runs[1]!.answer('yes');
    await expect(call).resolves.toBe('yes');
    expect(heard).toEqual(['2 failure @1000000000', 'won 2 of 2']);
  });

  it('asks a function for each delay, in whatever order they come out', async () => {
    const asked: unknown[] = [];
    const clock = new VirtualClock();
    const started: string[] = [];
    const hedge = new Hedge({
      clock,
      idempotent: true,
      maxHedges: 2,
      delayMs: (number, { key }) => {
        asked.push([number, key]);
        return key === 'slow' ? 500 : 40 * number;
      },
    });
    const calls = ['slow', 'quick'].map(key => {
      const { runs, operation } = byHand();
      void hedge.execute(
        context => {
          started.push(`${key} ${context.attempt} @${clock.now()}`);
          return operation(context);
        },
        { key },
      );
      return runs;
    });
    await clock.advance(130);
    expect(started).toEqual(['slow 1 @0', 'quick 1 @0', 'quick 2 @40', 'quick 3 @120']);
    expect(asked).toEqual([
      [1, 'slow'],
      [1, 'quick'],
      [2, 'quick'],
    ]);
    calls[1]![0]!.answer('done');
    calls[0]![0]!.answer('done');
    await settle();
    await clock.advance(0);
    expect(clock.timers).toBe(0);
  });

  it.each([Number.NaN, -1, '5', undefined])(
    'fails a call for which the function answers %s',
    async delayMs => {
      const operation = vi.fn();
      const hedge = new Hedge({ idempotent: true, delayMs: () => delayMs as number });
      await expect(hedge.execute(operation)).rejects.toThrow('Hedge: `delayMs` must be a number >= 0');
      expect(operation).not.toHaveBeenCalled();
    },
  );

  it('ends a call whose next delay cannot be found, and gives up its attempts', async () => {
    const { clock, runs, call } = start({
      maxHedges: 2,
      delayMs: number => {
        if (number === 2) throw boom('no idea');
        return 10;
      },
    });
    void call.catch(() => {});
    await clock.advance(10);
    await expect(call).rejects.toThrow('no idea');
    expect(runs.map(({ context }) => context.signal.aborted)).toEqual([true, true]);
    expect(clock.timers).toBe(0);
  });
});
