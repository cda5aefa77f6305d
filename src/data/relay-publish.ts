import type { Clock } from '../kernel/clock.js';
import { type OutboxBus, type OutboxTopic, writtenTopic } from './outbox-bus.js';
import type { WrittenFacts } from './outbox-message.js';
import type { OutboxRow } from './outbox-store.js';
import { type PublishFailure, PublishWaits } from './publish-wait.js';

/** What is written of a message of which nothing is said besides its data. */
const NO_FACTS = '{}';

/** Hands messages to a bus as they were written, and waits for it no longer than it may take. */
export class RelayPublish {
  readonly #bus: OutboxBus;
  readonly #waits: PublishWaits;
  /** Most messages have the topic of the one before. */
  #topic: OutboxTopic<unknown> | undefined;

  constructor(bus: OutboxBus, clock: Clock, timeoutMs: number) {
    this.#bus = bus;
    this.#waits = new PublishWaits(clock, timeoutMs);
  }

  /** What it threw; `undefined` when the bus has it. */
  of(row: OutboxRow): Promise<PublishFailure> {
    return this.#waits.of(() => {
      const facts = row.facts === NO_FACTS ? undefined : (JSON.parse(row.facts) as WrittenFacts);
      const said = { ...facts, id: row.messageId, key: row.ordered ? row.key : undefined };
      return this.#bus.publish(this.#topicOf(row), JSON.parse(row.body), said);
    });
  }

  #topicOf({ topic, version }: OutboxRow): OutboxTopic<unknown> {
    const last = this.#topic;
    if (last !== undefined && last.name === topic && last.version === version) return last;
    this.#topic = writtenTopic(topic, version);
    return this.#topic;
  }
}
