import { describe, expect, it } from 'vitest';
import { BodySignals } from '../../../src/resilience/body-signals.js';
import { countingSignal } from '../../../src/testing/counting-signal.js';

describe('BodySignals', () => {
  it('end each body with the reason of the signal that it follows', () => {
    const { signal, listeners, abort } = countingSignal();
    const signals = new BodySignals();
    const [first, second] = [new AbortController(), new AbortController()];
    const bodies = [first, second].map(controller => {
      const body = {};
      signals.follow(body, signal, controller);
      return body;
    });
    expect([listeners(), bodies.length]).toEqual([1, 2]);
    abort('enough');
    expect([first, second].map(it => it.signal.reason)).toEqual(['enough', 'enough']);
  });

  it('end a body at once when the signal has aborted', () => {
    const controller = new AbortController();
    new BodySignals().follow({}, AbortSignal.abort('before'), controller);
    expect(controller.signal.reason).toBe('before');
  });
});
