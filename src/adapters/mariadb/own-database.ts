import { lent, unheard } from '../../data/lent-connection.js';
import type { Clock } from '../../kernel/clock.js';
import { StatementTimeout } from '../postgres/database.js';
import type { MariadbClient, MariadbConnection, MariadbPool, MariadbRow } from './client.js';

/** A transaction of ours is begun anew so often after a deadlock, or a wait for a lock that was too long. */
const MOST_TRIES = 5;

const errnoOf = (error: unknown): unknown => (error as { errno?: unknown } | null)?.errno;

/** What the server has rolled back, and says itself that another try may do better. */
const isConflict = (error: unknown): boolean => errnoOf(error) === 1213 || errnoOf(error) === 1205;

/** The tables are not there. */
export const isMissing = (error: unknown): boolean => errnoOf(error) === 1146 || errnoOf(error) === 1049;

/** A lock is held by another transaction. */
export const isHeld = (error: unknown): boolean => errnoOf(error) === 1205;

/** What a statement did that answers with no rows. */
const changedBy = (answer: unknown): number =>
  Number((answer as { readonly affectedRows?: unknown } | undefined)?.affectedRows ?? 0);

/** A pool, the database on its server that is ours, and an end to the waiting for an answer. */
export class OwnDatabase {
  /** Of a-z, 0-9 and _, so that it needs no quotes. */
  readonly name: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly pool: MariadbPool;

  constructor(pool: MariadbPool, name: string, clock: Clock, timeoutMs: number) {
    this.pool = pool;
    this.name = name;
    this.clock = clock;
    this.timeoutMs = timeoutMs;
  }

  /** The rows of a query, by itself or as a part of a transaction. */
  async rows(
    text: string,
    params: unknown[] = [],
    client: MariadbClient = this.pool,
  ): Promise<readonly MariadbRow[]> {
    const [rows] = await this.#answer(client.query(text, params));
    return rows as readonly MariadbRow[];
  }

  /** How many rows a statement found to change. */
  async change(text: string, params: unknown[] = [], client: MariadbClient = this.pool): Promise<number> {
    const [answer] = await this.#answer(client.query(text, params));
    return changedBy(answer);
  }

  /**
   * Runs `work` in a transaction of its own that sees what others have committed, and again from its
   * beginning after a conflict with others.
   */
  async transaction<Result>(work: (transaction: MariadbClient) => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#once(work);
      } catch (error) {
        if (!isConflict(error) || tries >= MOST_TRIES) throw error;
      }
    }
  }

  async #once<Result>(work: (transaction: MariadbClient) => Promise<Result>): Promise<Result> {
    const connection = await this.#connection();
    try {
      await this.change('SET TRANSACTION ISOLATION LEVEL READ COMMITTED', [], connection);
      await this.change('START TRANSACTION', [], connection);
      const result = await work(connection);
      await this.change('COMMIT', [], connection);
      unheard(connection);
      connection.release();
      return result;
    } catch (error) {
      // Whatever it still does, it ends with its connection.
      connection.destroy();
      throw error;
    }
  }

  async #connection(): Promise<MariadbConnection> {
    const patience = new AbortController();
    const late = () => patience.abort(this.#late());
    const timer = this.clock.schedule(this.timeoutMs, late, true);
    try {
      return await lent<MariadbConnection>(() => this.pool.getConnection(), patience.signal);
    } finally {
      timer.cancel();
    }
  }

  async #answer<Answer>(coming: Promise<Answer>): Promise<Answer> {
    let timer: { cancel(): void } | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = this.clock.schedule(this.timeoutMs, () => reject(this.#late()), true);
    });
    try {
      return await Promise.race([coming, late]);
    } finally {
      timer?.cancel();
    }
  }

  #late(): StatementTimeout {
    return new StatementTimeout(`no answer within ${this.timeoutMs} ms`);
  }
}

/** So many `?` as a list. */
export const marks = (many: number, mark = '?'): string =>
  Array.from({ length: many }, () => mark).join(', ');
