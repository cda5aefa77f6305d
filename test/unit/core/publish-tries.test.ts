import { describe, expect, it } from 'vitest';
import { isDeadly, type PublishRules, waitAfterFault, waitBefore } from '../../../src/core/publish-tries.js';

const rules: PublishRules = {
  ...{ retryMs: 10, maxPublishTries: Infinity, maxPublishMs: Infinity, maxPublishCrashes: 3 },
};
const once = { attempts: 1, tries: 0 };

describe('the wait after a publish that failed', () => {
  it('doubles with each refusal, up to sixty times the first', () => {
    const waits = Array.from({ length: 10 }, (_, tries) =>
      waitAfterFault(rules, { attempts: 1, tries }, 'refused'),
    );
    expect(waits).toEqual([10, 20, 40, 80, 160, 320, 600, 600, 600, 600]);
    expect(waitAfterFault(rules, { attempts: 1, tries: 2 ** 31 }, 'refused')).toBe(600);
  });

  it('doubles with each attempt while the broker is away, and never ends', () => {
    const waits = [1, 2, 6, 7, 2 ** 31].map(attempts =>
      waitAfterFault({ ...rules, maxPublishTries: 1, maxPublishMs: 0 }, { attempts, tries: 0 }, 'away'),
    );
    expect(waits).toEqual([10, 20, 320, 600, 600]);
  });

  it('after a refusal knows nothing of how long the broker was away', () => {
    expect(waitAfterFault(rules, { attempts: 50, tries: 0 }, 'refused')).toBe(10);
  });

  it('is for ever where no try can succeed', () => {
    expect(waitAfterFault(rules, once, 'hopeless')).toBeUndefined();
  });

  it('is for ever after as many refusals as there may be', () => {
    const few = { ...rules, maxPublishTries: 3 };
    expect(waitAfterFault(few, { attempts: 9, tries: 1 }, 'refused')).toBe(20);
    expect(waitAfterFault(few, { attempts: 9, tries: 2 }, 'refused')).toBeUndefined();
    expect(waitAfterFault({ ...rules, maxPublishTries: 1 }, once, 'refused')).toBeUndefined();
  });

  it.each([
    [0, 0],
    [9, 0],
    [10, 1],
    [29, 1],
    [30, 2],
    [629, 5],
    [630, 6],
    [1_229, 6],
    [1_230, 7],
    [1_830, 8],
    [6_629, 15],
    [6_630, 16],
  ])('is for ever where %i ms of waiting are used up: %i waits', (maxPublishMs, count) => {
    let waits = 0;
    while (waitAfterFault({ ...rules, maxPublishMs }, { attempts: 1, tries: waits }, 'refused')) waits++;
    expect(waits).toBe(count);
    // What was waited for in all.
    let spent = 0;
    for (let tries = 0; tries < waits; tries++) {
      spent += waitAfterFault(rules, { attempts: 1, tries }, 'refused')!;
    }
    expect(spent).toBeLessThanOrEqual(maxPublishMs);
  });

  it('was none before the first attempt, and is known of the others', () => {
    expect([1, 2, 3, 7, 8, 9].map(attempts => waitBefore(rules, attempts))).toEqual([
      0, 10, 20, 320, 600, 600,
    ]);
  });
});

it('a command is deadly that has ended as many programs as it may', () => {
  expect([0, 2, 3, 4].map(crashes => isDeadly(rules, crashes))).toEqual([false, false, true, true]);
  expect(isDeadly({ ...rules, maxPublishCrashes: Infinity }, 2 ** 31)).toBe(false);
});
