/** What RabbitMQ can do with quorum queues, from 3.10 on. */
export interface RabbitCapabilities {
  /** A quorum queue has written it to the disks of a majority. */
  readonly confirm: 'durable';
  /** A group is a queue, and stays. */
  readonly durableGroups: true;
  /** Everybody without a group has a queue that ends with its connection. */
  readonly fanOut: true;
  /** By the bindings of a topic exchange. */
  readonly wildcards: true;
  /** As soon as the connection of a crashed member is gone. */
  readonly redeliverOnCrash: 'peer';
  /** A copy waits in queues whose messages end after a fixed time; at once it is the broker's own. */
  readonly nackDelay: 'emulated';
  /** A header of the bus, and what quorum queues count themselves. */
  readonly attempt: 'exact';
  /** There is no word for it. */
  readonly extendLease: false;
  /** Five sixths of `consumerTimeoutMs`, after which the server takes everything back. */
  readonly longestLeaseMs: number;
  /** Copied into a queue of its group and topic, and then settled. */
  readonly deadLetter: 'emulated';
  /** They are taken out, looked at and put back, by one at a time. */
  readonly browseDeadLetters: true;
  /** As with `nackDelay`. */
  readonly delayedPublish: 'emulated';
  /** Messages end in the queue, when they come to its head. */
  readonly ttl: 'native';
  /** Quorum queues have none before 4.0, and two after. */
  readonly priorities: 0;
  /** One member consumes at a time. */
  readonly order: 'topic';
  /** What is given back for later goes to the end. */
  readonly nackKeepsOrder: false;
  /** A queue begins when it is made. */
  readonly earliest: false;
  /** What is published twice is there twice. */
  readonly dedupe: 'none';
  /** As the user has set it. */
  readonly maxRecordBytes: number;
}

/** All but the bounds that the user sets. */
export const rabbitCapabilities: Omit<RabbitCapabilities, 'maxRecordBytes' | 'longestLeaseMs'> = {
  confirm: 'durable',
  durableGroups: true,
  fanOut: true,
  wildcards: true,
  redeliverOnCrash: 'peer',
  nackDelay: 'emulated',
  attempt: 'exact',
  extendLease: false,
  deadLetter: 'emulated',
  browseDeadLetters: true,
  delayedPublish: 'emulated',
  ttl: 'native',
  priorities: 0,
  order: 'topic',
  nackKeepsOrder: false,
  earliest: false,
  dedupe: 'none',
};
