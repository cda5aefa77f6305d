/** What Redis Streams can do, 6.2 and later. */
export interface RedisCapabilities {
  /** As durable as the server is set up to be: `appendfsync everysec` may lose the last second in a crash. */
  readonly confirm: 'received';
  /** A group is one of Redis, and stays. */
  readonly durableGroups: true;
  /** Everybody without a group is a group of one that ends with its member. */
  readonly fanOut: true;
  /** A pattern has a stream of its own, into which its topics are copied. */
  readonly wildcards: true;
  /** What a crashed member held is handed to another one when its lease is over. */
  readonly redeliverOnCrash: 'peer';
  /** The entry waits among the pending ones of its group. */
  readonly nackDelay: 'native';
  /** The count of deliveries that Redis keeps for each pending entry. */
  readonly attempt: 'exact';
  /** A lease can be put off for as long as its holder lives. */
  readonly extendLease: true;
  /** `Infinity`: a lease may be as long as one likes. */
  readonly longestLeaseMs: number;
  /** Copied and settled in one step of the server. */
  readonly deadLetter: 'native';
  /** They are in a stream for each group and topic. */
  readonly browseDeadLetters: true;
  /** The message waits outside the streams; consumers of any topic move it when its time has come. */
  readonly delayedPublish: 'emulated';
  /** A message whose end has come is let go by whoever is handed it. */
  readonly ttl: 'emulated';
  /** None. */
  readonly priorities: 0;
  /** Of each key one message is handed out at a time, in the whole group. */
  readonly order: 'key';
  /** What waits holds its lane. */
  readonly nackKeepsOrder: true;
  /** From the oldest entry that is still there: see `retainMs`. */
  readonly earliest: true;
  /** What is published twice is there twice. */
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
