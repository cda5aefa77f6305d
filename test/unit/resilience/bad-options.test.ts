import { describe, expect, it } from 'vitest';
import { AdaptiveLimiter } from '../../../src/resilience/adaptive-limiter.js';
import { AdaptiveThrottle } from '../../../src/resilience/adaptive-throttle.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { Cache } from '../../../src/resilience/cache.js';
import { Chaos } from '../../../src/resilience/chaos.js';
import { CircuitBreaker } from '../../../src/resilience/circuit-breaker.js';
import { Coalesce } from '../../../src/resilience/coalesce.js';
import { Fallback } from '../../../src/resilience/fallback.js';
import { Hedge } from '../../../src/resilience/hedge.js';
import { keyed } from '../../../src/resilience/keyed.js';
import { RateLimiter } from '../../../src/resilience/rate-limiter.js';
import { resilientFetch } from '../../../src/resilience/resilient-fetch.js';
import { Retry } from '../../../src/resilience/retry.js';
import { RetryBudget } from '../../../src/resilience/retry-budget.js';
import { shadow } from '../../../src/resilience/shadow.js';
import { streamed } from '../../../src/resilience/stream-policy.js';
import { Timeout } from '../../../src/resilience/timeout.js';

type Options = Record<string, unknown>;
type Make = (options: Options) => unknown;

const make = <O, P>(Policy: new (options: O) => P, required: Partial<O> = {}) =>
  ((options: Options) => new Policy({ ...required, ...options } as O)) as unknown as Make;
/** What each policy needs, and all that it may be given. */
const policies: readonly (readonly [name: string, make: Make, options: readonly string[]])[] = [
  [
    'AdaptiveLimiter',
    make(AdaptiveLimiter),
    [
      ...['algorithm', 'initialLimit', 'minLimit', 'maxLimit', 'windowMs', 'windowSamples', 'shedRatio'],
      ...['partitions', 'partitionOf', 'overload', 'classify', 'maxLagMs'],
    ],
  ],
  [
    'AdaptiveThrottle',
    make(AdaptiveThrottle),
    ['headroom', 'maxRejectRatio', 'minRequests', 'windowMs', 'classify', 'random'],
  ],
  [
    'Bulkhead',
    make(Bulkhead, { slots: 1 }),
    ['slots', 'queue', 'order', 'levels', 'ageMs', 'queueTimeoutMs'],
  ],
  [
    'Cache',
    make(Cache, { ttlMs: 1 }),
    [
      ...['ttlMs', 'maxEntries', 'staleWhileRevalidateMs', 'staleIfErrorMs', 'negativeTtlMs'],
      ...['ttlJitterRatio', 'revalidateTimeoutMs', 'key', 'onEvict', 'random'],
    ],
  ],
  [
    'Chaos',
    make(Chaos),
    [
      'faultRatio',
      'latencyRatio',
      'outcomeRatio',
      'truncateRatio',
      'truncateAfter',
      'maxAffectedRatio',
      'enabled',
    ],
  ],
  [
    'CircuitBreaker',
    make(CircuitBreaker),
    [
      'mode',
      'openMs',
      'window',
      'failureRatio',
      'minCalls',
      'consecutiveFailures',
      'slowMs',
      'probes',
      'classify',
    ],
  ],
  ['Coalesce', make(Coalesce), ['key', 'maxKeys']],
  ['Fallback', make(Fallback, { run: () => 1 }), ['run', 'classify']],
  [
    'Hedge',
    make(Hedge),
    ['delayMs', 'quantile', 'maxHedges', 'idempotent', 'budget', 'endpoints', 'classify', 'onDiscard'],
  ],
  [
    'keyed',
    options => keyed(() => new Timeout({ timeoutMs: 1 }), { maxKeys: 1, ...options }),
    ['maxKeys', 'key', 'idleMs'],
  ],
  [
    'RateLimiter',
    make(RateLimiter, { limit: 1, perMs: 1 }),
    ['limit', 'perMs', 'burst', 'algorithm', 'cost', 'maxWaitMs', 'queue'],
  ],
  [
    'resilientFetch',
    options => resilientFetch(options) as never,
    ['timeoutMs', 'attemptTimeoutMs', 'retry', 'breaker', 'bulkhead'],
  ],
  [
    'Retry',
    make(Retry),
    ['attempts', 'backoff', 'classify', 'budget', 'idempotent', 'maxElapsedMs', 'honourRetryAfter'],
  ],
  ['RetryBudget', make(RetryBudget), ['retryRatio', 'reserve', 'minPerSecond']],
  ['shadow', options => shadow(new Timeout({ timeoutMs: 1 }), options) as never, ['enforceRatio', 'random']],
  [
    'streamed',
    options => streamed(new Retry(), options) as never,
    ['firstChunkMs', 'idleChunkMs', 'idleReadMs'],
  ],
  ['Timeout', make(Timeout, { timeoutMs: 1 }), ['timeoutMs', 'strategy']],
];
const each = policies.flatMap(([name, of, options]) =>
  [...options, 'name', 'clock'].map(option => ({ name, of, option })),
);

