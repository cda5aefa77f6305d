import { describe, expect, it, vi } from 'vitest';
import { backgroundContext, contextOf } from '../../../src/kernel/call-options.js';
import type { CallContext } from '../../../src/kernel/context.js';
import { CircuitOpenError, TimeoutError } from '../../../src/kernel/errors.js';
import { type Classify, judge, judgeError } from '../../../src/kernel/outcome.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const clock = new VirtualClock();
const call = backgroundContext(clock);
const givenUp = (reason: unknown): CallContext => contextOf({ signal: AbortSignal.abort(reason) }, clock);

describe('judge', () => {
  it.each([undefined, null, 0, false, new Error('a value')])('calls the answer %s a success', value => {
    expect(judge('Valve', true, value, call)).toBe('success');
  });

  it.each([undefined, null, 0, false, 'text', new Error('x'), new TimeoutError('late', 5)])(
    'calls a thrown %s a failure',
    error => {
      expect(judge('Valve', false, error, call)).toBe('failure');
    },
  );

  it('is neutral on refusals of our own, of whichever copy of the package', () => {
    expect(judge('Valve', false, new CircuitOpenError('no'), call)).toBe('neutral');
    expect(judge('Valve', false, { rejected: true }, call)).toBe('neutral');
  });

  it('is neutral on what followed from the caller giving up', () => {
    expect(judge('Valve', false, new Error('aborted'), givenUp(new Error('left')))).toBe('neutral');
    expect(judge('Valve', false, undefined, givenUp(null))).toBe('neutral');
  });

  it('calls what an outer timeout cut off a failure', () => {
    expect(judgeError(new Error('aborted'), givenUp(new TimeoutError('late', 5)))).toBe('failure');
    expect(judgeError(new Error('aborted'), givenUp({ code: 'ERR_TIMEOUT' }))).toBe('failure');
    expect(judgeError(new Error('aborted'), givenUp({ code: 'ERR_OTHER' }))).toBe('neutral');
  });

  it('calls a success a success though the caller gave up meanwhile', () => {
    expect(judge('Valve', true, 1, givenUp('left'))).toBe('success');
  });

  it('asks the user first, with the outcome and the context', () => {
    const classify = vi.fn<Classify>(() => 'neutral');
    expect(judge('Valve', true, 503, call, classify)).toBe('neutral');
    expect(judge('Valve', false, 'why', call, classify)).toBe('neutral');
    expect(classify.mock.calls).toEqual([
      [{ ok: true, value: 503 }, call],
      [{ ok: false, error: 'why' }, call],
    ]);
  });

  it('judges by itself what the user leaves to it', () => {
    const classify: Classify = () => undefined;
    expect(judge('Valve', true, 1, call, classify)).toBe('success');
    expect(judge('Valve', false, 1, call, classify)).toBe('failure');
  });

  it.each(['success', 'failure', 'slow', 'neutral'] as const)('takes the verdict %s', verdict => {
    expect(judge('Valve', true, 1, call, () => verdict)).toBe(verdict);
  });

  it.each([
    ['sucess', '"sucess"'],
    ['', '""'],
    [null, 'null'],
    [true, 'true'],
    [0, '0'],
    [{ retryAfterMs: 1 }, 'an object'],
    [Promise.resolve('success'), 'a promise'],
  ])('refuses the answer %o', (answer, shown) => {
    for (const ok of [true, false]) {
      expect(() => judge('Valve', ok, 1, call, () => answer as never)).toThrow(
        new TypeError(
          "Valve: `classify` must answer 'success', 'failure', 'slow', 'neutral' or undefined, " +
            `got ${shown}`,
        ),
      );
    }
  });
});

describe('an async function where none may be', () => {
  it('does not end the process by its rejection', async () => {
    const unheard = vi.fn();
    process.on('unhandledRejection', unheard);
    const classify = (async () => {
      throw new Error('async');
    }) as unknown as Classify;
    expect(() => judge('Valve', true, 1, call, classify)).toThrow('got a promise');
    await new Promise(resolve => setImmediate(resolve));
    process.off('unhandledRejection', unheard);
    expect(unheard).not.toHaveBeenCalled();
  });
});
