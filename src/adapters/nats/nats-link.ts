import type { Msg, MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { BusClosedError } from '../../kernel/bus-errors.js';
import type { Clock } from '../../kernel/clock.js';
import { NatsAnswers } from './nats-answers.js';

/** Nothing was sent. */
export class UnsentError extends Error {}

/** Nothing was sent, and nothing ever will be over this client, which was closed: no message is to blame. */
export class EndedError extends BusClosedError {
  constructor(cause?: unknown) {
    super('nats: the connection is closed', { policy: 'nats', cause });
  }
}

/** The connection was lost before an answer came. */
export class LostError extends Error {}

/** Who wants to hear of the connection. */
export interface LinkWatcher {
  lost(error: Error): void;
  back(): void;
}

/**
 * A connection that may be lost and comes back by itself. What is asked while it is not there fails at once,
 * and so does what waits for an answer when it goes: the client would let both wait until they time out.
 */
export class NatsLink {
  readonly client: NatsConnection;
  readonly #status: AsyncIterable<{ readonly type: string; readonly error?: Error }>;
  readonly #watchers = new Set<LinkWatcher>();
  readonly #answers: NatsAnswers;
  #broken = false;

  constructor(client: NatsConnection, clock: Clock) {
    this.client = client;
    this.#answers = new NatsAnswers(client, clock);
    this.#status = client.status();
    void this.#follow();
  }

  /** Whether a server can be spoken to. */
  get up(): boolean {
    return !this.#broken && !this.ended && this.client.info !== undefined;
  }

  /** Whether the client was closed, and never comes back. */
  get ended(): boolean {
    return this.client.isClosed() || this.client.isDraining();
  }

  /** Tells of what happens from now on; what it returns ends that. */
  watch(watcher: LinkWatcher): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** Asks, for at most `timeoutMs`. */
  async request(
    subject: string,
    payload: Uint8Array | string,
    timeoutMs: number,
    headers?: MsgHdrs,
  ): Promise<Msg> {
    this.#checkUp();
    return this.#answers.ask(subject, payload, timeoutMs, headers);
  }

  /** Tells something, whose only answer is that it was heard; waits for that as `request` does. */
  tell(subject: string, payload: string, timeoutMs: number): Promise<unknown> {
    try {
      this.#checkUp();
      return this.#answers.tell(subject, payload, timeoutMs);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #checkUp(): void {
    if (this.ended) throw new EndedError();
    if (!this.up) throw new UnsentError('nats: there is no connection');
  }

  /** Listens no more. The client stays as it is. */
  close(): void {
    // The iterator of the client has it, its type does not: without it each bus would leave one behind.
    (this.#status as { stop?: () => void }).stop?.();
    this.#lose(new LostError('nats: the bus is closed'));
    this.#answers.close();
    this.#watchers.clear();
  }

  async #follow(): Promise<void> {
    for await (const { type, error } of this.#status) {
      if (type === 'disconnect' || type === 'close') {
        this.#broken = true;
        this.#lose(new LostError('nats: the connection is lost'));
      } else if (type === 'reconnect') {
        this.#broken = false;
        for (const watcher of [...this.#watchers]) watcher.back();
      } else if (type === 'error' && error !== undefined) {
        const { operation, subject } = error as { readonly operation?: unknown; readonly subject?: unknown };
        if (operation === 'publish' && typeof subject === 'string') this.#answers.lose(error, subject);
      }
    }
  }

  #lose(error: LostError): void {
    this.#answers.lose(error);
    for (const watcher of [...this.#watchers]) watcher.lost(error);
  }
}
