import { describe, expect, it, vi } from 'vitest';
import { CircuitOpenError } from '../../../src/kernel/errors.js';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { Fallback } from '../../../src/resilience/fallback.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const clock = new VirtualClock();
const fail = (error: unknown) => () => Promise.reject(error);

describe('Fallback', () => {
  it('keeps out of the way of an answer', async () => {
    const run = vi.fn();
    expect(await new Fallback({ run }).execute(() => 'mine')).toBe('mine');
    expect(run).not.toHaveBeenCalled();
  });

  it('answers with a value, `undefined` and `null` included', async () => {
    for (const value of [undefined, null, 0, 'text']) {
      expect(await new Fallback({ value }).execute(fail('e'))).toBe(value);
    }
  });

  it('is told the error and the context', async () => {
    const seen: unknown[] = [];
    const fallback = new Fallback({
      run: (error, context, answer) => {
        seen.push(error, context.key, answer);
        return 'instead';
      },
    });
    expect(await fallback.execute(fail('original'), { key: 'tenant' })).toBe('instead');
    expect(seen).toEqual(['original', 'tenant', undefined]);
  });

  it('answers for a refusal, a throw at once and a falsy error alike', async () => {
    const fallback = new Fallback({ run: async () => 'instead' });
    expect(await fallback.execute(fail(new CircuitOpenError('open')))).toBe('instead');
    expect(await fallback.execute(fail(undefined))).toBe('instead');
    const thrown = fallback.execute(() => {
      throw null;
    });
    expect(await thrown).toBe('instead');
  });

  it('answers for an answer that counts as a failure, and is shown it', async () => {
    const fallback = new Fallback<string, number>({
      classify: outcome => (outcome.ok && outcome.value < 0 ? 'failure' : undefined),
      run: (error, _, answer) => `${error} ${answer}`,
    });
    expect(await fallback.execute(() => -5)).toBe('undefined -5');
    expect(await fallback.execute(() => 5)).toBe(5);
    await expect(fallback.execute(fail(0))).resolves.toBe('0 undefined');
  });

  it('lets go of an answer that a value replaces', async () => {
    const cancel = vi.fn(async () => {});
    const fallback = new Fallback({ value: null, classify: () => 'failure' });
    expect(await fallback.execute(() => ({ body: { cancel } }))).toBeNull();
    expect(cancel).toHaveBeenCalledTimes(1);
  });

  it('tells when it could not let go of such an answer', async () => {
    const fallback = new Fallback({ value: null, classify: () => 'failure', clock });
    const seen: unknown[] = [];
    fallback.on('discardFailed', event => seen.push(event));
    const body = { cancel: () => Promise.reject('locked') };
    expect(await fallback.execute(() => ({ body }))).toBeNull();
    await Promise.resolve();
    expect(seen).toEqual([{ policy: 'fallback', at: clock.wall(), error: 'locked' }]);
  });

  it.each(['success', 'slow', 'neutral'] as const)(
    'leaves an error alone that is called %s',
    async verdict => {
      const fallback = new Fallback({ value: 1, classify: () => verdict });
      await expect(fallback.execute(fail('mine'))).rejects.toBe('mine');
    },
  );

  it.each<[unknown, string]>([
    ['sucess', '"sucess"'],
    [null, 'null'],
    [Promise.resolve('failure'), 'a promise'],
  ])('rejects when an outcome is classified as %o', async (answer, shown) => {
    const fallback = new Fallback({ value: 1, classify: () => answer as never });
    const rule = "'success', 'failure', 'slow', 'neutral' or undefined";
    const error = new TypeError(`Fallback: \`classify\` must answer ${rule}, got ${shown}`);
    await expect(fallback.execute(fail('mine'))).rejects.toThrow(error);
    await expect(fallback.execute(() => 2)).rejects.toThrow(error);
  });

  it('answers nothing for a caller who gave up', async () => {
    const run = vi.fn();
    const fallback = new Fallback({ run });
    const controller = new AbortController();
    const call = fallback.execute(
      ({ signal }) => new Promise((_, no) => signal.addEventListener('abort', () => no(signal.reason))),
      { signal: controller.signal },
    );
    controller.abort('gone');
    await expect(call).rejects.toBe('gone');
    await expect(fallback.execute(() => 1, { signal: controller.signal })).rejects.toBe('gone');
    expect(run).not.toHaveBeenCalled();
  });

  it('rejects bad call options as every policy does', async () => {
    await expect(new Fallback({ value: 1 }).execute(() => 1, { timeoutMs: -1 })).rejects.toThrow(RangeError);
  });
});

