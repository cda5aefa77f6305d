/** What JetStream can do, of a server from 2.9 on. */
export interface JetStreamCapabilities {
  /** A server that is killed keeps it; a machine that loses power keeps it as its `sync_interval` says. */
  readonly confirm: 'received';
  /** A durable pull consumer for each group. */
  readonly durableGroups: true;
  /** A consumer of its own, which goes with its member, or a minute after it was last heard of. */
  readonly fanOut: true;
  /** Those of NATS, in the server. */
  readonly wildcards: true;
  /** When the lease (`ack_wait`) is over. */
  readonly redeliverOnCrash: 'peer';
  /** `-NAK` with a delay, for any time. */
  readonly nackDelay: 'native';
  /** The count of deliveries of the server. */
  readonly attempt: 'exact';
  /** `+WPI`, confirmed. */
  readonly extendLease: true;
  /** `Infinity`: a lease may be as long as one likes. */
  readonly longestLeaseMs: number;
  /** Copied, confirmed, and settled then; a second copy is known again. */
  readonly deadLetter: 'emulated';
  /** A stream of their own. */
  readonly browseDeadLetters: true;
  /** Servers have it from 2.12 on. */
  readonly delayedPublish: 'none';
  /** Whoever is handed a message whose end has come lets it go. */
  readonly ttl: 'emulated';
  /** None. */
  readonly priorities: 0;
  /** `max_ack_pending: 1`: one message at a time in the whole group. */
  readonly order: 'topic';
  /** What waits holds back those behind it. */
  readonly nackKeepsOrder: true;
  /** From the oldest message that is still there, for patterns too. */
  readonly earliest: true;
  /** `Nats-Msg-Id`, made of topic and id, within `dedupeWindowMs`. */
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
