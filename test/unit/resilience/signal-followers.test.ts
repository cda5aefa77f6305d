import { describe, expect, it } from 'vitest';
import { SignalFollowers } from '../../../src/resilience/signal-followers.js';
import { countingSignal } from '../../../src/testing/counting-signal.js';

describe('SignalFollowers', () => {
  it('abort with the reason of the signal that they follow', () => {
    const { signal, listeners, abort } = countingSignal();
    const followers = new SignalFollowers();
    const [first, second, third] = [new AbortController(), new AbortController(), new AbortController()];
    followers.follow(signal, first);
    followers.followFor({}, signal, second);
    followers.follow(signal, third)();
    expect(listeners()).toBe(1);
    abort('enough');
    expect([first, second].map(it => it.signal.reason)).toEqual(['enough', 'enough']);
    expect(third.signal.aborted).toBe(false);
  });

  it('leave the signal when the last of them has, and find it again', () => {
    const { signal, listeners, abort } = countingSignal();
    const followers = new SignalFollowers();
    const [first, second] = [new AbortController(), new AbortController()];
    const leaves = [first, second].map(it => followers.follow(signal, it));
    leaves[0]!();
    leaves[0]!();
    expect(listeners()).toBe(1);
    leaves[1]!();
    expect(listeners()).toBe(0);
    followers.follow(signal, first);
    abort('late');
    expect([first.signal.reason, second.signal.aborted]).toEqual(['late', false]);
  });

  it('abort at once when the signal has', () => {
    const followers = new SignalFollowers();
    const source = AbortSignal.abort('before');
    const [first, second] = [new AbortController(), new AbortController()];
    followers.follow(source, first)();
    followers.followFor({}, source, second);
    expect([first, second].map(it => it.signal.reason)).toEqual(['before', 'before']);
  });

  it('may leave, and others come, while they hear of it', () => {
    const { signal, listeners, abort } = countingSignal();
    const followers = new SignalFollowers();
    const [first, second, third] = [new AbortController(), new AbortController(), new AbortController()];
    let leave = (): void => {};
    first.signal.addEventListener('abort', () => {
      leave();
      followers.follow(signal, third);
    });
    followers.follow(signal, first);
    leave = followers.follow(signal, second);
    abort('now');
    expect([first, second, third].map(it => it.signal.reason)).toEqual(['now', 'now', 'now']);
    expect(listeners()).toBe(0);
  });
});
