import { describe, expect, it } from 'vitest';
import { afterPublishFailure, BusPause } from '../../../src/core/outbox-failure.js';

const backoff = { kind: 'exponential', initialMs: 100, maxMs: 1_000, jitter: 'none' } as const;
const rules = { attempts: 3, backoff };

describe('a publish that failed', () => {
  it.each([
    ['failed', 0, { then: 'wait', waitMs: 100 }],
    ['failed', 1, { then: 'wait', waitMs: 200 }],
    ['failed', 2, { then: 'park', reason: 'failed' }],
    ['failed', 9, { then: 'park', reason: 'failed' }],
    ['refused', 0, { then: 'park', reason: 'refused' }],
  ] as const)('is %s after %d tries: %o', (verdict, tries, then) => {
    expect(afterPublishFailure(rules, verdict, tries, 0.5)).toEqual(then);
  });

  it('waits whole ms, spread by chance', () => {
    const spread = { attempts: 2, backoff: { ...backoff, initialMs: 101, jitter: 'full' as const } };
    expect(afterPublishFailure(spread, 'failed', 0, 0.5)).toEqual({ then: 'wait', waitMs: 51 });
  });
});

describe('a bus that takes nothing', () => {
  it('is spared after three in a row, and then asked by one at a time', () => {
    const pause = new BusPause(backoff);
    for (let time = 0; time < 2; time++) pause.failed(0, 0);
    expect([pause.paused, pause.room(0, 5), pause.until]).toEqual([false, Infinity, -Infinity]);
    pause.failed(0, 0);
    expect([pause.paused, pause.room(99, 0), pause.room(100, 0), pause.room(100, 1)]).toEqual([
      true,
      0,
      1,
      0,
    ]);
    pause.failed(100, 0);
    expect(pause.until).toBe(300);
    pause.failed(300, 0);
    pause.failed(310, 0);
    expect(pause.until).toBe(1_110);
    for (let time = 0; time < 9; time++) pause.failed(1_110, 0);
    expect(pause.until).toBe(2_110);
    pause.worked();
    expect([pause.paused, pause.room(0, 5), pause.until]).toEqual([false, Infinity, -Infinity]);
  });

  it('is spared no shorter for one that failed late', () => {
    const pause = new BusPause({ ...backoff, jitter: 'full' });
    for (let time = 0; time < 3; time++) pause.failed(0, 1);
    expect(pause.until).toBe(100);
    pause.failed(0, 0);
    expect(pause.until).toBe(100);
  });
});
