import { BusClosedError } from '../../kernel/bus-errors.js';
import type { Clock } from '../../kernel/clock.js';
import type {
  Driver,
  DriverSubscription,
  OutRecord,
  PublishOutcome,
  Sink,
  SubscribeSpec,
} from '../../messaging/driver.js';
import { type RabbitCapabilities, rabbitCapabilities } from './rabbit-capabilities.js';
import type { RabbitConnection } from './rabbit-client.js';
import { RabbitDeadLetters } from './rabbit-dead-letters.js';
import { RabbitLink } from './rabbit-link.js';
import { RabbitNames } from './rabbit-names.js';
import { type PublisherRules, RabbitPublisher } from './rabbit-publisher.js';
import { ATTRIBUTES } from './rabbit-record.js';
import { RabbitSubscription } from './rabbit-subscription.js';

/** What the driver goes by, checked. */
export interface RabbitRules extends PublisherRules {
  readonly connect: () => Promise<RabbitConnection>;
  readonly clock: Clock;
  readonly prefix: string;
  readonly consumerTimeoutMs: number;
  readonly maxRecordBytes: number;
}

/** Of the time that the server gives: the rest is for a message that waits for its turn in the process. */
const TO_BE_USED = 5 / 6;

/** One process's way to the queues of a RabbitMQ server. */
export class RabbitDriver implements Driver<RabbitCapabilities> {
  readonly name = 'rabbitmq';
  readonly attributePrefix: string = ATTRIBUTES;
  readonly capabilities: RabbitCapabilities;
  readonly deadLetters: RabbitDeadLetters;
  readonly #rules: RabbitRules;
  readonly #names: RabbitNames;
  readonly #out: RabbitLink;
  readonly #in: RabbitLink;
  readonly #publisher: RabbitPublisher;
  readonly #open = new Set<RabbitSubscription>();
  #closed: Promise<void> | undefined;

  constructor(rules: RabbitRules) {
    const { connect, clock, prefix, consumerTimeoutMs, maxRecordBytes } = rules;
    this.#rules = rules;
    const longestLeaseMs = Math.floor(consumerTimeoutMs * TO_BE_USED);
    this.capabilities = { ...rabbitCapabilities, longestLeaseMs, maxRecordBytes };
    this.#names = new RabbitNames(prefix);
    this.#out = new RabbitLink(connect, clock);
    this.#in = new RabbitLink(connect, clock);
    this.#publisher = new RabbitPublisher(this.#out, this.#names, rules);
    this.deadLetters = new RabbitDeadLetters(this.#in, this.#names);
  }

  /** @throws TopologyError when the exchange is not there, or is otherwise. */
  async connect(): Promise<void> {
    this.#checkOpen();
    await this.#publisher.connect();
  }

  publish(records: readonly OutRecord[]): Promise<readonly PublishOutcome[]> {
    this.#checkOpen();
    return Promise.all(records.map(record => this.#publisher.publish(record)));
  }

  async subscribe(spec: SubscribeSpec, sink: Sink): Promise<DriverSubscription> {
    this.#checkOpen();
    const ordered = spec.order === 'topic';
    const common = { clock: this.#rules.clock, names: this.#names, publisher: this.#publisher };
    const rules = { ...common, sink, group: spec.group, ordered, link: this.#in, spec, bounds: this.#rules };
    const subscription = new RabbitSubscription(rules);
    this.#open.add(subscription);
    try {
      await subscription.open();
    } catch (error) {
      this.#open.delete(subscription);
      throw error;
    }
    return {
      request: count => subscription.request(count),
      pause: () => subscription.pause(),
      close: async () => {
        await subscription.close();
        this.#open.delete(subscription);
      },
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#end();
    return this.#closed;
  }

  async #end(): Promise<void> {
    await Promise.all([...this.#open].map(subscription => subscription.close()));
    await this.#publisher.close();
    await Promise.all([this.#in.close(), this.#out.close()]);
  }

  #checkOpen(): void {
    if (this.#closed !== undefined) throw new BusClosedError('rabbitmq: the bus is closed');
  }
}
