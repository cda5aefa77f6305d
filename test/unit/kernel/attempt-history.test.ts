import { describe, expect, it } from 'vitest';
import { attachAttempts, attemptsOf } from '../../../src/kernel/attempt-history.js';
import { CircuitOpenError, isRejected } from '../../../src/kernel/errors.js';

const attempts = [
  { attempt: 1, error: new Error('first'), delayMs: 5 },
  { attempt: 2, error: undefined, delayMs: undefined },
];
const refusal = () => new CircuitOpenError('open', { policy: 'breaker', retryAfterMs: 5 });
const closed = (trap: 'get' | 'defineProperty') =>
  new Proxy(
    {},
    {
      [trap]: () => {
        throw new Error('not yours');
      },
    },
  );

describe('the history of attempts', () => {
  it('is found on the error, by nobody who does not ask', () => {
    const error = new Error('last');
    attachAttempts(error, attempts, true);
    expect(attemptsOf(error)).toBe(attempts);
    expect(Object.keys(error)).toEqual([]);
    attachAttempts(error, [], true);
    expect(attemptsOf(error)).toEqual([]);
  });

  it('is found by another copy of the package, and may be taken off again', () => {
    const error = refusal();
    attachAttempts(error, attempts, true);
    expect(Reflect.get(error, Symbol.for('keelson.attempts'))).toBe(attempts);
    expect(Reflect.deleteProperty(error, 'rejected')).toBe(true);
    expect(error.rejected).toBe(true);
  });

  it.each([
    ['a text'],
    [undefined],
    [null],
    [7],
    [() => {}],
    [Object.freeze(new Error('frozen'))],
    [closed('defineProperty')],
  ])('is empty for what nothing can be attached to: %#', error => {
    expect(() => attachAttempts(error, attempts, true)).not.toThrow();
    expect(attemptsOf(error)).toEqual([]);
  });

  it('is empty for an error without one, and for one that throws when asked', () => {
    expect(attemptsOf(new Error('alone'))).toEqual([]);
    expect(attemptsOf(closed('get'))).toEqual([]);
  });

  it('takes from a refusal that nothing ran, where an earlier attempt did', () => {
    const [after, alone] = [refusal(), refusal()];
    attachAttempts(after, attempts, true);
    attachAttempts(alone, attempts, false);
    expect([isRejected(after), after.rejected, after.code, after.retryAfterMs]).toEqual([
      false,
      false,
      'ERR_CIRCUIT_OPEN',
      5,
    ]);
    expect(isRejected(alone)).toBe(true);
  });

  it('says nothing of that on an error that is no refusal', () => {
    const error = new Error('last');
    attachAttempts(error, attempts, true);
    expect(error).not.toHaveProperty('rejected');
  });
});
