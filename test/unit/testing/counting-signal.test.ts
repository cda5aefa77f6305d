import { describe, expect, it, vi } from 'vitest';
import { countingSignal } from '../../../src/testing/counting-signal.js';

describe('countingSignal', () => {
  it('is a signal: listeners hear the abort and its reason', () => {
    const { signal, abort } = countingSignal();
    const listener = vi.fn();
    signal.addEventListener('abort', listener);
    abort('why');
    expect(listener).toHaveBeenCalledOnce();
    expect([signal.aborted, signal.reason]).toEqual([true, 'why']);
    expect(signal).toBeInstanceOf(AbortSignal);
  });

  it('counts a listener once however often it is added, and no more when it is removed', () => {
    const { signal, listeners } = countingSignal();
    const [one, other] = [() => {}, { handleEvent: () => {} }];
    signal.addEventListener('abort', one);
    signal.addEventListener('abort', one, { once: true });
    signal.addEventListener('abort', other, true);
    expect(listeners()).toBe(2);
    signal.removeEventListener('abort', one);
    signal.removeEventListener('abort', one);
    expect(listeners()).toBe(1);
  });

  it('sees a listener go that was bound to another signal', () => {
    const { signal, listeners } = countingSignal();
    const binding = new AbortController();
    signal.addEventListener('abort', () => {}, { signal: binding.signal });
    expect(listeners()).toBe(1);
    binding.abort();
    expect(listeners()).toBe(0);
  });

  it('does not count other events, nor anything once it is aborted', () => {
    const { signal, listeners, abort } = countingSignal();
    signal.addEventListener('other', () => {});
    expect(listeners()).toBe(0);
    signal.addEventListener('abort', () => {});
    abort();
    expect(listeners()).toBe(0);
  });

  it('raises no warning for a burst of listeners', async () => {
    const warned = vi.fn();
    process.on('warning', warned);
    const { signal } = countingSignal();
    for (let call = 0; call < 50; call++) signal.addEventListener('abort', () => {});
    await new Promise(resolve => setImmediate(resolve));
    process.off('warning', warned);
    expect(warned).not.toHaveBeenCalled();
  });
});
