import type { Clock } from '../../kernel/clock.js';
import { checkFlag, checkKeys, checkNumber, checkOneOf, given, refuse } from '../../kernel/options.js';
import type { NotificationSource, PostgresClient } from './client.js';
import { checkSchema } from './names.js';
import { checkSource } from './notifications.js';

/** How a store of sagas over PostgreSQL is made. */
export interface PostgresSagaStoreOptions {
  /** A `Pool` of `pg`, a `PGlite`, or whatever else runs SQL. It stays yours, and is never closed. */
  readonly client: PostgresClient;
  /** The schema for its tables: a-z, 0-9 and _, at most 48 characters. @default 'keelson' */
  readonly schema?: string;
  /** Whether its tables may be made, are looked for, or are trusted to be there. @default 'ensure' */
  readonly topology?: 'ensure' | 'check' | 'none';
  /** What tells workers of what is due, with LISTEN and NOTIFY: the same pool, or the same PGlite. */
  readonly notifications?: NotificationSource;
  /** Whether what happens to a saga is kept besides where it stands. @default true */
  readonly history?: boolean;
  /** So many events of a saga are kept, and up to 100 more; the oldest goes first. @default 1000 */
  readonly maxHistory?: number;
  /**
   * So many signals that it has not used are kept for one saga, by its id, and as many by its key; one more
   * is refused, but for those that come in the same moment. @default 1000
   */
  readonly maxSignalsPerSaga?: number;
  /** How long one statement may take, in ms; then its connection counts as lost. @default 30000 */
  readonly statementTimeoutMs?: number;
  /** The source of time for waits. What is due is decided by the clock of the server. @default systemClock */
  readonly clock?: Clock;
}

/** What stands where an option was left out. */
export const sagaStoreDefaults: {
  readonly schema: string;
  readonly topology: 'ensure';
  readonly history: boolean;
  readonly maxHistory: number;
  readonly maxSignalsPerSaga: number;
  readonly statementTimeoutMs: number;
} = /* @__PURE__ */ Object.freeze({
  schema: 'keelson',
  topology: 'ensure',
  history: true,
  maxHistory: 1_000,
  maxSignalsPerSaga: 1_000,
  statementTimeoutMs: 30_000,
});

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkSagaStore(owner: string, options: PostgresSagaStoreOptions) {
  checkKeys(owner, options, [...Object.keys(sagaStoreDefaults), 'client', 'notifications', 'clock']);
  const all = { ...sagaStoreDefaults, ...given(options) };
  const { client, notifications } = all;
  if (typeof client?.query !== 'function') {
    refuse(owner, 'client', 'what has a `query(text, params)`', client);
  }
  checkSource(owner, notifications);
  checkSchema(owner, all.schema);
  checkOneOf(owner, 'topology', all.topology, ['ensure', 'check', 'none']);
  checkFlag(owner, 'history', all.history);
  checkNumber(owner, 'maxHistory', all.maxHistory, { min: 1, max: 2 ** 30, integer: true });
  checkNumber(owner, 'maxSignalsPerSaga', all.maxSignalsPerSaga, { min: 1, max: 2 ** 30, integer: true });
  checkNumber(owner, 'statementTimeoutMs', all.statementTimeoutMs, { min: 1, max: 2 ** 40 });
  return all;
}
