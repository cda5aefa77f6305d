import { describe, expect, it } from 'vitest';
import {
  AbandonedError,
  AggregateFailedError,
  BulkheadFullError,
  CircuitOpenError,
  CloudEventError,
  DeadlineError,
  DeadlockError,
  factOf,
  isRejected,
  LimitExceededError,
  QueueTimeoutError,
  RateLimitedError,
  RejectedError,
  ResilienceError,
  ThrottledError,
  TimeoutError,
} from '../../../src/kernel/errors.js';

const rejections = [
  [CircuitOpenError, 'CircuitOpenError', 'ERR_CIRCUIT_OPEN'],
  [BulkheadFullError, 'BulkheadFullError', 'ERR_BULKHEAD_FULL'],
  [QueueTimeoutError, 'QueueTimeoutError', 'ERR_QUEUE_TIMEOUT'],
  [DeadlockError, 'DeadlockError', 'ERR_DEADLOCK'],
  [DeadlineError, 'DeadlineError', 'ERR_DEADLINE'],
  [RateLimitedError, 'RateLimitedError', 'ERR_RATE_LIMITED'],
  [ThrottledError, 'ThrottledError', 'ERR_THROTTLED'],
  [LimitExceededError, 'LimitExceededError', 'ERR_LIMIT_EXCEEDED'],
] as const;

describe('errors', () => {
  it.each(rejections)('%o says that the operation never ran', (Kind, name, code) => {
    const error = new Kind('no', { policy: 'payments', retryAfterMs: 7 });
    expect(error).toBeInstanceOf(RejectedError);
    expect(error).toMatchObject({ name, code, message: 'no', policy: 'payments', retryAfterMs: 7 });
    expect(isRejected(error)).toBe(true);
    expect(String(error)).toBe(`${name}: no`);
  });

  it('tells a timeout from a refusal', () => {
    const error = new TimeoutError('late', 50);
    expect(error).toMatchObject({ name: 'TimeoutError', code: 'ERR_TIMEOUT', timeoutMs: 50 });
    expect(isRejected(error)).toBe(false);
  });

  it('names the attribute of an event that is wrong, and where it was found', () => {
    const error = new CloudEventError('no', 'id', { cause: 1 });
    expect(error).toMatchObject({
      name: 'CloudEventError',
      code: 'ERR_CLOUD_EVENT',
      attribute: 'id',
      cause: 1,
    });
    expect(error.stack).toContain('errors.test');
    expect(isRejected(error)).toBe(false);
    expect(new CloudEventError('no').attribute).toBeUndefined();
  });

  it('tells all that the attempts threw, and whether every one of them was refused', () => {
    const refused = new CircuitOpenError('no');
    const error = new AggregateFailedError('all', [refused, 'x'], { cause: 'x', policy: 'hedge' });
    expect(error).toMatchObject({
      name: 'AggregateFailedError',
      code: 'ERR_ALL_FAILED',
      message: 'all',
      errors: [refused, 'x'],
      cause: 'x',
      policy: 'hedge',
    });
    expect(isRejected(error)).toBe(false);
    expect(isRejected(new AggregateFailedError('all', [refused, refused]))).toBe(true);
    expect(isRejected(new AggregateFailedError('all', []))).toBe(false);
  });

  it('says of a stream that was left nothing about the remote', () => {
    const error = new AbandonedError('left', { policy: 'valve' });
    expect(error).toMatchObject({ name: 'AbandonedError', code: 'ERR_ABANDONED', policy: 'valve' });
    expect([error.message, isRejected(error)]).toEqual(['left', false]);
  });

  it('asks only objects for facts, and takes one that throws for one that says nothing', () => {
    expect(factOf({ code: 'E' }, 'code')).toBe('E');
    const hostile = {
      get code(): never {
        throw new Error('no');
      },
    };
    for (const other of [hostile, Object.assign(() => {}, { code: 'E' }), undefined, null])
      expect(factOf(other, 'code')).toBeUndefined();
  });

  it('knows refusals of another copy of the package', () => {
    expect(isRejected({ rejected: true })).toBe(true);
    for (const other of [undefined, null, 'text', new Error('x'), { rejected: 1 }])
      expect(isRejected(other)).toBe(false);
  });

  it('captures a stack only when asked, and leaves the limit of the process as it was', () => {
    const limit = Error.stackTraceLimit;
    for (const facts of [undefined, {}, { stack: false }]) {
      expect(new CircuitOpenError('no', facts).stack).toBe('CircuitOpenError: no');
      expect(Error.stackTraceLimit).toBe(limit);
    }
    expect(new CircuitOpenError('no', { stack: true }).stack).toContain('errors.test');
    expect(Error.stackTraceLimit).toBe(limit);
  });

  it('keeps the cause, also an undefined one, and has none when none was given', () => {
    const cause = new Error('why');
    expect(new ResilienceError('ERR_TIMEOUT', 'x', { cause }).cause).toBe(cause);
    expect('cause' in new ResilienceError('ERR_TIMEOUT', 'x', { cause: undefined })).toBe(true);
    expect('cause' in new ResilienceError('ERR_TIMEOUT', 'x')).toBe(false);
  });

  it('has a name for each class', () => {
    expect(new ResilienceError('ERR_TIMEOUT', 'x').name).toBe('ResilienceError');
    expect(new RejectedError('ERR_TIMEOUT', 'x').name).toBe('RejectedError');
  });

  it('works where Error is frozen', () => {
    const limit = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit')!;
    Object.defineProperty(Error, 'stackTraceLimit', {
      value: limit.value,
      writable: false,
      configurable: true,
    });
    try {
      expect(new CircuitOpenError('no').code).toBe('ERR_CIRCUIT_OPEN');
    } finally {
      Object.defineProperty(Error, 'stackTraceLimit', limit);
    }
  });
});
