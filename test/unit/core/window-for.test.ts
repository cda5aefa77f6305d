import { describe, expect, it } from 'vitest';
import { TimeWindow } from '../../../src/core/time-window.js';
import { CountWindow } from '../../../src/core/window.js';
import { windowFor } from '../../../src/core/window-for.js';
import { circuitRules } from '../../fixtures/circuit-rules.js';

describe('the window that the rules ask for', () => {
  it('is none, one of calls, or one of time; that of calls first', () => {
    expect(windowFor(circuitRules(), 0)).toBeUndefined();
    expect(windowFor(circuitRules({ windowMs: 100 }), 0)).toBeInstanceOf(TimeWindow);
    expect(windowFor(circuitRules({ windowCalls: 4 }), 0)).toBeInstanceOf(CountWindow);
    expect(windowFor(circuitRules({ windowCalls: 4, windowMs: 100 }), 0)).toBeInstanceOf(CountWindow);
  });

  it.each([
    ['no rule looks at them', {}, 0],
    ['calls are timed', { slowMs: 10 }, 1],
    ['a ratio of slow calls trips', { slowRatio: 0.5 }, 1],
    ['the user may look at them', { trip: () => false }, 1],
  ])('counts slow calls or does not, when %s', (_, rules, slow) => {
    const window = windowFor(circuitRules({ windowCalls: 4, ...rules }), 0)!;
    window.push(false, true, 0);
    expect(window).toMatchObject({ calls: 1, slow });
  });
});
