import type { Capabilities } from '../../messaging/capabilities.js';

/** What PostgreSQL can do as a broker, from version 13 on. */
export interface PostgresCapabilities extends Capabilities {
  /** Committed. `synchronous_commit = off` takes that back. */
  readonly confirm: 'durable';
  /** A row for each group, and one for each message that it has before it. */
  readonly durableGroups: true;
  /** A group of one, deleted a minute after it was last heard of. */
  readonly fanOut: true;
  /** A regular expression beside the pattern, asked once for each topic of a batch. */
  readonly wildcards: true;
  /** When the lease is over. */
  readonly redeliverOnCrash: 'peer';
  /** The same column as a lease. */
  readonly nackDelay: 'native';
  /** A column. */
  readonly attempt: 'exact';
  /** The end of the lease is put off. */
  readonly extendLease: true;
  /** `Infinity`: a lease may be as long as one likes. */
  readonly longestLeaseMs: number;
  /** Moved in one statement. */
  readonly deadLetter: 'native';
  /** A table. */
  readonly browseDeadLetters: true;
  /** Counted from the clock of the server. */
  readonly delayedPublish: 'native';
  /** Deleted in place of being handed out. */
  readonly ttl: 'native';
  /** Where no order is asked for. */
  readonly priorities: 10;
  /** One message of a key is out at a time; a unique index sees to it. */
  readonly order: 'key';
  /** What waits holds back its key, and no other. */
  readonly nackKeepsOrder: true;
  /** What `retainMs` has kept. */
  readonly earliest: true;
  /** Unique by topic and id, for `retainMs`. */
  readonly dedupe: 'native';
  /** As the option `maxRecordBytes` says. */
  readonly maxRecordBytes: number;
  /** By the option `transaction` of a publish. */
  readonly transactionalPublish: true;
}

export const postgresCapabilities: Omit<PostgresCapabilities, 'maxRecordBytes'> =
  /* @__PURE__ */ Object.freeze({
    confirm: 'durable',
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
    transactionalPublish: true,
  });
