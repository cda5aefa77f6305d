import { BusClosedError } from '../../kernel/bus-errors.js';
import type { Clock } from '../../kernel/clock.js';
import { factOf } from '../../kernel/errors.js';
import type { RabbitChannel, RabbitConnection } from './rabbit-client.js';

/** So long a connection may take to be made, and the end of one, in ms. */
const CONNECT_MS = 10_000;
export const FAREWELL_MS = 2_000;
/** After a failure nothing is tried for so long, in ms: at first, and at the most. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/** Waits for `work` so long, and fails after that. */
export function within<T>(clock: Clock, ms: number, what: string, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new Error(`rabbitmq: ${what} took longer than ${ms} ms`));
    const timer = clock.schedule(ms, late, true);
    work.then(resolve, reject).finally(() => timer.cancel());
  });
}

/** One connection to the server, made anew when it is needed and the last one is gone. */
export class RabbitLink {
  /** Why the server takes nothing in for the moment; `undefined` while it does. */
  blocked: string | undefined = undefined;
  /** What the last connection ended with; a channel that goes with it does not know. */
  ended: unknown = undefined;
  readonly clock: Clock;
  readonly #make: () => Promise<RabbitConnection>;
  #current: Promise<RabbitConnection> | undefined;
  #pauseMs = 0;
  #notBefore = 0;
  #failure: unknown;
  #closed = false;

  constructor(make: () => Promise<RabbitConnection>, clock: Clock) {
    this.#make = make;
    this.clock = clock;
  }

  /** The connection. Rejects while it cannot be made; those who ask again soon after are told the same. */
  get(): Promise<RabbitConnection> {
    if (this.#closed) return Promise.reject(new BusClosedError('rabbitmq: the bus is closed'));
    if (this.#current === undefined) {
      if (this.clock.now() < this.#notBefore) return Promise.reject(this.#failure);
      const made = this.#connect();
      this.#current = made;
      made.catch((error: unknown) => {
        this.#failure = error;
        this.#pauseMs = Math.min(Math.max(FIRST_PAUSE_MS, 2 * this.#pauseMs), LONGEST_PAUSE_MS);
        this.#notBefore = this.clock.now() + this.#pauseMs;
        if (this.#current === made) this.#current = undefined;
      });
    }
    return this.#current;
  }

  /** Runs `use` on a channel of its own: what the server does not like closes it, and harms no other. */
  async aside<T>(use: (channel: RabbitChannel) => Promise<T>): Promise<T> {
    const connection = await this.get();
    const channel = await connection.createChannel();
    channel.on('error', () => {});
    try {
      return await use(channel);
    } catch (error) {
      // With a code it is the server's word about the channel.
      throw factOf(error, 'code') === undefined ? (this.ended ?? error) : error;
    } finally {
      await closeQuietly(channel);
    }
  }

  /** Ends the connection; one that does not answer is cut off. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const current = this.#current;
    if (current === undefined) return;
    try {
      await end(this.clock, await within(this.clock, FAREWELL_MS, 'connecting', current));
    } catch {
      // It is not there; should it still come it is ended in `#connect`.
    }
  }

  async #connect(): Promise<RabbitConnection> {
    const making = Promise.resolve().then(this.#make);
    let given = false;
    making.then(
      connection => {
        connection.on('error', () => {});
        // It comes too late: nobody waits for it.
        if (given || this.#closed) void end(this.clock, connection);
      },
      () => {},
    );
    let connection: RabbitConnection;
    try {
      connection = await within(this.clock, CONNECT_MS, 'connecting', making);
    } catch (error) {
      given = true;
      throw error;
    }
    this.blocked = undefined;
    this.ended = undefined;
    this.#pauseMs = 0;
    connection.on('error', (error: Error) => {
      this.ended = error;
    });
    connection.on('blocked', (reason: string) => {
      this.blocked = String(reason);
    });
    connection.on('unblocked', () => {
      this.blocked = undefined;
    });
    connection.on('close', (error?: Error) => {
      this.ended ??= error;
      this.#current = undefined;
      this.blocked = undefined;
    });
    return connection;
  }
}

/** Closes what may be closed already. */
export async function closeQuietly(closing: { close(): Promise<void> }): Promise<void> {
  try {
    await closing.close();
  } catch {
    // It is.
  }
}

async function end(clock: Clock, connection: RabbitConnection): Promise<void> {
  try {
    await within(clock, FAREWELL_MS, 'closing', closeQuietly(connection));
  } catch {
    // The client has no word for it, but its socket would hold the process.
    const { connection: inner } = connection as { connection?: { stream?: { destroy?(): void } } };
    inner?.stream?.destroy?.();
  }
}
