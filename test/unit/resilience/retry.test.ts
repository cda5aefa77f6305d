import { describe, expect, it, vi } from 'vitest';
import { attemptsOf } from '../../../src/kernel/attempt-history.js';
import { Retry } from '../../../src/resilience/retry.js';
import type { RetryOptions } from '../../../src/resilience/retry-options.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const clock = new VirtualClock();
const fixed = { backoff: { kind: 'constant', delayMs: 10 }, clock } as const;

/** Throws each error in turn, then answers. */
function failing(...errors: unknown[]) {
  let runs = 0;
  return vi.fn(() => {
    const run = runs++;
    if (run < errors.length) throw errors[run];
    return `answer ${run + 1}`;
  });
}

const run = <T>(options: RetryOptions<T>, operation: () => T | Promise<T>): Promise<T> =>
  clock.runUntil(new Retry<T>({ ...fixed, ...options }).execute(operation));

describe('Retry', () => {
  it('runs an operation that succeeds once', async () => {
    const operation = failing();
    expect(await run({}, operation)).toBe('answer 1');
    expect(operation).toHaveBeenCalledTimes(1);
  });

  it.each([1, 2, 3, 7])('makes %i attempts in all and no more (RT1)', async attempts => {
    const errors = Array.from({ length: 9 }, (_, i) => new Error(`${i}`));
    const operation = failing(...errors);
    await expect(run({ attempts }, operation)).rejects.toBe(errors[attempts - 1]);
    expect(operation).toHaveBeenCalledTimes(attempts);
  });

  it('makes one attempt after the other, never two at a time (RT1)', async () => {
    let inFlight = 0;
    const slow = async () => {
      expect(++inFlight).toBe(1);
      await new Promise<void>(resolve => clock.schedule(25, resolve));
      inFlight--;
      throw new Error('slow');
    };
    await expect(run({ attempts: 5 }, slow)).rejects.toThrow('slow');
  });

  it('answers with the first success', async () => {
    expect(await run({}, failing(new Error('a'), new Error('b')))).toBe('answer 3');
  });

  it.each([undefined, null, 0, '', false, Number.NaN, Object.freeze(new Error('frozen'))])(
    'rethrows the last error as it is: %s',
    async thrown => {
      const error = await run({ attempts: 2 }, failing(thrown, thrown)).catch((error: unknown) => error);
      expect(error).toBe(thrown);
    },
  );

  it.each([undefined, null, 0, ''])('hands on an answer as it is: %s', async answer => {
    expect(await run({}, () => answer)).toBe(answer);
  });

  it('takes what is thrown at once for a rejection', async () => {
    const promise = new Retry({ ...fixed, attempts: 1 }).execute(() => {
      throw new Error('at once');
    });
    await expect(promise).rejects.toThrow('at once');
  });

  it('settles once with a thenable that settles twice', async () => {
    const twice = {
      then(resolve: (value: string) => void, reject: (error: Error) => void) {
        resolve('first');
        reject(new Error('second'));
      },
    };
    const operation = vi.fn(() => twice as unknown as Promise<string>);
    expect(await run({}, operation)).toBe('first');
    expect(operation).toHaveBeenCalledTimes(1);
  });

  it('tries again after a thenable whose `then` cannot be read', async () => {
    const hostile = Object.defineProperty({}, 'then', {
      get() {
        throw new Error('hostile');
      },
    }) as Promise<string>;
    await expect(run({ attempts: 2 }, () => hostile)).rejects.toThrow('hostile');
  });

  it('numbers the attempts and gives all of them one idempotency key (RT8)', async () => {
    const seen: [number, string | undefined][] = [];
    const retry = new Retry(fixed);
    const call = retry.execute(context => {
      seen.push([context.attempt, context.idempotencyKey]);
      throw new Error();
    });
    await expect(clock.runUntil(call)).rejects.toThrow();
    const key = seen[0]![1];
    expect(key).toMatch(/^[0-9a-f-]{36}$/);
    expect(seen).toEqual([1, 2, 3].map(attempt => [attempt, key]));
  });

  it('keeps the idempotency key of the caller, and makes different ones for different calls', async () => {
    const retry = new Retry(fixed);
    const keys: (string | undefined)[] = [];
    await retry.execute(context => keys.push(context.idempotencyKey), { idempotencyKey: 'mine' });
    await retry.execute(context => keys.push(context.idempotencyKey));
    await retry.execute(context => keys.push(context.idempotencyKey));
    expect(keys[0]).toBe('mine');
    expect(new Set(keys).size).toBe(3);
  });

  it('shares no state between calls that run at the same time', async () => {
    const delays: number[] = [];
    const retry = new Retry({
      attempts: 4,
      clock,
      random: () => 0.5,
      backoff: { kind: 'exponential', initialMs: 8 },
    });
    retry.on('retried', ({ delayMs }) => delays.push(delayMs));
    const calls = [1, 2].map(() => retry.execute(failing(1, 1, 1, 1)).catch(() => 'failed'));
    await clock.runAll();
    expect(await Promise.all(calls)).toEqual(['failed', 'failed']);
    expect(delays.sort((a, b) => a - b)).toEqual([4, 4, 8, 8, 16, 16]);
  });

  it('leaves no timer behind', async () => {
    await run({}, failing(new Error()));
    expect(clock.timers).toBe(0);
  });
});

describe('the history of attempts (RT12)', () => {
  const history = async (attempts: number, error: unknown) => {
    const errors = Array.from({ length: attempts - 1 }, (_, i) => `error ${i + 1}`);
    await run({ attempts }, failing(...errors, error)).catch(() => {});
    return attemptsOf(error);
  };

  it('is read from the error that the call ended with', async () => {
    const last = new Error('last');
    expect(await history(3, last)).toEqual([
      { attempt: 1, error: 'error 1', delayMs: 10 },
      { attempt: 2, error: 'error 2', delayMs: 10 },
      { attempt: 3, error: last, delayMs: undefined },
    ]);
  });

  it('holds no more than the latest 16', async () => {
    const all = await history(1000, new Error('last'));
    expect(all.map(({ attempt }) => attempt)).toEqual(Array.from({ length: 16 }, (_, i) => 985 + i));
  });

  it('is not seen by who does not ask', async () => {
    const last = new Error('last');
    await history(3, last);
    expect(Object.keys(last)).toEqual([]);
    expect(JSON.stringify(last)).toBe('{}');
  });

  it.each([Object.freeze(new Error('frozen')), 'text', undefined, null, 7])(
    'is empty for %s',
    async error => {
      expect(await history(3, error)).toEqual([]);
    },
  );

  it('is empty when the operation ran once', async () => {
    expect(await history(1, new Error('only'))).toEqual([]);
  });
});
