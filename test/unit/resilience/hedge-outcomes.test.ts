import { describe, expect, it, vi } from 'vitest';
import { CircuitOpenError } from '../../../src/kernel/errors.js';
import type { HedgeOptions } from '../../../src/resilience/hedge-options.js';
import { settle } from '../../../src/testing/settle.js';
import { start } from '../../fixtures/hedge.js';

const boom = (text: string) => new Error(text);

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

describe('an extra attempt that a breaker suppresses', () => {
  const refusal = () => new CircuitOpenError('open');

  it('is left out: nothing starts at once while another one runs (HG9)', async () => {
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
    await settle();
    runs[2]!.fail(refusal());
    await expect(call).rejects.toBe(error);
    expect(runs).toHaveLength(3);
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
