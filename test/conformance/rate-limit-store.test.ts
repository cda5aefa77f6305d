import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { RedisRateLimitStore } from '../../src/adapters/redis/rate-limit-store.js';
import { InMemoryRateLimitStore } from '../../src/resilience/in-memory-rate-limit-store.js';
import type { RateLimitStore } from '../../src/resilience/rate-limit-store.js';
import { rateLimitStoreLaws } from '../../src/testing/conformance/rate-limit-store-laws.js';
import { checkLaws, LawError } from '../../src/testing/law.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';
import { redisAnswers, redisForTest } from '../fixtures/redis.js';

function inMemory(broken: (store: RateLimitStore) => Partial<RateLimitStore> = () => ({})) {
  return () => {
    const clock = new VirtualClock();
    const sound = new InMemoryRateLimitStore({ clock });
    const store: RateLimitStore = {
      take: request => sound.take(request),
      refund: request => sound.refund(request),
      ...broken(sound),
    };
    return { store, advance: (ms: number) => clock.advance(ms), now: () => clock.now() };
  };
}

describe('the store in memory keeps the law that', () => {
  for (const { name, check } of rateLimitStoreLaws(inMemory())) it(name, check);
});

const redis = await redisAnswers();

describe.skipIf(!redis)('the store in Redis keeps the law that', () => {
  const laws = rateLimitStoreLaws(() => {
    const store = new RedisRateLimitStore(redisForTest());
    return { store, advance: async ms => void (await sleep(Math.ceil(ms) + 2)) };
  });
  for (const { name, check } of laws) it(name, check);
});

describe('a store breaks a law that', () => {
  it.each<[string, (store: RateLimitStore) => Partial<RateLimitStore>, string[]]>([
    [
      'lets everybody in',
      () => ({ take: async () => ({ allowed: true, waitMs: 0, remaining: 9 }) }),
      ['a whole burst passes at once', 'of many at once exactly as many pass as may', 'no more passes than'],
    ],
    ['gives nothing back', () => ({ refund: async () => {} }), ['a refund gives back what was taken']],
    [
      'has one bucket for all keys',
      store => ({ take: request => store.take({ ...request, key: 'all' }) }),
      ['keys do not touch each other'],
    ],
    [
      'lets nobody wait',
      store => ({ take: request => store.take({ ...request, maxWaitMs: 0 }) }),
      ['who can wait is promised a turn', 'who cannot wait so long takes nothing'],
    ],
    [
      'takes what it refuses',
      store => ({
        take: async request => {
          const decision = await store.take({ ...request, maxWaitMs: Infinity });
          if (!decision.allowed || decision.waitMs <= request.maxWaitMs) return decision;
          return { allowed: false, retryAfterMs: decision.waitMs, remaining: 0 };
        },
      }),
      ['a cost is taken whole or not at all', 'who cannot wait so long takes nothing'],
    ],
    [
      'looks and takes in two steps',
      store => {
        let left = 10;
        return {
          take: async request => {
            const seen = left;
            await Promise.resolve();
            if (seen < request.cost) return store.take({ ...request, cost: 10, maxWaitMs: 0 });
            left = seen - request.cost;
            return { allowed: true, waitMs: 0, remaining: left };
          },
        };
      },
      ['of many at once exactly as many pass as may'],
    ],
    [
      'forgets what was taken when the rule changes',
      store => ({ take: request => store.take({ ...request, key: request.key + request.rule.burst }) }),
      ['another rule applies at once'],
    ],
  ])('%s', async (_, broken, names) => {
    const failure = await checkLaws(rateLimitStoreLaws(inMemory(broken))).catch((error: unknown) => error);
    const laws = (failure as AggregateError).errors.map(error => (error as LawError).law);
    for (const name of names)
      expect(
        laws.find(law => law.startsWith(name)),
        name,
      ).toBeDefined();
    expect((failure as AggregateError).errors.every(error => error instanceof LawError)).toBe(true);
  });
});
