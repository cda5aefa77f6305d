import { Outbox } from '../../../src/data/outbox.js';
import type { OutboxMessageFacts, OutboxTopic } from '../../../src/data/outbox-bus.js';
import { InMemoryOutboxStore } from '../../../src/data/outbox-memory.js';
import { OutboxRelay } from '../../../src/data/outbox-relay.js';
import type { OutboxRelayOptions } from '../../../src/data/relay-options.js';
import { topic } from '../../../src/messaging/topic.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

export interface Sent {
  readonly topic: string;
  readonly data: unknown;
  readonly facts: OutboxMessageFacts;
}

export const placed = topic<{ id: string; n: number }>('orders.placed', { key: order => order.id });

/** An outbox and relays in memory, over a bus that does as it is told. */
export function relayScene(answer: (sent: Sent) => unknown = () => undefined) {
  const clock = new VirtualClock();
  const store = new InMemoryOutboxStore({ clock });
  const outbox = new Outbox({ store });
  const sent: Sent[] = [];
  /** Those that went through, as `key.n`. */
  const through: string[] = [];
  const bus = {
    publish: async ({ name }: OutboxTopic<unknown>, data: unknown, facts: OutboxMessageFacts = {}) => {
      const one = { topic: name, data, facts };
      sent.push(one);
      await answer(one);
      const { id, n } = data as { id: string; n: number };
      through.push(`${id}.${n}`);
    },
  };
  const relay = (options: Partial<OutboxRelayOptions> = {}): OutboxRelay =>
    new OutboxRelay({ store, bus, clock, random: () => 0.5, ...options });
  /** Publishes `a.1` as the first of the key `a`. */
  const publish = (...names: readonly string[]) =>
    store.transaction(transaction =>
      outbox.publishAll(
        transaction,
        names.map(name => ({
          topic: placed,
          data: { id: name.split('.')[0]!, n: Number(name.split('.')[1]) },
        })),
      ),
    );
  return { clock, store, outbox, bus, sent, through, relay, publish };
}
