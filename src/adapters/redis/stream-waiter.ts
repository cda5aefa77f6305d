import type { Clock } from '../../kernel/clock.js';
import type { RedisConnection } from './redis-connection.js';

/** What a waiter tells of its connection. */
export interface WaiterEvents {
  lost(error: unknown): void;
  /** It is connected again. */
  back(): void;
}

/** The longest wait in one go, in ms: a server that is silent for longer than it and the grace is gone. */
const LONGEST_WAIT_MS = 5_000;
const GRACE_MS = 3_000;
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 1_000;

/**
 * Waits on a connection of its own until a stream grows: a connection that waits can do nothing else. It only
 * looks; nothing is handed out over it, so that nothing is lost with it.
 */
export class StreamWaiter {
  readonly #client: RedisConnection;
  readonly #clock: Clock;
  readonly #keys: readonly string[];
  readonly #events: WaiterEvents;
  #connection: RedisConnection | undefined;
  #wake: (() => void) | undefined;
  #error: unknown;

  constructor(client: RedisConnection, clock: Clock, keys: readonly string[], events: WaiterEvents) {
    this.#client = client;
    this.#clock = clock;
    this.#keys = keys;
    this.#events = events;
  }

  /** Resolves when one of the streams has grown beyond its end, or after `waitMs`, or earlier. */
  async wait(ends: readonly string[], waitMs: number): Promise<void> {
    const ms = Math.ceil(waitMs < 0 ? LONGEST_WAIT_MS : Math.min(Math.max(waitMs, 1), LONGEST_WAIT_MS));
    this.#connection ??= this.#connect();
    const connection = this.#connection;
    await new Promise<void>(resolve => {
      const done = (): void => {
        watchdog.cancel();
        // One that was woken is answered all the same, when somebody else may wait.
        if (this.#wake === done) this.#wake = undefined;
        resolve();
      };
      const watchdog = this.#clock.schedule(ms + GRACE_MS, () => {
        this.#events.lost(new Error(`redis: no answer to XREAD within ${ms + GRACE_MS} ms`));
        this.#drop(connection);
        done();
      });
      this.#wake = done;
      const args = ['COUNT', '1', 'BLOCK', String(ms), 'STREAMS', ...this.#keys, ...ends];
      connection.callBuffer('XREAD', ...args).then(done, (error: unknown) => {
        // A wait that fails at once must not be tried in a loop without a pause.
        if (this.#connection === connection) this.#clock.schedule(FIRST_RETRY_MS, done);
        this.#error = error;
      });
    });
  }

  close(): void {
    if (this.#connection !== undefined) this.#drop(this.#connection);
    this.#wake?.();
  }

  #drop(connection: RedisConnection): void {
    if (this.#connection === connection) this.#connection = undefined;
    connection.disconnect();
  }

  #connect(): RedisConnection {
    const connection = this.#client.duplicate({
      connectionName: 'keelson-wait',
      maxRetriesPerRequest: null,
      enableOfflineQueue: true,
      autoResendUnfulfilledCommands: true,
      retryStrategy: times => Math.min(times * FIRST_RETRY_MS, LONGEST_RETRY_MS),
    });
    let broken = false;
    connection.on('error', error => {
      this.#error = error;
    });
    connection.on('close', () => {
      if (this.#connection !== connection) return;
      broken = true;
      this.#events.lost(this.#error ?? new Error('redis: the connection is closed'));
    });
    connection.on('ready', () => {
      if (this.#connection !== connection || !broken) return;
      broken = false;
      // What was asked before is asked again, and the next question would have to wait for its answer.
      if (this.#wake !== undefined) this.#drop(connection);
      // There may be something by now that was not there.
      this.#wake?.();
      this.#events.back();
    });
    return connection;
  }
}
