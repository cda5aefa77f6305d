import type { Timer } from '../../kernel/clock.js';
import { refuse } from '../../kernel/options.js';
import type { ListeningConnection, NotificationSource } from './client.js';
import type { Database } from './database.js';
import { channelOf } from './names.js';

type Lender = Extract<NotificationSource, { connect: unknown }>;

/** At most one notification in so many ms, whoever publishes how much. */
const SPACING_MS = 20;
const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 10_000;

/** @throws TypeError when it is there and cannot listen. */
export function checkSource(owner: string, notifications: unknown): NotificationSource | undefined {
  const source = notifications as { connect?: unknown; listen?: unknown } | undefined;
  if (source !== undefined && typeof source.connect !== 'function' && typeof source.listen !== 'function') {
    refuse(owner, 'notifications', 'a Pool or what has a `listen(channel, callback)`', notifications);
  }
  return notifications as NotificationSource | undefined;
}

/** A connection that was lent, until it is lost or given back. */
class Line {
  readonly connection: ListeningConnection;
  over = false;

  constructor(connection: ListeningConnection, onWake: () => void, onLost: () => void) {
    this.connection = connection;
    const lose = (): void => {
      if (this.over) return;
      this.end();
      onLost();
    };
    connection.on('notification', onWake);
    connection.on('error', lose);
    connection.on('end', lose);
  }

  end(): void {
    if (this.over) return;
    this.over = true;
    // It has been used for something that the next one must not inherit.
    this.connection.release(true);
  }
}

/**
 * Borrows a connection, and hears of its errors before this turn goes on: the server may have ended it in the
 * same breath, a promise would tell of it too late, and an error that nobody hears of ends the process.
 */
function lineOf(source: Lender, onWake: () => void, onLost: () => void): Promise<Line> {
  return new Promise((resolve, reject) => {
    const take = (connection: ListeningConnection): void => resolve(new Line(connection, onWake, onLost));
    const promised = source.connect((error, connection) => {
      if (connection === undefined) reject(error);
      else take(connection);
    });
    promised?.then(take, reject);
  });
}

/**
 * Wakes members before they look by themselves. A notification says nothing but that, is sent outside of all
 * transactions, and may be lost: a commit that notifies waits for all others that do, and a pooler between
 * may drop it.
 */
export class Notifications {
  readonly #db: Database;
  readonly #source: NotificationSource;
  readonly #onWake: () => void;
  readonly #channel: string;
  #sending: Timer | undefined;
  #again = false;
  #started = false;
  #closed = false;
  #retry: Timer | undefined;
  #stop: (() => unknown) | undefined;

  constructor(
    db: Database,
    source: NotificationSource,
    onWake: () => void,
    channel: string = channelOf(db.schema),
  ) {
    this.#db = db;
    this.#channel = channel;
    this.#source = source;
    this.#onWake = onWake;
  }

  /** Tells the others that something was published. */
  send(): void {
    if (this.#sending !== undefined) {
      this.#again = true;
      return;
    }
    this.#again = false;
    this.#db.run(`NOTIFY ${this.#channel}`).catch(() => {});
    this.#sending = this.#db.clock.schedule(SPACING_MS, () => {
      this.#sending = undefined;
      if (this.#again && !this.#closed) this.send();
    });
  }

  /** Listens from the first call on, on connections that it makes anew. */
  listen(): void {
    if (this.#started) return;
    this.#started = true;
    void this.#open(FIRST_RETRY_MS);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#sending?.cancel();
    this.#retry?.cancel();
    await this.#stop?.();
  }

  async #open(retryMs: number): Promise<void> {
    try {
      const stop = await this.#attach();
      if (this.#closed) await stop();
      else this.#stop = stop;
      // What was published before is not told of.
      this.#onWake();
    } catch {
      this.#openLater(Math.min(2 * retryMs, LONGEST_RETRY_MS));
    }
  }

  #openLater(retryMs: number): void {
    this.#stop = undefined;
    if (this.#closed) return;
    this.#retry = this.#db.clock.schedule(retryMs, () => void this.#open(retryMs));
  }

  async #attach(): Promise<() => unknown> {
    const channel = this.#channel;
    const source = this.#source;
    if ('listen' in source) return source.listen(channel, this.#onWake);
    let listening = false;
    const lost = (): void => {
      if (listening) this.#openLater(FIRST_RETRY_MS);
    };
    const line = await lineOf(source, this.#onWake, lost);
    try {
      await line.connection.query(`LISTEN ${channel}`);
      if (line.over) throw new Error('the connection was lost');
    } catch (error) {
      line.end();
      throw error;
    }
    listening = true;
    return () => line.end();
  }
}
