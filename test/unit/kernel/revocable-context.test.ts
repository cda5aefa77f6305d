import { describe, expect, it, vi } from 'vitest';
import { backgroundContext, contextOf } from '../../../src/kernel/call-options.js';
import { systemClock } from '../../../src/kernel/clock.js';
import { RevocableContext } from '../../../src/kernel/revocable-context.js';
import { countingSignal } from '../../../src/testing/counting-signal.js';

const reason = new Error('enough');

describe('RevocableContext', () => {
  it('is given up by itself, once, and tells its signal and its listeners', () => {
    const context = new RevocableContext(backgroundContext(systemClock));
    const listener = vi.fn();
    context.onCancel(listener);
    expect([context.cancellable, context.cancelled, context.reason]).toEqual([true, false, undefined]);
    const { signal } = context;
    context.revoke(reason);
    context.revoke(new Error('again'));
    expect([context.cancelled, context.reason, signal.reason]).toEqual([true, reason, reason]);
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it('is given up with its parent', () => {
    const caller = new AbortController();
    const context = new RevocableContext(contextOf({ signal: caller.signal }, systemClock));
    const { signal } = context;
    caller.abort(reason);
    expect([context.cancelled, context.reason, signal.aborted]).toEqual([true, reason, true]);
  });

  it('knows of a parent that was given up before it was made', () => {
    const signal = AbortSignal.abort(reason);
    const context = new RevocableContext(contextOf({ signal }, systemClock));
    expect([context.cancelled, context.reason, context.signal.reason]).toEqual([true, reason, reason]);
  });

  it('holds no listener at its parent when it is over or given up', () => {
    for (const end of ['release', 'revoke'] as const) {
      const caller = countingSignal();
      const context = new RevocableContext(contextOf({ signal: caller.signal }, systemClock));
      expect(caller.listeners()).toBe(1);
      context[end](reason);
      expect(caller.listeners()).toBe(0);
    }
  });
});
