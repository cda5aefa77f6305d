import { describe, expect, it } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import { AdaptiveLimiter } from '../../../src/resilience/adaptive-limiter.js';
import { AdaptiveThrottle } from '../../../src/resilience/adaptive-throttle.js';
import { Cache } from '../../../src/resilience/cache.js';
import { Chaos } from '../../../src/resilience/chaos.js';
import { Coalesce } from '../../../src/resilience/coalesce.js';
import type { ConfigExtras } from '../../../src/resilience/config-extras.js';
import { Hedge } from '../../../src/resilience/hedge.js';
import { pipelineFrom } from '../../../src/resilience/pipeline-config.js';
import { policyKinds } from '../../../src/resilience/policy-kinds.js';
import { RateLimiter } from '../../../src/resilience/rate-limiter.js';
import { RetryBudget } from '../../../src/resilience/retry-budget.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const limit = { limit: 5, perMs: 100 };
const named = <F extends (...all: never[]) => unknown>(name: string, named: F): F =>
  ({ [name]: (...all: never[]) => named(...all) })[name] as F;

const extras: ConfigExtras = {
  classify: { judge: () => 'success' },
  cost: { weight: () => 2 },
  delayMs: { later: hedge => 10 * hedge },
  enabled: { canary: () => false },
  endpoints: { nearest: () => ['here'] },
  fault: { reset: () => new Error('reset') },
  key: { byUser: ({ attributes }) => String(attributes['user']) },
  negativeTtlMs: { briefly: () => 5 },
  onDiscard: { close: () => {} },
  onEvict: { count: () => {} },
  outcome: { empty: () => [] },
  overload: { is429: () => true },
  partitionOf: { tier: () => 'live' },
  ttlMs: { age: () => 60 },
};
/** Calls the function that `extras` holds, under the name that it has there. */
const fromExtras = <K extends keyof ConfigExtras>(option: K, name: string): never =>
  named(name, (extras[option] as Record<string, () => unknown>)[name]!) as never;

const cases = [
  ['limiter that adapts', [new AdaptiveLimiter(), new AdaptiveLimiter({ maxLagMs: Infinity })]],
  [
    'limiter that adapts with all that it has',
    [
      new AdaptiveLimiter({
        ...{ name: 'knee', algorithm: 'vegas', initialLimit: 5, minLimit: 2, maxLimit: 50, windowMs: 60 },
        ...{ windowSamples: 9, shedRatio: 0.2, maxLagMs: 30, partitions: { live: 0.5, 'a b.c': 0.1 } },
        ...{ partitionOf: fromExtras('partitionOf', 'tier'), overload: fromExtras('overload', 'is429') },
        classify: fromExtras('classify', 'judge'),
      }),
    ],
  ],
  ['throttle', [new AdaptiveThrottle()]],
  [
    'throttle with all that it has',
    [
      new AdaptiveThrottle({
        ...{ name: 'spare', headroom: 1.5, maxRejectRatio: 0.5, minRequests: 5, windowMs: 60 },
        classify: fromExtras('classify', 'judge'),
      }),
    ],
  ],
  ['cache', [new Cache({ ttlMs: 5 })]],
  [
    'cache without limits',
    [new Cache({ ttlMs: Infinity, staleIfErrorMs: Infinity, revalidateTimeoutMs: Infinity })],
  ],
  [
    'cache with all that it has',
    [
      new Cache({
        ...{
          name: 'rates',
          maxEntries: 7,
          staleWhileRevalidateMs: 3,
          staleIfErrorMs: 4,
          ttlJitterRatio: 0.1,
        },
        ...{ ttlMs: fromExtras('ttlMs', 'age'), negativeTtlMs: fromExtras('negativeTtlMs', 'briefly') },
        ...{
          key: fromExtras('key', 'byUser'),
          onEvict: fromExtras('onEvict', 'count'),
          revalidateTimeoutMs: 9,
        },
      }),
    ],
  ],
  ['chaos', [new Chaos()]],
  [
    'chaos with all that it has',
    [
      new Chaos({
        ...{ name: 'storm', faultRatio: 0.1, latencyRatio: 0.2, latencyMs: [1, 9], outcomeRatio: 0.3 },
        ...{ truncateRatio: 0.4, truncateAfter: 7, maxAffectedRatio: 0.5, windowCalls: 50 },
        ...{ fault: fromExtras('fault', 'reset'), outcome: fromExtras('outcome', 'empty') },
        enabled: fromExtras('enabled', 'canary'),
      }),
    ],
  ],
  ['chaos that is off', [new Chaos({ enabled: false, latencyMs: 7 })]],
  [
    'coalesce',
    [new Coalesce(), new Coalesce({ maxKeys: 5, key: fromExtras('key', 'byUser'), name: 'users' })],
  ],
  ['hedge', [new Hedge()]],
  ['hedge of failures', [new Hedge({ delayMs: Infinity, idempotent: true, maxHedges: 3 })]],
  ['hedge of a quantile', [new Hedge({ quantile: { ratio: 0.9, windowCalls: 50, maxMs: Infinity } })]],
  [
    'hedge with all that it has',
    [
      new Hedge({
        ...{
          name: 'twice',
          budget: new RetryBudget({ name: 'extras' }),
          endpoints: ['east', null, { at: 1 }],
        },
        ...{ delayMs: fromExtras('delayMs', 'later'), onDiscard: fromExtras('onDiscard', 'close') },
        classify: fromExtras('classify', 'judge'),
      }),
      new Hedge({ endpoints: fromExtras('endpoints', 'nearest') }),
    ],
  ],
  ['rate limiter', [new RateLimiter(limit), new RateLimiter({ ...limit, algorithm: 'sliding-window' })]],
  [
    'rate limiter with all that it has',
    [
      new RateLimiter({
        ...{ ...limit, burst: 2, maxWaitMs: Infinity, queue: 3, name: 'quota' },
        cost: fromExtras('cost', 'weight'),
      }),
    ],
  ],
] as const;

