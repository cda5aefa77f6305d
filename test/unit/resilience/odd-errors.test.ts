import { describe, expect, it, vi } from 'vitest';
import {
  AdaptiveLimiter,
  AdaptiveThrottle,
  attemptsOf,
  Bulkhead,
  Cache,
  Chaos,
  CircuitBreaker,
  Coalesce,
  Fallback,
  Hedge,
  keyed,
  type Policy,
  RateLimiter,
  Retry,
  shadow,
  Timeout,
} from '../../../src/index.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const trap = (): never => {
  throw new Error('a trap');
};

/** Errors that answer no question, and some that are none. */
const odd: readonly (readonly [string, () => unknown])[] = [
  [
    'a proxy that was revoked',
    () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    },
  ],
  [
    'a proxy that throws',
    () => new Proxy({}, { get: trap, has: trap, getPrototypeOf: trap, defineProperty: trap }),
  ],
  ['a frozen error', () => Object.freeze(new Error('frozen'))],
  ['an error whose fields throw', () => Object.defineProperty(new Error('x'), 'code', { get: trap })],
  ['an object without a prototype', () => Object.create(null) as unknown],
  ['a function', () => trap],
  ['a symbol', () => Symbol('odd')],
  ['undefined', () => undefined],
];

const clock = new VirtualClock();
const backoff = { kind: 'constant', delayMs: 1 } as const;
const key = (): string => 'k';
const policies: readonly (readonly [string, () => Policy])[] = [
  ['Timeout', () => new Timeout({ timeoutMs: 100, clock })],
  ['CircuitBreaker', () => new CircuitBreaker({ clock })],
  ['Bulkhead', () => new Bulkhead({ slots: 1, clock })],
  ['RateLimiter', () => new RateLimiter({ limit: 9, perMs: 9, clock })],
  ['AdaptiveLimiter', () => new AdaptiveLimiter({ clock })],
  ['AdaptiveThrottle', () => new AdaptiveThrottle({ clock })],
  ['Retry', () => new Retry({ attempts: 2, backoff, clock })],
  ['Hedge', () => new Hedge({ delayMs: Infinity, clock })],
  ['Cache', () => new Cache({ ttlMs: 9, negativeTtlMs: () => 9, key, clock })],
  ['Coalesce', () => new Coalesce({ key, clock })],
  ['Chaos', () => new Chaos({ clock })],
  [
    'Fallback',
    () => new Fallback({ run: [trap, error => Promise.reject(error)], classify: () => 'neutral', clock }),
  ],
  ['shadow', () => shadow(new CircuitBreaker({ clock }))],
  ['keyed', () => keyed(() => new Retry({ attempts: 2, backoff, clock }), { maxKeys: 1, key, clock })],
];

/** A promise of it would be asked for its `then`. */
async function thrownBy(call: Promise<unknown>): Promise<readonly [unknown]> {
  let thrown: readonly [unknown] | undefined;
  call.then(
    () => {},
    error => {
      thrown = [error];
    },
  );
  await clock.advance(10);
  return thrown!;
}

describe.each(policies)('%s', (_, make) => {
  it.each(odd)('hands on %s as it is', async (_what, error) => {
    const report = vi.spyOn(console, 'error').mockReturnValue();
    const thrown = error();
    const [got] = await thrownBy(
      make().execute(() => {
        throw thrown;
      }),
    );
    expect(Object.is(got, thrown)).toBe(true);
    expect(report).not.toHaveBeenCalled();
    report.mockRestore();
  });
});

it.each(odd)('a fallback that fails with %s fails with that', async (_what, error) => {
  const thrown = error();
  const fallback = new Fallback({
    run: () => {
      throw thrown;
    },
    clock,
  });
  const [got] = await thrownBy(fallback.execute(() => Promise.reject(new Error('down'))));
  expect(Object.is(got, thrown)).toBe(true);
});

it.each(odd)('of the attempts that ended with %s something is told, or nothing', (_what, error) => {
  expect(attemptsOf(error())).toEqual([]);
});
