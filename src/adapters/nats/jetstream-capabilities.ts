/** What JetStream can do, of a server from 2.9 on. */
export interface JetStreamCapabilities {
  /** A server that is killed keeps it; a machine that loses power keeps it as its `sync_interval` says. */
  readonly confirm: 'received';
  /** A durable consumer for each group. */
  readonly durableGroups: true;
  /** Everybody without a group has a consumer that ends with it. */
  readonly fanOut: true;
  /** Those of NATS. */
  readonly wildcards: true;
  /** What a crashed member held is handed to another one when its lease is over. */
  readonly redeliverOnCrash: 'peer';
  /** `-NAK` with a delay. */
  readonly nackDelay: 'native';
  /** The count of deliveries that the server keeps. */
  readonly attempt: 'exact';
  /** `+WPI`. */
  readonly extendLease: true;
  /** `Infinity`: a lease may be as long as one likes. */
  readonly longestLeaseMs: number;
  /** Copied, confirmed, then settled; a copy that is made twice is known again. */
  readonly deadLetter: 'emulated';
  /** They are in a stream of their own, under a subject for each group and topic. */
  readonly browseDeadLetters: true;
  /** Servers before 2.12 cannot keep a message back. */
  readonly delayedPublish: 'none';
  /** A message whose end has come is let go by whoever is handed it. */
  readonly ttl: 'emulated';
  /** None. */
  readonly priorities: 0;
  /** One message at a time in the whole group; JetStream knows nothing of keys. */
  readonly order: 'topic';
  /** What waits holds back those behind it. */
  readonly nackKeepsOrder: true;
  /** From the oldest message that is still in the stream. */
  readonly earliest: true;
  /** `Nats-Msg-Id`, within the window of the stream. */
  readonly dedupe: 'native';
  /** As the server, or the user, has set it. */
  readonly maxRecordBytes: number;
}

/** All but the bound that is the server's. */
export const jetStreamCapabilities: Omit<JetStreamCapabilities, 'maxRecordBytes'> = {
  confirm: 'received',
  durableGroups: true,
  fanOut: true,
  wildcards: true,
  redeliverOnCrash: 'peer',
  nackDelay: 'native',
  attempt: 'exact',
  extendLease: true,
  longestLeaseMs: Infinity,
  deadLetter: 'emulated',
  browseDeadLetters: true,
  delayedPublish: 'none',
  ttl: 'emulated',
  priorities: 0,
  order: 'topic',
  nackKeepsOrder: true,
  earliest: true,
  dedupe: 'native',
};
