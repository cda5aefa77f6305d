import { describe, it } from 'vitest';
import { RateLimiter, type RateLimiterOptions } from '../../../src/index.js';
import { AdaptiveThrottle } from '../../../src/resilience/adaptive-throttle.js';
import { policyLaws } from '../../../src/testing/policy-laws.js';

describe.each<RateLimiterOptions>([
  { limit: 1_000, perMs: 1_000 },
  { limit: 1_000, perMs: 1_000, algorithm: 'sliding-window' },
  { limit: 10, perMs: 100, burst: 1, maxWaitMs: 60_000 },
  { limit: 2, perMs: 100, algorithm: 'sliding-window', maxWaitMs: Number.POSITIVE_INFINITY },
])('a rate limiter of %o keeps the laws of policies:', options => {
  for (const law of policyLaws(clock => new RateLimiter({ ...options, clock }), {
    calls: 10,
    concurrency: 8,
  })) {
    it(law.name, law.check);
  }
});

describe('an adaptive throttle keeps the laws of policies:', () => {
  const make = policyLaws(clock => new AdaptiveThrottle({ minRequests: 1_000, clock }), { calls: 10 });
  for (const law of make) it(law.name, law.check);
});
