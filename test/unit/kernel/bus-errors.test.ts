import { describe, expect, it } from 'vitest';
import * as errors from '../../../src/kernel/bus-errors.js';
import { isRejected } from '../../../src/kernel/errors.js';

describe('errors of a bus', () => {
  const facts = { maybeStored: true, retryable: false, policy: 'redis' };
  it.each([
    [new errors.BusClosedError('x', facts), 'ERR_BUS_CLOSED', true],
    [new errors.UnsupportedCapabilityError('x', facts), 'ERR_UNSUPPORTED', true],
    [new errors.InvalidMessageError('x', [], facts), 'ERR_INVALID_MESSAGE', true],
    [new errors.InvalidMessageError('x'), 'ERR_INVALID_MESSAGE', true],
    [new errors.RecordTooLargeError('x', facts), 'ERR_RECORD_TOO_LARGE', true],
    [new errors.PublishError('x', facts), 'ERR_PUBLISH', false],
    [new errors.TopologyError('x', facts), 'ERR_TOPOLOGY', false],
    [new errors.LeaseLostError('x', facts), 'ERR_LEASE_LOST', false],
    [new errors.RequestFailedError('x', 'TypeError', undefined, facts), 'ERR_REQUEST_FAILED', false],
  ])('%s has a code, a name, and says whether nothing happened', (error, code, rejected) => {
    expect([error.code, isRejected(error), error.name]).toEqual([code, rejected, error.constructor.name]);
  });

  it('has no issues where there was no schema to ask', () => {
    expect(new errors.InvalidMessageError('x').issues).toEqual([]);
    expect(new errors.InvalidMessageError('x', [{ path: '', message: 'wrong' }]).issues).toEqual([
      { path: '', message: 'wrong' },
    ]);
  });

  it('says whether the broker may hold the message', () => {
    expect(new errors.PublishError('x', facts)).toMatchObject({ maybeStored: true, retryable: false });
  });
});