describe('a fallback that fails', () => {
  it('rejects with its own error, caused by the one it was to answer', async () => {
    const [original, own] = [new Error('original'), new Error('own')];
    const call = new Fallback({ run: fail(own) }).execute(fail(original));
    await expect(call).rejects.toBe(own);
    expect(own.cause).toBe(original);
    expect(Object.keys(own)).toEqual([]);
  });

  it.each([
    ['has a cause', new Error('own', { cause: 'mine' }), 'mine'],
    ['is frozen', Object.freeze(new Error('own')), undefined],
  ])('leaves an error alone that %s', async (_, own, cause) => {
    await expect(new Fallback({ run: fail(own) }).execute(fail('original'))).rejects.toBe(own);
    expect(own.cause).toBe(cause);
  });

  it('may throw the original again, or what is no error', async () => {
    const original = new Error('original');
    const again = new Fallback({
      run: error => {
        throw error;
      },
    });
    await expect(again.execute(fail(original))).rejects.toBe(original);
    expect(original.cause).toBeUndefined();
    await expect(new Fallback({ run: fail('text') }).execute(fail(original))).rejects.toBe('text');
  });

  it('is followed by the next step, which is told its error', async () => {
    const second = new Error('second');
    const seen: unknown[] = [];
    const fallback = new Fallback<string>({
      run: [
        fail(second),
        error => {
          seen.push(error, (error as Error).cause);
          return 'third time lucky';
        },
        () => 'never',
      ],
    });
    expect(await fallback.execute(fail('first'))).toBe('third time lucky');
    expect(seen).toEqual([second, 'first']);
  });

  it('tries no further step for a caller who has given up', async () => {
    const controller = new AbortController();
    const last = vi.fn();
    const first = () => {
      controller.abort();
      throw new Error('first');
    };
    const call = new Fallback({ run: [first, last] }).execute(fail('e'), { signal: controller.signal });
    await expect(call).rejects.toThrow('first');
    expect(last).not.toHaveBeenCalled();
  });

  it('chains by nesting, too', async () => {
    const chain = pipeline(new Fallback({ value: 'outer' }), new Fallback({ run: fail('inner') }));
    expect(await chain.execute(fail('e'))).toBe('outer');
  });
});

describe('watching a fallback', () => {
  it('tells who answered, and that nobody could', async () => {
    const fallback = new Fallback<number>({ name: 'cached', run: [fail('no cache'), () => 7], clock });
    const broken = new Fallback({ run: fail('broken'), clock });
    const seen: unknown[] = [];
    fallback.on('answered', event => seen.push(event));
    broken.on('failed', event => seen.push(event));
    await fallback.execute(fail('e'));
    await broken.execute(fail('e')).catch(() => {});
    expect(seen).toEqual([
      { policy: 'cached', at: clock.wall(), error: 'no cache', step: 2 },
      { policy: 'fallback', at: clock.wall(), error: 'broken' },
    ]);
    expect(fallback.snapshot()).toEqual({ answered: 1, failed: 0 });
    expect(broken.snapshot()).toEqual({ answered: 0, failed: 1 });
    expect(fallback.describe()).toEqual({
      kind: 'fallback',
      name: 'cached',
      run: ['anonymous', 'anonymous'],
      steps: 2,
    });
  });
});

describe('the options of a fallback', () => {
  it('may be left out by being undefined, and an answer may be undefined', async () => {
    const fail = (): never => {
      throw new Error('down');
    };
    const run = (): string => 'run';
    await expect(new Fallback({ value: 1, run: undefined } as never).execute(fail)).resolves.toBe(1);
    await expect(new Fallback({ value: undefined, run } as never).execute(fail)).resolves.toBe('run');
    await expect(new Fallback({ value: undefined }).execute(fail)).resolves.toBe(undefined);
    expect(() => new Fallback({ run: undefined } as never)).toThrow('`run` must be a function');
  });

  it.each<[unknown, string]>([
    [{}, 'either `value` or `run`'],
    [{ value: 1, run: () => 1 }, 'either `value` or `run`'],
    [{ run: 'five' }, '`run` must be a function'],
    [{ run: [] }, '`run` must be a function'],
    [{ run: [() => 1, null] }, '`run` must be a function'],
    [{ value: 1, classify: true }, '`classify` must be a function'],
    [{ value: 1, fallback: 2 }, 'unknown option `fallback`'],
    [null, 'must be an object'],
  ])('refuse %j', (options, message) => {
    expect(() => new Fallback(options as never)).toThrow(TypeError);
    expect(() => new Fallback(options as never)).toThrow(message);
  });
});
