import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  LONGEST_WAIT_MS,
  TICK_MS,
  waitFor,
  waitHeader,
  waitOfLevel,
} from '../../../../src/adapters/rabbitmq/rabbit-wait.js';

describe('a wait', () => {
  it('is the sum of the levels that it stays in, rounded up to a tick', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: LONGEST_WAIT_MS }), ms => {
        const { level, headers } = waitFor(ms);
        let sum = 0;
        for (let at = level; at >= 0; at--) if (headers[waitHeader(at)]) sum += waitOfLevel(at);
        expect(headers[waitHeader(level)]).toBe(true);
        expect(Object.keys(headers)).toHaveLength(level + 1);
        expect(sum).toBe(Math.ceil(ms / TICK_MS) * TICK_MS);
      }),
    );
  });

  it.each([
    [0.5, 0],
    [100, 0],
    [100.5, 1],
    [60_000, 9],
    [LONGEST_WAIT_MS, 27],
  ])('of %d ms begins at level %d', (ms, level) => expect(waitFor(ms).level).toBe(level));
});
