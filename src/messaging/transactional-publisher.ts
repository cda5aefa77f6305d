import { PublishError, RecordTooLargeError } from '../kernel/bus-errors.js';
import type { Driver, OutRecord, PublishOutcome } from './driver.js';
import type { Published } from './pending-publish.js';
import { reasonOf, sizeOf } from './publisher.js';
import type { SqlTransaction } from './sql-transaction.js';

interface Line {
  records: OutRecord[];
  /** What came of the records above, in their order. */
  outcomes: Promise<readonly PublishOutcome[]>;
}

/**
 * Publishes within transactions of the user: those of a turn in one statement, one statement at a time, for a
 * transaction runs one. Nothing is tried again: what fails there ends the transaction.
 */
export class TransactionalPublisher {
  readonly #driver: Driver;
  readonly #lines = new WeakMap<SqlTransaction, Line>();

  constructor(driver: Driver) {
    this.#driver = driver;
  }

  async send(record: OutRecord, transaction: SqlTransaction): Promise<Published> {
    const { name, capabilities } = this.#driver;
    const size = sizeOf(record);
    if (size > capabilities.maxRecordBytes) {
      const text = `${record.topic}: ${size} bytes, the broker takes ${capabilities.maxRecordBytes}`;
      throw new RecordTooLargeError(text, { policy: name });
    }
    const line = this.#lineOf(transaction);
    const place = line.records.push(record) - 1;
    const outcome = (await line.outcomes)[place];
    if (outcome?.ok === true) {
      const { position, duplicate = false } = outcome;
      return { id: record.id, position, duplicate };
    }
    const error = outcome?.error ?? new Error('the driver said nothing of it');
    const facts = { policy: name, cause: error, maybeStored: false, retryable: false };
    throw new PublishError(`${name}: ${reasonOf(error)}`, facts);
  }

  /** The line that is still open for this turn. */
  #lineOf(transaction: SqlTransaction): Line {
    const there = this.#lines.get(transaction);
    if (there !== undefined && there.records.length > 0) return there;
    const line: Line = { records: [], outcomes: Promise.resolve([]) };
    line.outcomes = this.#flush(line, transaction, there?.outcomes);
    this.#lines.set(transaction, line);
    return line;
  }

  async #flush(
    line: Line,
    transaction: SqlTransaction,
    before: Promise<unknown> | undefined,
  ): Promise<readonly PublishOutcome[]> {
    await before?.catch(() => {});
    const { records } = line;
    // What comes from now on begins the next line.
    line.records = [];
    return this.#driver.publish(records, transaction);
  }
}
