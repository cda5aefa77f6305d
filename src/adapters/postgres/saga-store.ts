import { systemClock } from '../../kernel/clock.js';
import { refuseSignal } from '../../saga/saga-errors.js';
import type {
  ClaimedSaga,
  Drivable,
  HistoryEntry,
  LockRequest,
  NewSaga,
  NewSignal,
  SagaCounts,
  SagaQuery,
  SagaRecord,
  SagaStore,
  SagaWrite,
  StoredSignal,
  WriteAnswer,
} from '../../saga/saga-store.js';
import { Batcher } from '../sql/batcher.js';
import { Database } from './database.js';
import { migrate } from './migration.js';
import { toColumn } from './names.js';
import { claimDue, claimOne } from './saga-claim.js';
import { despiteConflicts, type Settled, settleBatch, storeError } from './saga-errors.js';
import { type Inserted, insertBatch } from './saga-insert.js';
import { countByStatus, countOpen, findSaga, getSaga, listSagas, readHistory } from './saga-lists.js';
import { takeLock } from './saga-lock.js';
import { checkSagaStore, type PostgresSagaStoreOptions } from './saga-options.js';
import { ms } from './saga-rows.js';
import { cancelSaga, keepSignal, waitingSignals, wakeSaga } from './saga-signals.js';
import { sagaTables } from './saga-tables.js';
import { purgeSagas } from './saga-upkeep.js';
import { SagaWriter } from './saga-writer.js';
import { Wakes } from './wakes.js';

/** So many sagas are kept in one statement. */
const LARGEST_BATCH = 500;
/** An index takes no more than some 2700 bytes. */
const LONGEST_ID = 2_000;

class PostgresSagaStore implements SagaStore {
  readonly onWake: NonNullable<SagaStore['onWake']>;
  readonly #db: Database;
  readonly #topology: 'ensure' | 'check' | 'none';
  readonly #inserts: Batcher<NewSaga, Settled<Inserted>>;
  readonly #writer: SagaWriter;
  readonly #maxSignals: number;
  readonly #wakes: Wakes;

  constructor(options: PostgresSagaStoreOptions, owner: string) {
    const all = checkSagaStore(owner, options);
    const { client, schema, clock = systemClock, history, maxHistory } = all;
    const db = new Database(client, schema, clock, all.statementTimeoutMs);
    this.#db = db;
    this.#topology = all.topology;
    this.#maxSignals = all.maxSignalsPerSaga;
    const insert = (sagas: readonly NewSaga[]) => settleBatch(db, sagas, some => insertBatch(db, some));
    this.#inserts = new Batcher(insert, clock, LARGEST_BATCH);
    this.#writer = new SagaWriter(db, { history, maxHistory });
    this.#wakes = new Wakes(db, all.notifications, 'saga');
    this.onWake = listener => this.#wakes.add(listener);
  }

  open(): Promise<void> {
    return migrate(this.#db, sagaTables, this.#topology);
  }

  async now(): Promise<number> {
    const [row] = await this.#ask('now', db => db.run(`SELECT ${ms('clock_timestamp()')} AS now`));
    return Math.round(Number(row!['now']));
  }

  async insert(saga: NewSaga): Promise<Inserted> {
    const bytes = Buffer.byteLength(toColumn(saga.id));
    if (bytes > LONGEST_ID) {
      throw new RangeError(`postgresSagaStore: \`id\` must have at most ${LONGEST_ID} bytes, got ${bytes}`);
    }
    const settled = await this.#inserts.add(saga);
    if ('error' in settled) throw storeError('insert', settled.error);
    if (saga.owner === undefined) this.#wakes.send();
    return settled.answer;
  }

  claim(
    owner: string,
    drivable: readonly Drivable[],
    limit: number,
    leaseMs: number,
  ): Promise<readonly ClaimedSaga[]> {
    return this.#ask('claim', db => claimDue(db, owner, drivable, limit, leaseMs));
  }

  claimOne(owner: string, id: string, leaseMs: number): Promise<ClaimedSaga | undefined> {
    return this.#ask('claimOne', db => claimOne(db, owner, id, leaseMs));
  }

  write(write: SagaWrite): Promise<WriteAnswer> {
    return this.#writer.write(write);
  }

  renew(
    claims: readonly { readonly id: string; readonly epoch: number }[],
    leaseMs: number,
  ): Promise<readonly string[]> {
    return this.#writer.renew(claims, leaseMs);
  }

  async signal(signal: NewSignal): Promise<'kept' | 'known' | 'late'> {
    const most = this.#maxSignals;
    const answer = await this.#ask('signal', db => keepSignal(db, signal, most));
    if (answer === 'full') refuseSignal('postgresSagaStore', 'maxSignalsPerSaga', most, signal.target);
    if (answer !== 'late') this.#wakes.send();
    return answer;
  }

  signals(id: string): Promise<readonly StoredSignal[]> {
    return this.#ask('signals', db => waitingSignals(db, id));
  }

  async cancel(id: string, reason: string): Promise<'accepted' | 'refused' | 'over' | 'unknown'> {
    const answer = await this.#ask('cancel', db => cancelSaga(db, id, reason));
    if (answer === 'accepted') this.#wakes.send();
    return answer;
  }

  async wake(id: string): Promise<void> {
    await this.#ask('wake', db => wakeSaga(db, id));
    this.#wakes.send();
  }

  lock(request: LockRequest): Promise<boolean> {
    return this.#ask('lock', db => takeLock(db, request));
  }

  get(id: string): Promise<SagaRecord | undefined> {
    return this.#ask('get', db => getSaga(db, id));
  }

  find(definition: string, key: string): Promise<SagaRecord | undefined> {
    return this.#ask('find', db => findSaga(db, definition, key));
  }

  list(query: SagaQuery): Promise<readonly SagaRecord[]> {
    return this.#ask('list', db => listSagas(db, query));
  }

  census(): Promise<readonly (Drivable & { readonly count: number })[]> {
    return this.#ask('census', countOpen);
  }

  count(): Promise<SagaCounts> {
    return this.#ask('count', countByStatus);
  }

  history(id: string): Promise<readonly HistoryEntry[]> {
    return this.#ask('history', db => readHistory(db, id));
  }

  purge(ageMs: number, limit: number): Promise<number> {
    return this.#ask('purge', db => purgeSagas(db, ageMs, limit));
  }

  async #ask<T>(what: string, run: (db: Database) => Promise<T>): Promise<T> {
    try {
      return await despiteConflicts(this.#db, () => run(this.#db));
    } catch (error) {
      throw storeError(what, error);
    }
  }
}

/**
 * Keeps sagas in PostgreSQL 13 or later, or in a PGlite: durable, and shared by all processes that reach it.
 * A step is one write, and what is written at the same time goes in one statement.
 *
 * Its methods reject with an `ERR_SAGA_STORE` that says whether it may have been done (`maybeDone`) and
 * whether another try may do better (`retryable`); all of them are safe to repeat. `open()` throws an
 * `ERR_TOPOLOGY` where tables are missing that it may not make.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 *
 * @example
 * ```ts
 * import { postgresSagaStore } from 'keelson/postgres';
 * import { Pool } from 'pg';
 *
 * const pool = new Pool();
 * pool.on('error', () => {}); // a connection that waits may break: the pool makes a new one
 * const store = postgresSagaStore({ client: pool, notifications: pool });
 * ```
 */
export function postgresSagaStore(options: PostgresSagaStoreOptions): SagaStore {
  return new PostgresSagaStore(options, 'postgresSagaStore');
}