describe('null is no option', () => {
  it.each(each)('of $name: $option', ({ of, option }) => {
    expect(() => of({ [option]: null })).toThrow(new RegExp(`\`(options|${option})`));
  });

  it('of `cache.set`', () => {
    const cache = new Cache({ ttlMs: 5 });
    expect(() => cache.set('k', 1, null as never)).toThrow(
      '`ttlMs` must be a number >= 0, or Infinity, got null',
    );
    expect(cache.get('k')).toBeUndefined();
  });

  it('that `negativeTtlMs` may answer', async () => {
    const cache = new Cache({ ttlMs: 5, negativeTtlMs: () => null as never });
    await expect(cache.execute(() => Promise.reject('down'), { key: 'k' })).rejects.toThrow(
      '`negativeTtlMs`',
    );
  });
});

describe('options that are inherited', () => {
  const inherited = (options: Options): Options => Object.create(options);

  it('count where a policy is made', () => {
    expect(new Hedge(inherited({ maxHedges: 3, delayMs: 7 })).describe()).toMatchObject({
      maxHedges: 3,
      delayMs: 7,
    });
    expect(new Cache(inherited({ ttlMs: 7, maxEntries: 3 }) as never).describe()).toMatchObject({
      ttlMs: 7,
      maxEntries: 3,
    });
    expect(new Bulkhead(inherited({ slots: 2, queue: 3 }) as never).snapshot()).toMatchObject({ queue: 3 });
  });

  it('count where it is updated, and can be put back', () => {
    const timeout = new Timeout({ timeoutMs: 10 });
    const undo = timeout.update(inherited({ timeoutMs: 20 }));
    expect(timeout.describe().timeoutMs).toBe(20);
    undo();
    expect(timeout.describe().timeoutMs).toBe(10);
  });

  it('may be the getters of a class', () => {
    class Settings {
      get timeoutMs(): number {
        return 30;
      }
      reload(): void {}
    }
    const timeout = new Timeout({ timeoutMs: 10 });
    timeout.update(new Settings());
    expect(timeout.describe().timeoutMs).toBe(30);
    expect(new Timeout(new Settings()).describe().timeoutMs).toBe(30);
  });

  it('are refused when nobody knows them, or their value is wrong', () => {
    const timeout = new Timeout({ timeoutMs: 10 });
    expect(() => timeout.update(inherited({ timeoutMS: 20 }) as never)).toThrow('unknown option `timeoutMS`');
    expect(() => timeout.update(inherited({ timeoutMs: -1 }))).toThrow('`timeoutMs` must be');
    expect(() => new Hedge(inherited({ maxHedge: 1 }) as never)).toThrow('unknown option `maxHedge`');
    expect(timeout.describe().timeoutMs).toBe(10);
  });
});
