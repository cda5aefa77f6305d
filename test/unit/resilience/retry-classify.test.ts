import { describe, expect, it, vi } from 'vitest';
import { CircuitOpenError, TimeoutError } from '../../../src/kernel/errors.js';
import type { Outcome } from '../../../src/kernel/outcome.js';
import { Retry } from '../../../src/resilience/retry.js';
import type { RetryOptions } from '../../../src/resilience/retry-options.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

function setup<T>(options: RetryOptions<T>) {
  const clock = new VirtualClock();
  const delays: number[] = [];
  const retry = new Retry<T>({ backoff: { kind: 'constant', delayMs: 10 }, ...options, clock });
  retry.on('retried', ({ delayMs }) => delays.push(delayMs));
  const run = (operation: () => T | Promise<T>) => clock.runUntil(retry.execute(operation));
  return { clock, delays, retry, run };
}

const reject = (error: unknown) => () => Promise.reject(error);

describe('what a retry makes of outcomes', () => {
  it('tries again what returned a failure, and returns the last one as it is', async () => {
    const answers = [{ status: 503 }, { status: 502 }, { status: 500 }];
    const { run } = setup<{ status: number }>({
      classify: outcome => (outcome.ok && outcome.value.status >= 500 ? 'failure' : undefined),
    });
    let at = 0;
    expect(await run(() => answers[at++]!)).toBe(answers[2]);
    expect(at).toBe(3);
  });

  it.each(['success', 'neutral'] as const)('ends the call with an error called %s', async verdict => {
    const { run } = setup({ classify: () => verdict });
    const operation = vi.fn(reject('final'));
    await expect(run(operation)).rejects.toBe('final');
    expect(operation).toHaveBeenCalledTimes(1);
  });

  it('waits as long as the outcome asks instead of the backoff', async () => {
    const { run, delays } = setup({ classify: (_, { attempt }) => ({ retryAfterMs: attempt * 100 }) });
    await expect(run(reject('busy'))).rejects.toBe('busy');
    expect(delays).toEqual([100, 200]);
  });

  it.each<[number, number]>([
    [5e9, 60_000],
    [Infinity, 60_000],
    [0, 0],
    [-1, 10],
    [Number.NaN, 10],
  ])('takes a wish of %s ms for %i ms (RT7)', async (retryAfterMs, expected) => {
    const asked = setup({ attempts: 2, classify: () => ({ retryAfterMs }) });
    await expect(asked.run(reject('busy'))).rejects.toBe('busy');
    expect(asked.delays).toEqual([expected]);

    const thrown = setup({ attempts: 2 });
    await expect(thrown.run(reject({ retryAfterMs }))).rejects.toEqual({ retryAfterMs });
    expect(thrown.delays).toEqual([expected]);
  });

  it('cuts no wish where it is told so, and takes one for ever for one beyond any deadline', async () => {
    const endless = { attempts: 2, maxRetryAfterMs: Infinity };
    const long = setup(endless);
    await expect(long.run(reject({ retryAfterMs: 2 ** 40 }))).rejects.toEqual({ retryAfterMs: 2 ** 40 });
    expect(long.delays).toEqual([2 ** 40]);

    const never = setup(endless);
    const reasons: string[] = [];
    never.retry.on('gaveUp', ({ reason }) => reasons.push(reason));
    await expect(never.run(reject({ retryAfterMs: Infinity }))).rejects.toEqual({ retryAfterMs: Infinity });
    expect(never.delays).toEqual([]);
    expect(reasons).toEqual(['deadline']);
  });

  it('ignores the wishes of errors where it is told to', async () => {
    const { run, delays } = setup({ attempts: 2, honourRetryAfter: false });
    await expect(run(reject({ retryAfterMs: 500 }))).rejects.toEqual({ retryAfterMs: 500 });
    expect(delays).toEqual([10]);
  });

  it.each([undefined, null, 'text', { retryAfterMs: '5' }])('finds no wish in %s', async error => {
    const { run, delays } = setup({ attempts: 2 });
    await expect(run(reject(error))).rejects.toBe(error);
    expect(delays).toEqual([10]);
  });

  it('takes a refusal by a policy further inside for final (RT6)', async () => {
    const operation = vi.fn(reject(new CircuitOpenError('open', { retryAfterMs: 5 })));
    await expect(setup({}).run(operation)).rejects.toThrow('open');
    expect(operation).toHaveBeenCalledTimes(1);
  });

  it('waits as long as a refusal says where it is told to try it again', async () => {
    const { run, delays } = setup({
      classify: outcome => (isOpen(outcome) ? 'failure' : undefined),
    });
    await expect(run(reject(new CircuitOpenError('open', { retryAfterMs: 700 })))).rejects.toThrow('open');
    expect(delays).toEqual([700, 700]);
  });

  it('tries again after a timeout of a single attempt', async () => {
    const operation = vi.fn(reject(new TimeoutError('late', 50)));
    await expect(setup({}).run(operation)).rejects.toThrow('late');
    expect(operation).toHaveBeenCalledTimes(3);
  });

  it('rejects with what the classification throws, on any attempt', async () => {
    for (const at of [1, 2]) {
      const { run } = setup({
        classify: (_, { attempt }) => {
          if (attempt === at) throw new Error('broken classify');
          return undefined;
        },
      });
      await expect(run(reject('failed'))).rejects.toThrow('broken classify');
    }
  });

  it.each<[unknown, string]>([
    ['sucess', '"sucess"'],
    [null, 'null'],
    [{ retryAfter: 5 }, 'an object'],
    [{ retryAfterMs: '5' }, 'an object'],
    [Promise.resolve('failure'), 'a promise'],
  ])('rejects when it is classified as %o, on any attempt', async (answer, shown) => {
    const rule = "'success', 'failure', 'slow', 'neutral', { retryAfterMs } or undefined";
    for (const at of [1, 2]) {
      const { run } = setup({
        classify: (_, { attempt }) => (attempt === at ? (answer as never) : 'failure'),
      });
      for (const operation of [reject('failed'), () => 'answered']) {
        const error = new TypeError(`Retry: \`classify\` must answer ${rule}, got ${shown}`);
        await expect(run(operation)).rejects.toThrow(error);
      }
    }
  });

  it('takes what is called slow for what it is', async () => {
    const { run } = setup({ classify: () => 'slow' });
    await expect(run(() => 'late')).resolves.toBe('late');
    await expect(run(reject('failed'))).rejects.toBe('failed');
  });
});

