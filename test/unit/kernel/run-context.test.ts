import { describe, expect, it } from 'vitest';
import { RunContext } from '../../../src/kernel/run-context.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const made = (): RunContext => new RunContext(new VirtualClock(), { key: 'k' }, 100, 2);

describe('the context of a run', () => {
  it('says what the run is about, and that it can be given up', () => {
    const context = made();
    const { key, deadline, attempt, cancellable } = context;
    expect([key, deadline, attempt, cancellable]).toEqual(['k', 100, 2, true]);
    expect([context.cancelled, context.reason, context.signal.aborted]).toEqual([false, undefined, false]);
  });

  it('has one signal, which aborts with the first reason', () => {
    const context = made();
    const { signal } = context;
    context.revoke('first');
    context.revoke('second');
    expect(context.signal).toBe(signal);
    expect([signal.aborted, signal.reason]).toEqual([true, 'first']);
    expect([context.cancelled, context.reason]).toEqual([true, 'first']);
  });

  it('knows that it was given up when nobody had asked before', () => {
    const context = made();
    context.revoke('why');
    expect([context.cancelled, context.reason, context.signal.reason]).toEqual([true, 'why', 'why']);
  });

  it('calls those who want to hear of it, and only as long as they do', () => {
    const context = made();
    const heard: string[] = [];
    context.onCancel(() => heard.push('a'));
    context.onCancel(() => heard.push('b'))();
    context.revoke('why');
    expect(heard).toEqual(['a']);
  });
});
