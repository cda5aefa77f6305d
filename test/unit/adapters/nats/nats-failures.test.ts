import { errors } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { ApiError, failed, isUnheard } from '../../../../src/adapters/nats/nats-failures.js';
import { EndedError, LostError, UnsentError } from '../../../../src/adapters/nats/nats-link.js';
import { InvalidMessageError, RecordTooLargeError } from '../../../../src/kernel/bus-errors.js';

const { RequestError, NoRespondersError, PermissionViolationError } = errors;
const unheard = new RequestError('', { cause: new NoRespondersError('s') });
const forbidden = new PermissionViolationError('no', 'publish', 's');

describe('an error of a publish', () => {
  it.each<[string, unknown, boolean, boolean]>([
    ['nothing was sent', new UnsentError(), true, false],
    ['the connection is closed', new EndedError(), false, false],
    ['the connection was lost', new LostError(), true, true],
    ['no answer came', new errors.TimeoutError(), true, true],
    ['nobody listens', unheard, true, false],
    ['the stream is full', new ApiError({ code: 503, err_code: 10_077, description: 'full' }), true, false],
    ['the server refuses it', new ApiError({ code: 400, err_code: 10_054 }), false, false],
    ['the server says nothing more', new ApiError({}), true, false],
    ['it may not be published', new RequestError('', { cause: forbidden }), false, false],
    ['it is too large', new RecordTooLargeError(''), false, false],
    ['it is no message', new InvalidMessageError(''), false, false],
    ['nobody knows it', 'odd', true, true],
    ['there is none', undefined, true, true],
  ])('when %s', (_, error, retryable, maybeStored) => {
    expect(failed(error)).toEqual({ ok: false, error, retryable, maybeStored });
  });

  it.each([
    ['is closed', new errors.ClosedConnectionError()],
    ['is about to be', new errors.DrainingConnectionError()],
    ['says so of a request', new RequestError('', { cause: new errors.ClosedConnectionError() })],
  ])('is one of no message when the client %s', (_, cause) => {
    const error = expect.objectContaining({ code: 'ERR_BUS_CLOSED', cause });
    expect(failed(cause)).toEqual({ ok: false, error, retryable: false, maybeStored: false });
  });

  it('tells that nobody listens', () => {
    expect([unheard, new RequestError(''), undefined].map(isUnheard)).toEqual([true, false, false]);
  });
});
