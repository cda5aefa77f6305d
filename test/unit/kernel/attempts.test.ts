import { describe, expect, it } from 'vitest';
import { FirstAttempt, LeanFirstAttempt, repeatersAround } from '../../../src/kernel/attempts.js';
import { backgroundContext, contextOf } from '../../../src/kernel/call-options.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

const repeater = { attempts: 3, budget: undefined };
const background = backgroundContext(new VirtualClock());
const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

describe('attempts', () => {
  it('are counted from 1', () => {
    const first = new FirstAttempt(background, repeater, () => 1);
    expect([first.attempt, first.next(2).attempt, first.next(3).attempt]).toEqual([1, 2, 3]);
  });

  it('share one idempotency key, whichever reads it first', () => {
    const first = new FirstAttempt(background, repeater, () => 1);
    const third = first.next(3).idempotencyKey;
    expect(third).toMatch(UUID);
    expect([first.idempotencyKey, first.next(2).idempotencyKey]).toEqual([third, third]);
    expect(new FirstAttempt(background, repeater, () => 1).idempotencyKey).not.toBe(third);
  });

  it.each(['mine', ''])('keep the key of the caller: "%s"', idempotencyKey => {
    const root = contextOf({ idempotencyKey }, new VirtualClock());
    const first = new FirstAttempt(root, repeater, () => 1);
    expect([first.idempotencyKey, first.next(2).idempotencyKey]).toEqual([idempotencyKey, idempotencyKey]);
  });

  it('share the key of the repetition around theirs, also when they read it first', () => {
    const outer = new FirstAttempt(background, repeater, () => 1);
    const inner = new FirstAttempt(outer, repeater, () => 1);
    const again = new FirstAttempt(outer.next(2), repeater, () => 1);
    const key = inner.next(2).idempotencyKey;
    expect([again.idempotencyKey, outer.idempotencyKey]).toEqual([key, key]);
  });

  it('keep the deadline of the call', () => {
    const first = new FirstAttempt(contextOf({ timeoutMs: 50 }, new VirtualClock()), repeater, () => 1);
    expect([first.deadline, first.next(2).deadline, first.next(2).remainingMs()]).toEqual([50, 50, 50]);
  });

  it('are the same in the lean form of the first', () => {
    const operation = () => 1;
    const lean = new LeanFirstAttempt(background, repeater, operation);
    expect([lean.parent, lean.repeater, lean.operation]).toEqual([background, repeater, operation]);
    expect(lean).toBeInstanceOf(FirstAttempt);
    expect(lean.next(2).idempotencyKey).toBe(lean.idempotencyKey);
  });

  it('know who repeats them, innermost first', () => {
    const outer = { attempts: 2, budget: {} };
    const inner = new FirstAttempt(new FirstAttempt(background, outer, () => 1).next(2), repeater, () => 1);
    expect(repeatersAround(inner.next(2))).toEqual([repeater, outer]);
    expect(repeatersAround(background)).toEqual([]);
  });
});
