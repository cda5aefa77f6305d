import { describe, expect, it } from 'vitest';
import { tripRule } from '../../../src/core/trip-rule.js';
import { circuitRules } from '../../fixtures/circuit-rules.js';

const none = { calls: 0, failures: 0, slow: 0, overdue: 0, consecutiveFailures: 0 };

describe('tripRule', () => {
  it.each([
    ['nothing is wrong', {}, { failureRatio: 0.5, slowRatio: 0.5, consecutiveFailures: 1 }, undefined],
    [
      'failures in a row are enough',
      { consecutiveFailures: 3 },
      { consecutiveFailures: 3 },
      'consecutiveFailures',
    ],
    ['failures in a row are one short', { consecutiveFailures: 2 }, { consecutiveFailures: 3 }, undefined],
    ['7 of 100 meets 0.07', { calls: 100, failures: 7 }, { failureRatio: 0.07 }, 'failureRatio'],
    ['29 of 100 meets 0.29', { calls: 100, failures: 29 }, { failureRatio: 0.29 }, 'failureRatio'],
    ['6 of 100 does not meet 0.07', { calls: 100, failures: 6 }, { failureRatio: 0.07 }, undefined],
    ['all of them meets 1', { calls: 3, failures: 3 }, { failureRatio: 1 }, 'failureRatio'],
    ['calls are too few', { calls: 9, failures: 9 }, { failureRatio: 0.5, minCalls: 10 }, undefined],
    [
      'calls are just enough',
      { calls: 10, failures: 5 },
      { failureRatio: 0.5, minCalls: 10 },
      'failureRatio',
    ],
    ['slow calls meet it', { calls: 4, slow: 2 }, { slowRatio: 0.5 }, 'slowRatio'],
    ['slow calls do not', { calls: 4, slow: 1 }, { slowRatio: 0.5 }, undefined],
    ['slow calls are too few', { calls: 3, slow: 3 }, { slowRatio: 0.5, minCalls: 4 }, undefined],
    ['calls in flight are slow', { calls: 2, overdue: 2 }, { slowRatio: 0.5, minCalls: 4 }, 'slowRatio'],
    [
      'calls in flight are no failures',
      { failures: 1, calls: 2, overdue: 2 },
      { failureRatio: 0.6 },
      undefined,
    ],
  ] as const)('when %s', (_, counts, rules, rule) => {
    expect(tripRule({ ...none, ...counts }, circuitRules(rules))).toBe(rule);
  });

  it('asks the rule of the user last, with all counts and without a minimum', () => {
    const counts = { calls: 1, failures: 1, slow: 0, overdue: 0, consecutiveFailures: 1 };
    const seen: unknown[] = [];
    const trip = (given: unknown) => seen.push(given) > 0;
    expect(tripRule(counts, circuitRules({ trip, minCalls: 100 }))).toBe('trip');
    expect(seen).toEqual([counts]);
    expect(tripRule(counts, circuitRules({ trip, consecutiveFailures: 1 }))).toBe('consecutiveFailures');
    expect(tripRule(counts, circuitRules({ trip: () => false }))).toBeUndefined();
  });
});
