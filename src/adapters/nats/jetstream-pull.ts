import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Clock, Timer } from '../../kernel/clock.js';
import { isDelivery } from './jetstream-names.js';
import { inboxOf } from './nats-answers.js';

/** What a request for messages leads to. */
export interface PullEvents {
  /** `asked` is false for what comes of a request that was taken back. */
  message(message: Msg, asked: boolean): void;
  /** It is over, and `left` of what was asked for has not come. */
  over(left: number): void;
  /** It cannot be answered, or nobody knows whether it is. */
  broken(left: number, error: Error): void;
}

/** The server is silent for no longer than this while it has nothing, and gives a request up after that. */
const HEARTBEAT_MS = 5_000;
const EXPIRES_MS = 30_000;
/** After so long without a word the server is gone. */
const SILENCE_MS = 2 * HEARTBEAT_MS + 2_000;
/** So many messages are asked for in one request at most. */
const LARGEST_PULL = 500;
/** So long a server that does not answer can hold up an end, in ms. */
const FAREWELL_MS = 2_000;
const NS_PER_MS = 1_000_000;

/**
 * Asks a consumer for messages, one request at a time: what is wanted meanwhile goes with the next one. Each
 * instance has an inbox of its own, so that closing it tells the server, and all that came before that.
 */
export class Pull {
  readonly #client: NatsConnection;
  readonly #clock: Clock;
  readonly #subject: string;
  readonly #events: PullEvents;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  #number = 0;
  #left = 0;
  #watchdog: Timer | undefined;
  #heardAt = 0;

  /** `subject` is where the consumer is asked. */
  constructor(client: NatsConnection, clock: Clock, subject: string, events: PullEvents) {
    this.#client = client;
    this.#clock = clock;
    this.#subject = subject;
    this.#events = events;
    this.#inbox = inboxOf(client);
    this.#subscription = client.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error !== null) this.#break(error);
        else this.#receive(message);
      },
    });
  }

  /** Whether a request is under way. */
  get busy(): boolean {
    return this.#left > 0;
  }

  /**
   * Asks for as many of `count` as fit in one request, and tells how many those are. With `wait` false it is
   * over when there are no more at present.
   */
  ask(count: number, wait = true): number {
    const batch = Math.min(count, LARGEST_PULL);
    this.#left = batch;
    this.#number++;
    this.#heardAt = this.#clock.now();
    this.#watch();
    const [expires, idle_heartbeat] = [EXPIRES_MS * NS_PER_MS, HEARTBEAT_MS * NS_PER_MS];
    const payload = JSON.stringify(wait ? { batch, expires, idle_heartbeat } : { batch, no_wait: true });
    this.#client.publish(this.#subject, payload, { reply: `${this.#inbox}.${this.#number}` });
    return batch;
  }

  /** Takes back what was asked for, and tells how much that was. */
  void(): number {
    const left = this.#left;
    this.#left = 0;
    this.#watchdog?.cancel();
    this.#watchdog = undefined;
    return left;
  }

  /** Resolves when nothing can come any more; what was under way has come before. */
  async close(): Promise<void> {
    this.void();
    await new Promise<void>(resolve => {
      const timer = this.#clock.schedule(FAREWELL_MS, resolve, true);
      const done = (): void => {
        timer.cancel();
        resolve();
      };
      this.#subscription.drain().then(done, done);
    });
    if (!this.#subscription.isClosed()) this.#subscription.unsubscribe();
  }

  #receive(message: Msg): void {
    // What can be settled is a message; to read its headers only to know that it is one takes long.
    const headers = isDelivery(message) ? undefined : message.headers;
    if (headers !== undefined && headers.code !== 0) {
      // What is said of a request that is over does not matter.
      if (message.subject === `${this.#inbox}.${this.#number}`) this.#hear(headers.code, headers.description);
      return;
    }
    this.#heardAt = this.#clock.now();
    const asked = this.busy;
    if (asked) this.#left--;
    this.#events.message(message, asked);
    if (asked && !this.busy) this.#end();
  }

  #hear(code: number, description: string): void {
    this.#heardAt = this.#clock.now();
    if (code === 100 || !this.busy) return;
    const isOver = code === 404 || code === 408 || /batch completed/i.test(description);
    if (isOver) this.#end();
    else this.#break(new Error(`nats: the consumer answered ${code} ${description}`.trimEnd()));
  }

  #end(): void {
    this.#events.over(this.void());
  }

  #break(error: Error): void {
    this.#events.broken(this.void(), error);
  }

  #watch(): void {
    this.#watchdog ??= this.#clock.schedule(SILENCE_MS, () => {
      this.#watchdog = undefined;
      if (!this.busy) return;
      if (this.#clock.now() - this.#heardAt < SILENCE_MS) this.#watch();
      else this.#break(new Error(`nats: no word from the consumer for ${SILENCE_MS} ms`));
    });
  }
}
