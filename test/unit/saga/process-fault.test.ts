import { expect, it } from 'vitest';
import {
  BusClosedError,
  InvalidMessageError,
  PublishError,
  RecordTooLargeError,
  TopologyError,
  UnsupportedCapabilityError,
} from '../../../src/kernel/bus-errors.js';
import { BulkheadFullError, CircuitOpenError, TimeoutError } from '../../../src/kernel/errors.js';
import { publishTrouble } from '../../../src/saga/process-fault.js';

const publishError = (retryable: boolean, maybeStored: boolean, cause?: unknown) =>
  new PublishError('no', { retryable, maybeStored, cause });
const coded = (code: string, more: object = {}) => Object.assign(new Error(code), { code, ...more });
/** So many errors around one. */
const wrapped = (error: unknown, depth: number): unknown =>
  depth === 0 ? error : new Error('around it', { cause: wrapped(error, depth - 1) });

it.each<[string, string, unknown]>([
  ['hopeless', 'what its topic does not promise', new InvalidMessageError('no')],
  ['hopeless', 'one that is too large', new RecordTooLargeError('no')],
  ['hopeless', 'what the broker cannot do', new UnsupportedCapabilityError('no')],
  [
    'hopeless',
    'one that the driver finds too large',
    publishError(false, false, new RecordTooLargeError('no')),
  ],
  ['hopeless', 'one of another copy of the package', { code: 'ERR_RECORD_TOO_LARGE' }],
  ['hopeless', 'one that is too large, deep inside', wrapped(new RecordTooLargeError('no'), 3)],
  ['refused', 'one that is too large, deeper than anybody looks', wrapped(new RecordTooLargeError('no'), 4)],
  ['refused', 'what the broker does not take', publishError(false, false)],
  ['refused', 'a broker of another shape', publishError(false, false, new TopologyError('no'))],
  ['refused', 'what may be stored, and is refused', publishError(false, true)],
  ['refused', 'an error that says nothing', new Error('no')],
  ['refused', 'a thrown nothing', undefined],
  ['refused', 'a mistake in a program', new TypeError('no')],
  ['refused', 'a status that refuses', coded('X', { status: 403 })],
  ['refused', 'a call that ran out of time', new TimeoutError('no', 5)],
  ['away', 'what the broker did not take at the time', publishError(true, false)],
  ['away', 'a breaker that is open', new CircuitOpenError('no')],
  ['away', 'a bulkhead that is full', new BulkheadFullError('no')],
  ['away', 'a bus that is closed', new BusClosedError('no')],
  ['away', 'a host that refuses connections', coded('ECONNREFUSED')],
  ['away', 'a host that nobody knows, inside', new Error('no', { cause: coded('ENOTFOUND') })],
  ['away', 'a status that says later', coded('X', { status: 429 })],
  ['unanswered', 'what may be stored', publishError(true, true)],
])('%s: %s', (trouble, _, error) => {
  expect(publishTrouble(error)).toBe(trouble);
});
