import { describe, expect, it } from 'vitest';
import { InMemoryOutboxStore } from '../../../src/data/outbox-memory.js';
import { OutboxRelay } from '../../../src/data/outbox-relay.js';
import { publishVerdict } from '../../../src/data/publish-verdict.js';
import {
  BusClosedError,
  InvalidMessageError,
  PublishError,
  RecordTooLargeError,
  UnsupportedCapabilityError,
} from '../../../src/kernel/bus-errors.js';
import { CircuitOpenError, TimeoutError } from '../../../src/kernel/errors.js';

const store = new InMemoryOutboxStore();
const bus = { publish: async () => {} };

describe('the options of a relay', () => {
  it.each<[object, RegExp]>([
    [{ store }, /`bus` must be a MessageBus, got undefined/],
    [{ bus }, /`store` must be an OutboxStore with beat, got undefined/],
    [{ store, bus, classify: 'x' }, /`classify` must be a function, got "x"/],
    [{ store, bus, batch: 0 }, /`batch` must be an integer >= 1 <= 10000, got 0/],
    [{ store, bus, concurrency: 0 }, /`concurrency`/],
    [{ store, bus, attempts: 0 }, /`attempts`/],
    [{ store, bus, maxCrashes: 1 }, /`maxCrashes` must be an integer >= 2/],
    [{ store, bus, pollMs: 0 }, /`pollMs`/],
    [{ store, bus, leaseMs: 29 }, /`leaseMs`/],
    [{ store, bus, leaseMs: 1_000, marginMs: 501 }, /`marginMs` must be a number >= 0 <= 500, got 501/],
    [{ store, bus, speed: 1 }, /unknown option `speed`/],
  ])('%o is refused', (options, message) => {
    expect(() => new OutboxRelay(options as never)).toThrow(message);
  });

  it('are told', () => {
    const relay = new OutboxRelay({ store, bus, batch: 7 });
    expect(relay.describe()).toEqual({ kind: 'outbox-relay', ...OutboxRelay.defaults, batch: 7 });
    expect(relay.snapshot()).toMatchObject({ state: 'idle', buckets: 0, open: 0 });
  });
});

describe('the error of a publish', () => {
  it.each([
    [new PublishError('', { maybeStored: true, retryable: true }), 'unreachable'],
    [new PublishError('', { maybeStored: false, retryable: false }), 'refused'],
    [new InvalidMessageError(''), 'refused'],
    [new RecordTooLargeError(''), 'refused'],
    [new UnsupportedCapabilityError(''), 'refused'],
    [new TypeError(''), 'refused'],
    [new RangeError(''), 'refused'],
    [new BusClosedError(''), 'unreachable'],
    [new CircuitOpenError(''), 'unreachable'],
    [new TimeoutError('', 1), 'unreachable'],
    [Object.assign(new Error(''), { code: 'ECONNREFUSED' }), 'unreachable'],
    [new Error('something'), 'failed'],
    ['a text', 'failed'],
    [undefined, 'failed'],
    [null, 'failed'],
  ])('%o means %s', (error, verdict) => {
    expect(publishVerdict(error)).toBe(verdict);
  });
});
