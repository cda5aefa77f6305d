/** What Redis Streams can do, 6.2 and later. */
export interface RedisCapabilities {
  /** As durable as the server is set up to be: with `appendfsync everysec` a crash may take the last second. */
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
  readonly delayedPublish: 'emulated';
  readonly ttl: 'emulated';
  readonly priorities: 0;
  readonly order: 'key';
  readonly nackKeepsOrder: true;
  readonly earliest: true;
  readonly dedupe: 'none';
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
