import { describe, expect, it, vi } from 'vitest';
import { AggregateFailedError, CircuitOpenError } from '../../../src/kernel/errors.js';
import { Hedge } from '../../../src/resilience/hedge.js';
import type { HedgeOptions } from '../../../src/resilience/hedge-options.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { byHand } from '../../fixtures/attempts.js';

/** One call of a hedge with a delay of 100 ms; its end, once it has one. */
function start(options: HedgeOptions = {}, callOptions?: Parameters<Hedge['execute']>[1]) {
  const clock = new VirtualClock();
  const hedge = new Hedge({ idempotent: true, clock, ...options });
  const { runs, operation } = byHand();
  const ended: unknown[] = [];
  const heard: unknown[] = [];
  hedge.on('hedged', ({ attempt, because }) => heard.push(`${attempt} ${because} @${clock.now()}`));
  hedge.on('won', ({ attempt, attempts }) => heard.push(`won ${attempt} of ${attempts}`));
  hedge.on('notHedged', ({ reason }) => heard.push(reason));
  const call = hedge.execute(operation, callOptions);
  call.then(
    value => ended.push(value),
    error => ended.push(error),
  );
  return { clock, hedge, runs, call, ended, heard };
}
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

describe('what counts as a failure', () => {
  const by = (verdicts: Record<string, string>): Pick<HedgeOptions, 'classify'> => ({
    classify: outcome => {
      const told = outcome.ok ? outcome.value : (outcome.error as Error).message;
      return verdicts[told as string] as 'failure';
    },
  });

  it.each(['success', 'slow', 'neutral'])('ends the call at once with an error that is %s', async verdict => {
    const { clock, runs, call } = start(by({ fatal: verdict }));
    void call.catch(() => {});
    await clock.advance(100);
    const fatal = boom('fatal');
    runs[1]!.fail(fatal);
    await expect(call).rejects.toBe(fatal);
    expect(runs[0]!.context.signal.aborted).toBe(true);
  });

  it.each(['slow', 'neutral'])('ends the call with an answer that is %s', async verdict => {
    const { runs, call } = start(by({ answer: verdict }));
    runs[0]!.answer('answer');
    await expect(call).resolves.toBe('answer');
  });

  it('lets go of an answer that counts as a failure once another attempt has ended', async () => {
    const discarded: unknown[] = [];
    const onDiscard = (value: unknown) => discarded.push(value);
    const { runs, call } = start({ ...by({ busy: 'failure' }), onDiscard });
    runs[0]!.answer('busy');
    await settle();
    expect(discarded).toEqual([]);
    runs[1]!.answer('fine');
    await expect(call).resolves.toBe('fine');
    expect(discarded).toEqual(['busy']);
  });

  it('returns the last failed answer as it is when no attempt is left', async () => {
    const discarded: unknown[] = [];
    const onDiscard = (value: unknown) => discarded.push(value);
    const { hedge, runs, call } = start({ ...by({ busy: 'failure', full: 'failure' }), onDiscard });
    runs[0]!.answer('busy');
    await settle();
    runs[1]!.answer('full');
    await expect(call).resolves.toBe('full');
    expect(discarded).toEqual(['busy']);
    expect(hedge.snapshot()).toMatchObject({ allFailed: 1, won: 0 });
  });

  it('lists only what was thrown', async () => {
    const { runs, ended } = start(by({ busy: 'failure' }));
    runs[0]!.answer('busy');
    await settle();
    runs[1]!.fail(boom('down'));
    await settle();
    expect(ended).toMatchObject([{ errors: [{ message: 'down' }], cause: { message: 'down' } }]);
  });

  it('rejects with what classify throws, and lets go of the answer', async () => {
    const onDiscard = vi.fn();
    const classify = () => {
      throw boom('mistake');
    };
    const { clock, runs, call } = start({ classify, onDiscard });
    void call.catch(() => {});
    await clock.advance(100);
    runs[0]!.answer('answer');
    await expect(call).rejects.toThrow('mistake');
    expect(onDiscard).toHaveBeenCalledWith('answer');
    expect(runs[1]!.context.signal.aborted).toBe(true);
  });

  it('refuses an answer of classify that is no verdict', async () => {
    const { runs, call } = start({ classify: () => 'maybe' as never });
    runs[0]!.fail(boom('no'));
    await expect(call).rejects.toThrow("Hedge: `classify` must answer 'success'");
  });
});

describe('a refusal by a policy further inside', () => {
  const refusal = () => new CircuitOpenError('open');

  it('ends the call when the first attempt is refused', async () => {
    const { runs, call } = start();
    const error = refusal();
    runs[0]!.fail(error);
    await expect(call).rejects.toBe(error);
    expect(runs).toHaveLength(1);
  });

  it('is no hedge when it meets an extra attempt: nothing starts at once, the first goes on (HG9)', async () => {
    const { clock, hedge, runs, call, heard } = start({ maxHedges: 2 });
    await clock.advance(100);
    runs[1]!.fail(refusal());
    await settle();
    await clock.advance(99);
    expect(heard).toEqual(['2 delay @100', 'refused']);
    await clock.advance(1);
    expect(heard).toEqual(['2 delay @100', 'refused', '3 delay @200']);
    runs[0]!.answer('first');
    await expect(call).resolves.toBe('first');
    expect(hedge.snapshot().notHedged.refused).toBe(1);
  });

  it('leaves the error of the only attempt that ran as it is', async () => {
    const { runs, call } = start({ maxHedges: 2 });
    const error = boom('only');
    runs[0]!.fail(error);
    await settle();
    runs[1]!.fail(refusal());
    await expect(call).rejects.toBe(error);
    expect(runs).toHaveLength(2);
  });

  it('is a failure where classify says so', async () => {
    const { runs, ended } = start({ classify: outcome => (outcome.ok ? undefined : 'failure') });
    runs[0]!.fail(refusal());
    await settle();
    runs[1]!.fail(refusal());
    await settle();
    expect(ended).toMatchObject([{ code: 'ERR_ALL_FAILED' }]);
  });
});
