import { lent, unheard, unlessAborted } from '../../data/lent-connection.js';
import type { TransactionMode } from '../../data/service-database-driver.js';
import { CommitUnknownError, TransactionAbortedError } from '../../data/service-database-errors.js';
import { factOf } from '../../kernel/errors.js';
import type { MariadbClient, MariadbConnection, MariadbPool } from './client.js';
import { type MariadbPlace, seconds } from './provision-place.js';

/** Gone with the transaction, whatever ended it: a deadlock, a statement that commits by itself. */
const MARK = 'keelson_whole';

/** Without autocommit, what comes after a deadlock that was caught is not committed one by one. */
const opening = ({ lockTimeoutMs, idleInTransactionMs }: MariadbPlace): string =>
  `SET SESSION autocommit = 0, innodb_lock_wait_timeout = ${seconds(lockTimeoutMs)},
    lock_wait_timeout = ${seconds(lockTimeoutMs)},
    idle_transaction_timeout = ${seconds(idleInTransactionMs)}`;

/** A transaction as the app of a service; its connection is given back once, or closed. */
export async function inTransaction<Result>(
  pool: MariadbPool,
  place: MariadbPlace,
  work: (transaction: MariadbClient) => Promise<Result>,
  mode: TransactionMode,
  signal: AbortSignal,
): Promise<Result> {
  const connection = await lent<MariadbConnection>(() => pool.getConnection(), signal);
  return new LentTransaction(connection, signal).run(place, work, mode);
}

/** Whether the server has said no: then it is known what it did. */
const isAnswer = (error: unknown): boolean => {
  const { sqlState, fatal } = (error ?? {}) as { sqlState?: unknown; fatal?: unknown };
  return typeof sqlState === 'string' && sqlState !== '' && fatal !== true && !sqlState.startsWith('08');
};

class LentTransaction {
  readonly #connection: MariadbConnection;
  readonly #signal: AbortSignal;
  #isOut = true;

  constructor(connection: MariadbConnection, signal: AbortSignal) {
    this.#connection = connection;
    this.#signal = signal;
  }

  async run<Result>(
    place: MariadbPlace,
    work: (transaction: MariadbClient) => Promise<Result>,
    mode: TransactionMode,
  ): Promise<Result> {
    const connection = this.#connection;
    const close = (): void => this.#close();
    this.#signal.addEventListener('abort', close);
    try {
      const result = await unlessAborted(async () => {
        await this.#begin(place, mode);
        return work(connection);
      }, this.#signal);
      await this.#whole();
      await this.#commit();
      await this.#release();
      return result;
    } catch (error) {
      await this.#rollBack();
      throw error;
    } finally {
      this.#signal.removeEventListener('abort', close);
      this.#close();
    }
  }

  async #begin(place: MariadbPlace, { isolation, readOnly }: TransactionMode): Promise<void> {
    const connection = this.#connection;
    await connection.query(opening(place));
    if (isolation !== undefined) {
      await connection.query(`SET TRANSACTION ISOLATION LEVEL ${isolation.toUpperCase()}`);
    }
    const access = readOnly === undefined ? '' : readOnly ? ' READ ONLY' : ' READ WRITE';
    await connection.query(`START TRANSACTION${access}`);
    await connection.query(`SAVEPOINT ${MARK}`);
  }

  /** @throws TransactionAbortedError where it is not the transaction any more that was begun. */
  async #whole(): Promise<void> {
    try {
      await this.#connection.query(`RELEASE SAVEPOINT ${MARK}`);
    } catch (cause) {
      if ((cause as { errno?: unknown } | null)?.errno !== 1305) throw cause;
      const says =
        'a deadlock that was caught, or a statement that commits by itself, has ended the transaction';
      throw new TransactionAbortedError(`mariadb: ${says}: what came after it was rolled back`, { cause });
    }
  }

  async #commit(): Promise<void> {
    try {
      await this.#connection.query('COMMIT');
    } catch (cause) {
      if (isAnswer(cause)) throw cause;
      this.#close();
      const says = 'the connection broke during COMMIT: nobody knows whether it was done';
      throw new CommitUnknownError(`mariadb: ${says} (${String(factOf(cause, 'code'))})`, { cause });
    }
  }

  async #rollBack(): Promise<void> {
    if (!this.#isOut) return;
    try {
      await this.#connection.query('ROLLBACK');
      await this.#release();
    } catch {
      this.#close();
    }
  }

  /** As others expect it. */
  async #release(): Promise<void> {
    if (!this.#isOut) return;
    try {
      await this.#connection.query('SET SESSION autocommit = 1');
    } catch {
      this.#close();
      return;
    }
    this.#isOut = false;
    unheard(this.#connection);
    this.#connection.release();
  }

  #close(): void {
    if (!this.#isOut) return;
    this.#isOut = false;
    this.#connection.destroy();
  }
}
