import { describe, expect, it, vi } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { resilientFetch } from '../../../src/resilience/resilient-fetch.js';
import { Retry } from '../../../src/resilience/retry.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const boom = new Error('boom');

describe('what a call leaves running when it ends', () => {
  const begin = async (clock: VirtualClock, policy: Timeout, signal: AbortSignal) => {
    const retry = new Retry({ attempts: 5, backoff: { kind: 'constant', delayMs: 50 }, clock });
    const operation = vi.fn(() => Promise.reject(boom));
    let left!: Promise<unknown>;
    let context!: { signal: AbortSignal };
    await policy.execute(
      given => {
        context = given;
        left = retry.execute(operation, given).catch((error: unknown) => error);
      },
      { signal },
    );
    return { operation, left: () => left, context };
  };

  it('is ended by the caller all the same: a wait at once, and no attempt begins', async () => {
    const clock = new VirtualClock();
    const caller = new AbortController();
    const rest = await begin(clock, new Timeout({ timeoutMs: 1_000, clock }), caller.signal);
    await clock.advance(60);
    caller.abort('stop');
    await expect(rest.left()).resolves.toBe('stop');
    await clock.advance(500);
    expect(rest.operation).toHaveBeenCalledTimes(2);
    expect(rest.context.signal.aborted).toBe(true);
  });

  it('hears of its own call having been given up, even later', async () => {
    const clock = new VirtualClock();
    let context!: { signal: AbortSignal };
    const call = new Timeout({ timeoutMs: 10, clock }).execute(given => {
      context = given;
      return new Promise(() => {});
    });
    const ended = call.catch((error: { code: string }) => error.code);
    await clock.advance(10);
    await expect(ended).resolves.toBe('ERR_TIMEOUT');
    expect(context.signal.reason).toMatchObject({ code: 'ERR_TIMEOUT' });
  });

  it('makes no attempt after an abort that nobody told it of', async () => {
    const clock = new VirtualClock();
    const retry = new Retry({ attempts: 2, backoff: { kind: 'constant', delayMs: 50 }, clock });
    const operation = vi.fn(() => Promise.reject(boom));
    const controller = new AbortController();
    const signal = controller.signal;
    const call = retry.execute(operation, { signal }).catch((error: unknown) => error);
    await clock.advance(10);
    // A signal of another make may know it before it tells.
    Object.defineProperty(signal, 'aborted', { value: true });
    Object.defineProperty(signal, 'reason', { value: 'silent' });
    await clock.advance(50);
    await expect(call).resolves.toBe('silent');
    expect(operation).toHaveBeenCalledTimes(1);
  });
});

describe('a failure of what the user brought along', () => {
  const budget = {
    deposit: () => {
      throw boom;
    },
    withdraw: () => true,
  };

  it('is a rejection, never thrown at once', async () => {
    for (const options of [undefined, { key: 'k' }]) {
      await expect(new Retry({ budget }).execute(() => 1, options)).rejects.toBe(boom);
      const policy = pipeline(new Retry({ budget }), new Timeout({ timeoutMs: 1 }));
      await expect(policy.execute(() => 1, options)).rejects.toBe(boom);
    }
  });

  it('leaves no rejection behind when it should not have been async', async () => {
    const report = vi.spyOn(console, 'error').mockReturnValue();
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const bad = async (): Promise<never> => {
      throw boom;
    };
    const breakers = [{ classify: bad }, { trip: bad }, { retryAfterMs: bad }].map(
      options => new CircuitBreaker(options as never),
    );
    for (const breaker of breakers) await breaker.execute(() => Promise.reject(boom)).catch(() => {});
    await new Retry({ classify: bad as never }).execute(() => 1).catch(() => {});
    await new Promise(resolve => setImmediate(resolve));
    expect(unhandled).not.toHaveBeenCalled();
    process.off('unhandledRejection', unhandled);
    report.mockRestore();
  });
});

describe('a bulkhead', () => {
  it('measures a deadline on the clock of the call, not on its own', async () => {
    const [ahead, own] = [new VirtualClock({ nowMs: 1e6 }), new VirtualClock()];
    const bulkhead = new Bulkhead({ slots: 1, queue: 1, clock: own });
    void bulkhead.execute(() => new Promise(() => {}));
    const call = new Timeout({ timeoutMs: 1e9, clock: ahead }).execute(
      context => bulkhead.execute(() => 1, context),
      { timeoutMs: 50 },
    );
    const code = call.catch((error: { code: string }) => error.code);
    await own.advance(50);
    await expect(code).resolves.toBe('ERR_DEADLINE');
  });

  it('that is disposed of says so, also when nobody may wait', async () => {
    const bulkhead = new Bulkhead({ slots: 1 });
    void bulkhead.execute(() => new Promise(() => {}));
    bulkhead[Symbol.dispose]();
    await expect(bulkhead.execute(() => 1)).rejects.toThrow('it is closed');
  });
});

describe('options that every primitive takes', () => {
  it.each([
    ['a name', { name: 5 }, '`name` must be a string, got 5'],
    ['a clock', { clock: {} }, '`clock` must be a Clock, got an object'],
    ['a clock', { clock: null }, '`clock` must be a Clock, got null'],
    ['chance', { random: 5 }, '`random` must be a function, got 5'],
    ['no options', [], '`options` must be an object'],
  ])('are refused at once when they are not %s', (_, options, message) => {
    expect(() => new Retry(options as never)).toThrow(message);
    expect(() => new CircuitBreaker(options as never)).toThrow(message);
  });

  it('are refused elsewhere too', () => {
    expect(() => new Bulkhead({ slots: 1, name: 5 as never })).toThrow('`name` must be a string');
    expect(() => new Retry({ honourRetryAfter: 'false' as never })).toThrow('must be true or false');
    expect(() => resilientFetch({ retry: true as never })).toThrow('`retry` must be an object or false');
    expect(() => resilientFetch({ breaker: null as never })).toThrow('`breaker` must be an object or false');
    expect(() => resilientFetch({ makeIdempotencyKeys: 'no' as never })).toThrow('must be true or false');
  });

  it('are told from a signal that was passed in their stead', async () => {
    const operation = vi.fn();
    const { signal } = new AbortController();
    const call = new Bulkhead({ slots: 1 }).execute(operation, signal as never);
    await expect(call).rejects.toThrow('`options` must be an object such as { signal }');
    const lame = { addEventListener() {} };
    const other = new Bulkhead({ slots: 1 }).execute(operation, { signal: lame as never });
    await expect(other).rejects.toThrow('`signal` must be an AbortSignal');
    expect(operation).not.toHaveBeenCalled();
  });
});
