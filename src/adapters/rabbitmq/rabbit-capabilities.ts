/** What RabbitMQ can do with quorum queues, from 3.10 on. */
export interface RabbitCapabilities {
  /** Quorum queues, persistent messages, publisher confirms. */
  readonly confirm: 'durable';
  /** A quorum queue for each group and pattern. */
  readonly durableGroups: true;
  /** An exclusive queue, which ends with its connection. */
  readonly fanOut: true;
  /** `*` is `*` there, and `>` is `*.#`. */
  readonly wildcards: true;
  /** At once, when the connection is gone. */
  readonly redeliverOnCrash: 'peer';
  /** A copy waits in queues of fixed times and comes back to the end of its own queue. */
  readonly nackDelay: 'emulated';
  /** The header `x-attempt` of a copy, and the `x-delivery-count` of quorum queues. */
  readonly attempt: 'exact';
  /** There is no word for it. */
  readonly extendLease: false;
  /** Five sixths of `consumerTimeoutMs`. */
  readonly longestLeaseMs: number;
  /** Copied, confirmed, and settled then. */
  readonly deadLetter: 'emulated';
  /** They are taken out, looked at and put back, by one at a time. */
  readonly browseDeadLetters: true;
  /** As with `nackDelay`; 310 days at the most, in steps of 100 ms, rounded up. */
  readonly delayedPublish: 'emulated';
  /** A message ends when it comes to the head of its queue. */
  readonly ttl: 'native';
  /** Quorum queues have none before 4.0, and only two after. */
  readonly priorities: 0;
  /** One member is the active one, and has one message at a time. */
  readonly order: 'topic';
  /** What fails is held in the process until its time comes. */
  readonly nackKeepsOrder: false;
  /** A queue begins when it is made. */
  readonly earliest: false;
  /** Use `idempotency` where a message is handled. */
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
