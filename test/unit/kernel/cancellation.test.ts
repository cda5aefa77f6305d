import { describe, expect, it, vi } from 'vitest';
import { backgroundContext } from '../../../src/kernel/call-options.js';
import { Cancellation } from '../../../src/kernel/cancellation.js';
import type { CallContext } from '../../../src/kernel/context.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

describe('Cancellation', () => {
  it('keeps the first reason and tells everybody once', () => {
    const own = new Cancellation();
    const heard = vi.fn();
    own.onCancel(heard);
    own.onCancel(heard);
    own.give('first');
    own.give('second');
    expect([own.given, own.reason]).toEqual([true, 'first']);
    expect(heard).toHaveBeenCalledTimes(2);
  });

  it('keeps undefined as a reason', () => {
    const own = new Cancellation();
    own.give(undefined);
    own.give('second');
    expect([own.given, own.reason]).toEqual([true, undefined]);
  });

  it('aborts the signal, whether it was read before or only later', () => {
    const early = new Cancellation();
    const { signal } = early;
    expect(signal.aborted).toBe(false);
    expect(early.signal).toBe(signal);
    early.give('why');
    const late = new Cancellation();
    late.give('why');
    for (const own of [early, late]) expect([own.signal.aborted, own.signal.reason]).toEqual([true, 'why']);
  });

  it('tells nobody who has left, neither before nor amid the telling', () => {
    const own = new Cancellation();
    const heard: string[] = [];
    own.onCancel(() => heard.push('gone'))();
    own.onCancel(() => {
      heard.push('a');
      leave();
    });
    const leave = own.onCancel(() => heard.push('b'));
    own.give('why');
    leave();
    expect(heard).toEqual(['a']);
  });

  it('tells the others when one fails, and reports that', () => {
    const report = vi.spyOn(console, 'error').mockImplementation(() => {});
    const own = new Cancellation();
    const heard = vi.fn();
    const error = new Error('broken');
    own.onCancel(() => {
      throw error;
    });
    own.onCancel(heard);
    own.give('why');
    expect(heard).toHaveBeenCalledOnce();
    expect(report.mock.calls).toEqual([['keelson: a listener of a cancellation failed', error]]);
    report.mockRestore();
  });

  it('follows a parent from link to unlink, linked once', () => {
    const parent = new Cancellation();
    const subscribe = vi.fn((heard: () => void) => parent.onCancel(heard));
    const context = Object.assign(Object.create(backgroundContext(new VirtualClock())) as CallContext, {
      onCancel: subscribe,
    });
    const child = new Cancellation();
    const heard = vi.fn();
    child.link(context, heard);
    child.link(context, heard);
    expect(subscribe).toHaveBeenCalledOnce();
    child.unlink();
    child.unlink();
    parent.give('why');
    expect(heard).not.toHaveBeenCalled();
  });
});
