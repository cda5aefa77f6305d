import { BusClosedError } from '../kernel/bus-errors.js';
import type { Capabilities } from './capabilities.js';
import type {
  DeadLetterShelf,
  Driver,
  DriverSubscription,
  OutRecord,
  Sink,
  SubscribeSpec,
} from './driver.js';
import type { InMemoryBroker } from './in-memory-broker.js';

/** What the memory of a process can do. */
export interface MemoryCapabilities extends Capabilities {
  readonly confirm: 'received';
  readonly durableGroups: true;
  readonly fanOut: true;
  readonly wildcards: true;
  readonly redeliverOnCrash: 'peer';
  readonly nackDelay: 'native';
  readonly attempt: 'exact';
  readonly extendLease: true;
  readonly longestLeaseMs: number;
  readonly deadLetter: 'native';
  readonly browseDeadLetters: true;
  readonly delayedPublish: 'native';
  readonly ttl: 'native';
  readonly priorities: 10;
  readonly order: 'key';
  readonly nackKeepsOrder: true;
  readonly earliest: true;
  readonly dedupe: 'native';
  readonly maxRecordBytes: number;
}

const memoryCapabilities: Omit<MemoryCapabilities, 'maxRecordBytes'> = {
  confirm: 'received',
  durableGroups: true,
  fanOut: true,
  wildcards: true,
  redeliverOnCrash: 'peer',
  nackDelay: 'native',
  attempt: 'exact',
  extendLease: true,
  longestLeaseMs: Infinity,
  deadLetter: 'native',
  browseDeadLetters: true,
  delayedPublish: 'native',
  ttl: 'native',
  priorities: 10,
  order: 'key',
  nackKeepsOrder: true,
  earliest: true,
  dedupe: 'native',
};

/** One process's way to a broker in memory. */
export class MemoryDriver implements Driver<MemoryCapabilities> {
  readonly name = 'memory';
  readonly attributePrefix = 'ce-';
  readonly capabilities: MemoryCapabilities;
  readonly deadLetters: DeadLetterShelf;
  readonly #broker: InMemoryBroker;
  readonly #open = new Set<DriverSubscription>();
  #closed = false;

  constructor(broker: InMemoryBroker) {
    this.#broker = broker;
    this.capabilities = { ...memoryCapabilities, maxRecordBytes: broker.maxRecordBytes };
    this.deadLetters = {
      list: async (topic, group, limit, after) => broker.dead(topic, group, limit, after),
      count: async (topic, group) => broker.dead(topic, group, Infinity).length,
      discard: async (_topic, group, position) => broker.discard(group, position),
    };
  }

  async connect(): Promise<void> {
    this.#checkOpen();
  }

  publish(records: readonly OutRecord[]): ReturnType<Driver['publish']> {
    this.#checkOpen();
    return this.#broker.publish(records);
  }

  async subscribe(spec: SubscribeSpec, sink: Sink): Promise<DriverSubscription> {
    this.#checkOpen();
    const group = this.#broker.groupFor(spec);
    const member = group.join(sink);
    sink.ready();
    const subscription: DriverSubscription = {
      request: count => {
        member.credit += count;
        group.pump();
      },
      pause: async () => {
        member.credit = 0;
      },
      close: async () => {
        if (!this.#open.delete(subscription)) return;
        group.leave(member);
        this.#broker.forget(group);
      },
    };
    this.#open.add(subscription);
    return subscription;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#open].map(subscription => subscription.close()));
  }

  #checkOpen(): void {
    if (this.#closed) throw new BusClosedError('memory: the bus is closed');
  }
}