function isOpen(outcome: Outcome): boolean {
  return !outcome.ok && (outcome.error as { code?: string }).code === 'ERR_CIRCUIT_OPEN';
}

describe('answers that are thrown away', () => {
  const failure = { classify: () => 'failure' as const };

  it('are handed to `onDiscard`, except for the one that the caller gets', async () => {
    const discarded: number[] = [];
    const { run } = setup<number>({ ...failure, onDiscard: value => discarded.push(value) });
    let answer = 0;
    expect(await run(() => ++answer)).toBe(3);
    expect(discarded).toEqual([1, 2]);
  });

  it('are disposed of by their own method before the wait', async () => {
    const log: string[] = [];
    const sync = { [Symbol.dispose]: () => void log.push('dispose') };
    const both = { [Symbol.dispose]: () => {}, [Symbol.asyncDispose]: async () => void log.push('async') };
    const response = { body: { cancel: async () => void log.push('cancel') } };
    for (const answer of [sync, both, response]) {
      const { run, clock } = setup<unknown>({ ...failure, attempts: 2 });
      clock.schedule(5, () => log.push('waits'));
      await run(() => answer);
    }
    expect(log).toEqual(['dispose', 'waits', 'async', 'waits', 'cancel', 'waits']);
  });

  it.each([undefined, null, 1, 'text', {}, { body: null }, { body: {} }])(
    'need no method: %s',
    async answer => {
      expect(await setup<unknown>(failure).run(() => answer)).toBe(answer);
    },
  );

  it('do not harm the call when their method fails, and are told of', async () => {
    const throwing = {
      [Symbol.dispose]() {
        throw new Error('sync');
      },
    };
    const rejecting = { [Symbol.asyncDispose]: () => Promise.reject(new Error('async')) };
    const failed: unknown[] = [];
    for (const answer of [throwing, rejecting]) {
      const unheard = setup<unknown>({ ...failure, attempts: 2 });
      expect(await unheard.run(() => answer)).toBe(answer);
      const { retry, run } = setup<unknown>({ ...failure, attempts: 2 });
      retry.on('discardFailed', ({ error }) => failed.push((error as Error).message));
      expect(await run(() => answer)).toBe(answer);
    }
    expect(failed).toEqual(['sync', 'async']);
  });
});
