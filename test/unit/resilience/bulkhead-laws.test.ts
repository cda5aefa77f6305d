import { describe, it } from 'vitest';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import { policyLaws } from '../../../src/testing/policy-laws.js';

describe.each([
  { slots: 8, queue: 0 },
  { slots: 1, queue: 20, queueTimeoutMs: 60_000 },
  { slots: 2, queue: 20, order: 'lifo' },
  { slots: 2, queue: 20, order: 'priority' },
] as const)('a bulkhead of %o keeps the laws of policies:', options => {
  for (const law of policyLaws(clock => new Bulkhead({ ...options, clock }), { calls: 10, concurrency: 8 })) {
    it(law.name, law.check);
  }
});