describe('what describe() told of a', () => {
  it.each(cases)('%s makes one that tells the same', (_, parts) => {
    const told = pipeline(...(parts as readonly Hedge[])).describe();
    const read = JSON.parse(JSON.stringify(told));
    expect(pipelineFrom(read, extras).describe()).toEqual(told);
    expect(read).toEqual(told);
  });

  it('hedge holds no endpoints that are no data', () => {
    expect(new Hedge({ endpoints: [new Map()] }).describe().endpoints).toBe('endpoints');
  });

  it.each(Object.keys(policyKinds).filter(kind => !['fallback'].includes(kind)))('%s is a kind', kind => {
    const policy = { kind: 'timeout', timeoutMs: 1 };
    const needed = {
      ...{ bulkhead: { slots: 1 }, cache: { ttlMs: 1 }, timeout: { timeoutMs: 1 } },
      ...{ keyed: { maxKeys: 1, policy }, shadow: { policy }, streamed: { policy } },
    };
    const entry = { kind, ...limitOf(kind), ...needed[kind as 'cache'] };
    expect(pipelineFrom({ pipeline: [entry] }).describe()).toMatchObject({ pipeline: [{ kind }] });
  });
});

const limitOf = (kind: string): object => (kind === 'rate-limiter' ? limit : {});

describe('a policy made of data', () => {
  it('calls the functions that extras hold, and reads lists as they are', async () => {
    const clock = new VirtualClock();
    const config = {
      pipeline: [
        { kind: 'cache', ttlMs: 'age', key: 'byUser' },
        { kind: 'hedge', endpoints: ['east', 'west'], delayMs: 'later', idempotent: true },
      ],
    };
    const made = pipelineFrom(config, { ...extras, clock });
    const asked: unknown[] = [];
    const call = () =>
      made.execute(
        ({ attributes }) => {
          asked.push(attributes['endpoint']);
          return asked.length === 1 ? new Promise(() => {}) : 'answer';
        },
        { attributes: { user: 'ann' } },
      );
    const first = call();
    await clock.advance(10);
    await expect(first).resolves.toBe('answer');
    await expect(call()).resolves.toBe('answer');
    expect(asked).toEqual(['east', 'west']);
    await clock.advance(60);
    await call();
    expect(asked).toHaveLength(3);
  });

  it('draws from the chance that all share', async () => {
    const made = pipelineFrom({ pipeline: [{ kind: 'chaos', faultRatio: 0.5 }] }, { random: () => 0.4 });
    await expect(made.execute(() => 1)).rejects.toThrow('chaos: an injected fault');
  });
});
