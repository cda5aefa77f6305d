import { describe, expect, it } from 'vitest';
import { afterFailure, mostDeliveries } from '../../../src/core/redelivery.js';

describe('what follows a failure', () => {
  const rules = { immediate: 2, redeliver: [100, 500] };

  it.each([
    [1, 1, { then: 'again' }],
    [1, 2, { then: 'redeliver', delayMs: 100 }],
    [2, 1, { then: 'again' }],
    [2, 2, { then: 'redeliver', delayMs: 500 }],
    [3, 1, { then: 'again' }],
    [3, 2, { then: 'dead-letter' }],
    [9, 2, { then: 'dead-letter' }],
  ])('is, in delivery %i and run %i, %o', (delivery, run, expected) => {
    expect(afterFailure(rules, delivery, run)).toEqual(expected);
    expect(mostDeliveries(rules)).toBe(3);
  });

  it('is another delivery at once where its delay is 0', () => {
    const rules = { immediate: 1, redeliver: [0] };
    expect([1, 2].map(delivery => afterFailure(rules, delivery, 1))).toEqual([
      { then: 'redeliver', delayMs: 0 },
      { then: 'dead-letter' },
    ]);
  });
});
