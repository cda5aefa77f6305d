import type { Clock } from '../../kernel/clock.js';
import { checkNumber, checkOneOf, refuse } from '../../kernel/options.js';
import type { BusOptions } from '../../messaging/bus-options.js';
import type { NotificationSource, PostgresClient } from './client.js';
import { checkSchema } from './names.js';
import { checkSource } from './notifications.js';

/** What a driver of PostgreSQL is made of. */
export interface PostgresDriverOptions {
  /** A `Pool` of `pg`, a `PGlite`, or whatever else runs SQL. It stays yours, and is never closed. */
  readonly client: PostgresClient;
  /** The schema that is the bus's own: a-z, 0-9 and _, at most 48 characters. @default 'keelson' */
  readonly schema?: string;
  /** Whether its tables may be made, are looked for, or are trusted to be there. @default 'ensure' */
  readonly topology?: 'ensure' | 'check' | 'none';
  /** What wakes members with LISTEN and NOTIFY: the same pool, or the same PGlite. Without it they look. */
  readonly notifications?: NotificationSource;
  /** The longest wait of an idle member between two looks, in ms. @default 500 */
  readonly pollMs?: number;
  /** How long one statement may take, in ms; then its connection counts as lost. @default 30000 */
  readonly statementTimeoutMs?: number;
  /**
   * For how long a message is kept that stands before no group any more, in ms: a group that starts at
   * `earliest` gets it, and it is known again by its id. @default 3600000
   */
  readonly retainMs?: number;
  /** For how long a dead letter is kept, in ms. @default 2592000000 */
  readonly retainDeadLettersMs?: number;
  /**
   * The messages that one group may have before it; as long as it has more, publishing to it fails. A
   * subscriber without a group loses its oldest instead. Counted each 10 s. @default 1000000
   */
  readonly maxBacklog?: number;
  /** The largest message, headers and body together, in bytes. @default 1048576 */
  readonly maxRecordBytes?: number;
  /** The source of time for waits. What is due is decided by the clock of the server. @default systemClock */
  readonly clock?: Clock;
}

/** How a bus over PostgreSQL is made. */
export interface PostgresBusOptions extends PostgresDriverOptions, Omit<BusOptions, 'clock'> {}

/** What stands where an option was left out. */
export const postgresDefaults: {
  readonly schema: string;
  readonly topology: 'ensure';
  readonly pollMs: number;
  readonly statementTimeoutMs: number;
  readonly retainMs: number;
  readonly retainDeadLettersMs: number;
  readonly maxBacklog: number;
  readonly maxRecordBytes: number;
} = /* @__PURE__ */ Object.freeze({
  schema: 'keelson',
  topology: 'ensure',
  pollMs: 500,
  statementTimeoutMs: 30_000,
  retainMs: 3_600_000,
  retainDeadLettersMs: 2_592_000_000,
  maxBacklog: 1_000_000,
  maxRecordBytes: 1_048_576,
});

/** The options of the driver. */
export const postgresOptions: readonly string[] = [
  ...['client', 'schema', 'topology', 'notifications', 'pollMs', 'statementTimeoutMs', 'retainMs'],
  ...['retainDeadLettersMs', 'maxBacklog', 'maxRecordBytes', 'clock'],
];

const LONGEST_MS = 2 ** 40;
/** A body is one parameter, and goes over the wire as hexadecimal digits. */
const LARGEST = 64 * 1_048_576;

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkPostgres(owner: string, options: PostgresDriverOptions) {
  const all = { ...postgresDefaults, ...options };
  const { client, notifications } = all;
  if (typeof client?.query !== 'function')
    refuse(owner, 'client', 'what has a `query(text, params)`', client);
  checkSource(owner, notifications);
  checkSchema(owner, all.schema);
  checkOneOf(owner, 'topology', all.topology, ['ensure', 'check', 'none']);
  checkNumber(owner, 'pollMs', all.pollMs, { min: 1, max: 60_000 });
  checkNumber(owner, 'statementTimeoutMs', all.statementTimeoutMs, { min: 1, max: LONGEST_MS });
  checkNumber(owner, 'retainMs', all.retainMs, { min: 0, max: LONGEST_MS });
  checkNumber(owner, 'retainDeadLettersMs', all.retainDeadLettersMs, { min: 0, max: LONGEST_MS });
  checkNumber(owner, 'maxBacklog', all.maxBacklog, { min: 1, max: 2 ** 30, integer: true });
  checkNumber(owner, 'maxRecordBytes', all.maxRecordBytes, { min: 1, max: LARGEST, integer: true });
  return all;
}
