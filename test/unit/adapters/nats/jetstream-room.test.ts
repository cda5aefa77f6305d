import { describe, expect, it } from 'vitest';
import { floorOf } from '../../../../src/adapters/nats/jetstream-room.js';

const info = (num_ack_pending: number, num_pending: number) => ({
  ...{ num_ack_pending, num_pending },
  ack_floor: { stream_seq: 4, consumer_seq: 1, last_active: 0 },
  delivered: { stream_seq: 7, consumer_seq: 1, last_active: 0 },
});

describe('what a consumer has dealt with', () => {
  it('ends before the first message that is not settled', () => expect(floorOf(info(2, 0), 100)).toBe(4));

  it('ends at the last one that was handed over when all of those are', () =>
    expect(floorOf(info(0, 9), 100)).toBe(7));

  it('is everything when nothing waits for it', () => expect(floorOf(info(0, 0), 100)).toBe(100));
});
