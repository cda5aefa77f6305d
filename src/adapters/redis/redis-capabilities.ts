/** What Redis Streams can do, 6.2 and later. */
export interface RedisCapabilities {
  /** The server has it. Whether that outlives a crash of the server is for `appendfsync`. */
  readonly confirm: 'received';
  /** A group of Redis for each group. */
  readonly durableGroups: true;
  /** A group of one, dropped when its member ends, or a minute after it was last heard of. */
  readonly fanOut: true;
  /** A pattern has a stream of its own; publishing copies what matches into it. */
  readonly wildcards: true;
  /** When the lease is over. */
  readonly redeliverOnCrash: 'peer';
  /** The entry stays pending and waits, for any time. */
  readonly nackDelay: 'native';
  /** The count of deliveries of Redis. */
  readonly attempt: 'exact';
  /** The end of the lease is put off. */
  readonly extendLease: true;
  /** `Infinity`: a lease may be as long as one likes. */
  readonly longestLeaseMs: number;
  /** Copied and settled in one step, by whoever holds the message. */
  readonly deadLetter: 'native';
  /** A stream for each group and topic. */
  readonly browseDeadLetters: true;
  /** It waits outside the streams; any consumer moves it when its time has come. */
  readonly delayedPublish: 'emulated';
  /** Whoever is handed a message whose end has come lets it go. */
  readonly ttl: 'emulated';
  /** None. */
  readonly priorities: 0;
  /** Of a key one message is handed out at a time, in the whole group. */
  readonly order: 'key';
  /** What waits holds back those of its key, and no others. */
  readonly nackKeepsOrder: true;
  /** For topics; a pattern begins with its first group. */
  readonly earliest: true;
  /** Use `idempotency` where a message is handled. */
  readonly dedupe: 'none';
  /** As the user has set it. */
  readonly maxRecordBytes: number;
}

/** All but the bound that the user sets. */
export const redisCapabilities: Omit<RedisCapabilities, 'maxRecordBytes'> = {
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
  delayedPublish: 'emulated',
  ttl: 'emulated',
  priorities: 0,
  order: 'key',
  nackKeepsOrder: true,
  earliest: true,
  dedupe: 'none',
};
