import { onTestFinished } from 'vitest';
import { type JetStreamOptions, jetStream } from '../../src/adapters/nats/jetstream.js';
import type { BusOptions } from '../../src/messaging/bus-options.js';
import type { OutRecord, RawDelivery, SubscribeSpec } from '../../src/messaging/driver.js';
import { createBus } from '../../src/messaging/driver-bus.js';
import { topic } from '../../src/messaging/topic.js';
import { natsForTest } from '../fixtures/nats.js';

/** What is published in the tests of JetStream. */
export const placed = topic<{ readonly n: number }>('orders.placed');

/** A part of the server for one test, with buses and drivers that are closed after it. */
export async function jetStreamScene() {
  const { client, manager, prefix } = await natsForTest();
  const rules = { client, prefix, maxBytes: 8 * 1_048_576 };
  const driver = (options: Partial<JetStreamOptions> = {}) => {
    const made = jetStream({ ...rules, ...options });
    onTestFinished(() => made.close());
    return made;
  };
  const bus = (options: Partial<JetStreamOptions> = {}, more: BusOptions = {}) => {
    const made = createBus(jetStream({ ...rules, ...options }), more);
    onTestFinished(() => made.close());
    return made;
  };
  return { client, manager, prefix, driver, bus };
}

/** A consumer at the level of the driver, which settles by hand. */
export async function holdAt(
  driver: ReturnType<typeof jetStream>,
  credit: number,
  also: Partial<SubscribeSpec> = {},
) {
  const held: RawDelivery[] = [];
  const spec = { pattern: placed.name, group: 'g', start: 'latest', order: 'none' } as const;
  const sink = { deliver: (delivery: RawDelivery) => void held.push(delivery), ready() {}, lost() {} };
  await driver.connect();
  const rest = { topology: 'ensure', leaseMs: 30_000 } as const;
  const subscription = await driver.subscribe({ ...spec, ...rest, ...also }, sink);
  subscription.request(credit);
  return { held, subscription };
}

/** A record that has nothing but an id, and what it is given. */
export const recordOf = (id: string, rest: Partial<OutRecord> = {}): OutRecord => ({
  ...{ id, topic: placed.name, key: undefined, headers: {}, body: Uint8Array.from([1]) },
  ...{ notBefore: undefined, expiresAt: undefined, priority: 0, group: undefined },
  ...rest,
});
