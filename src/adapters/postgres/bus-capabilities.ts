import type { Capabilities } from '../../messaging/capabilities.js';

/** What PostgreSQL can do as a broker, from version 13 on. */
export interface PostgresCapabilities extends Capabilities {
  readonly confirm: 'durable';
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
