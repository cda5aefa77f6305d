import { lent, unheard, unlessAborted } from '../../data/lent-connection.js';
import type { TransactionMode } from '../../data/service-database-driver.js';
import { CommitUnknownError, TransactionAbortedError } from '../../data/service-database-errors.js';
import { factOf } from '../../kernel/errors.js';
import type { PostgresClient } from './client.js';
import { failureOf } from './failures.js';
import type { Place, PostgresConnection, PostgresPool } from './provision-place.js';

/** Nobody gives it up. */
const never = (): AbortSignal => new AbortController().signal;

/** The statement that a transaction begins with, after `BEGIN` and `SET` alike. */
export function modeOf({ isolation, readOnly }: TransactionMode): string {
  const level = isolation === undefined ? '' : ` ISOLATION LEVEL ${isolation.toUpperCase()}`;
  const access = readOnly === undefined ? '' : readOnly ? ' READ ONLY' : ' READ WRITE';
  return `TRANSACTION${level}${access}`;
}

/** What makes a transaction that of the app, whoever has logged in. */
export const asApp = ({ asRole, roles, schema, shared }: Place): string =>
  asRole ? `SET LOCAL ROLE ${roles.app}; SET LOCAL search_path = ${[schema, ...shared].join(', ')}` : '';

/** Several statements without parameters, in one go: the extended protocol takes only one. */
export async function runScript(client: PostgresClient, text: string): Promise<void> {
  const embedded = client as { exec?: (text: string) => PromiseLike<unknown> };
  await (typeof embedded.exec === 'function' ? embedded.exec(text) : client.query(text));
}

/**
 * Runs `work` in a transaction of a connection that the pool lends, or of the PGlite. `first` are
 * statements that it begins with.
 */
export async function inTransaction<Result>(
  pool: PostgresPool,
  first: { readonly mode: TransactionMode; readonly script: string },
  work: (transaction: PostgresClient) => Promise<Result>,
  signal: AbortSignal = never(),
): Promise<Result> {
  signal.throwIfAborted();
  if ('connect' in pool) {
    const connection = await lent<PostgresConnection>(callback => pool.connect(callback), signal);
    return new LentTransaction(connection, signal).run(first, work);
  }
  return pool.transaction(async transaction => {
    signal.throwIfAborted();
    const mode = modeOf(first.mode);
    if (mode !== 'TRANSACTION') await runScript(transaction, `SET ${mode}`);
    if (first.script !== '') await runScript(transaction, first.script);
    const result = await unlessAborted(() => work(transaction), signal);
    // It would commit nothing and say nothing.
    await transaction.query('SELECT 1').then(undefined, aborted);
    return result;
  });
}

/** @throws TransactionAbortedError where the transaction had failed before. */
function aborted(error: unknown): never {
  if (factOf(error, 'code') === '25P02') {
    const says = 'a statement of the transaction had failed, and its error was caught: nothing was committed';
    throw new TransactionAbortedError(`postgres: ${says}`, { cause: error });
  }
  throw error;
}

/** A transaction on a connection of a pool, which is given back once: for others, or closed. */
class LentTransaction {
  readonly #connection: PostgresConnection;
  readonly #signal: AbortSignal;
  #isOut = true;

  constructor(connection: PostgresConnection, signal: AbortSignal) {
    this.#connection = connection;
    this.#signal = signal;
  }

  async run<Result>(
    first: { readonly mode: TransactionMode; readonly script: string },
    work: (transaction: PostgresClient) => Promise<Result>,
  ): Promise<Result> {
    const connection = this.#connection;
    // What runs on it has no end that we know: closed, it fails at once, and the server gives it up soon
    // after.
    const close = (): void => this.#giveBack(true);
    this.#signal.addEventListener('abort', close);
    try {
      const script = first.script === '' ? '' : `; ${first.script}`;
      const result = await unlessAborted(async () => {
        await runScript(connection, `BEGIN ${modeOf(first.mode)}${script}`);
        return work(connection);
      }, this.#signal);
      await this.#commit();
      return result;
    } catch (error) {
      await this.#rollBack();
      throw error;
    } finally {
      this.#signal.removeEventListener('abort', close);
      this.#giveBack(false);
    }
  }

  async #commit(): Promise<void> {
    let answer: { readonly command?: string };
    try {
      answer = (await this.#connection.query('COMMIT')) as { readonly command?: string };
    } catch (cause) {
      if (!failureOf(cause).maybeDone) throw cause;
      this.#giveBack(true);
      const says = 'the connection broke during COMMIT: nobody knows whether it was done';
      throw new CommitUnknownError(`postgres: ${says}`, { cause });
    }
    // A transaction that had failed is rolled back by COMMIT, and the server calls that a success.
    if (answer.command === 'ROLLBACK') aborted({ code: '25P02' });
  }

  async #rollBack(): Promise<void> {
    if (!this.#isOut) return;
    try {
      await this.#connection.query('ROLLBACK');
    } catch {
      this.#giveBack(true);
    }
  }

  #giveBack(broken: boolean): void {
    if (!this.#isOut) return;
    this.#isOut = false;
    // One that is closed may still have something to say.
    if (!broken) unheard(this.#connection);
    this.#connection.release(broken);
  }
}
