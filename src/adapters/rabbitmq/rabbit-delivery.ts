import type { InRecord, RawDelivery, Settled } from '../../messaging/driver.js';
import { header } from '../../messaging/headers.js';
import type { RabbitMessage } from './rabbit-client.js';
import { recordOf } from './rabbit-record.js';

/** What a delivery needs of the channel that brought it. */
export interface Holder {
  /** What its position begins with: the server counts anew on each channel. */
  readonly name: string;
  /** Whether what is given back keeps its place, and so has to stay here until the channel is closed. */
  readonly ordered: boolean;
  /** Whether the queue counts what is given back. */
  readonly counts: boolean;
  /** The channel is still the one that brought it. */
  isAlive(): boolean;
  ack(message: RabbitMessage): void;
  /** Back to the head of its queue, after `ms` in this process. */
  reject(message: RabbitMessage, ms: number): void;
  /** Hands it out again from here, after `ms`. */
  keep(message: RabbitMessage, attempt: number, ms: number): void;
  /** Copies it to the end of its queue, after `ms` at the server. */
  copy(delivery: RabbitDelivery, deliveries: number, ms: number): Promise<void>;
  /** Copies it to the dead letters. */
  bury(delivery: RabbitDelivery, headers: Readonly<Record<string, string>>): Promise<void>;
  /** Waits for `work` before the channel is closed. */
  track<T>(work: Promise<T>): Promise<T>;
  /** One that was handed out is settled. */
  settled(): void;
}

/** One delivery of a message over one channel. */
export class RabbitDelivery implements RawDelivery {
  readonly record: InRecord;
  readonly position: string;
  readonly attempt: number;
  readonly message: RabbitMessage;
  readonly #holder: Holder;
  #settled = false;

  constructor(holder: Holder, message: RabbitMessage, attempt: number) {
    this.#holder = holder;
    this.message = message;
    this.record = recordOf(message);
    this.attempt = attempt;
    const { messageId } = message.properties;
    const unnamed = `${holder.name}-${message.fields.deliveryTag}`;
    this.position = typeof messageId === 'string' ? messageId : unnamed;
  }

  /** Until its channel is lost: another one may have it then. */
  get leasedUntil(): number {
    return this.#holder.isAlive() ? Infinity : -Infinity;
  }

  ack(): Promise<Settled> {
    return this.#settle(async () => this.#holder.ack(this.message));
  }

  nack(delayMs: number): Promise<Settled> {
    const { ordered, counts } = this.#holder;
    return this.#settle(async () => {
      if (ordered) this.#holder.keep(this.message, this.attempt + 1, delayMs);
      else if (delayMs === 0 && counts) this.#holder.reject(this.message, 0);
      else await this.#copyOr(this.attempt, delayMs);
    });
  }

  /** Nobody has looked at it; the server would count it. */
  release(): Promise<Settled> {
    return this.#settle(async () => {
      if (this.#holder.ordered) this.#holder.keep(this.message, this.attempt, 0);
      else await this.#copyOr(this.attempt - 1, 0);
    });
  }

  /** The copy comes first, so that a crash in between doubles it and never loses it. */
  async deadLetter(headers: Readonly<Record<string, string>>): Promise<Settled> {
    if (this.#settled || !this.#holder.isAlive()) return 'stale';
    const burying = async () => {
      await this.#holder.bury(this, { ...this.record.headers, ...headers });
      return this.ack();
    };
    return this.#holder.track(burying());
  }

  /** Where it cannot be copied it waits here, and goes back to the head of its queue. */
  async #copyOr(deliveries: number, ms: number): Promise<void> {
    try {
      await this.#holder.copy(this, deliveries, ms);
    } catch {
      this.#holder.reject(this.message, ms);
      return;
    }
    if (this.#holder.isAlive()) this.#holder.ack(this.message);
  }

  async #settle(how: () => Promise<void>): Promise<Settled> {
    if (this.#settled || !this.#holder.isAlive()) return 'stale';
    this.#settled = true;
    try {
      await this.#holder.track(how());
    } finally {
      this.#holder.settled();
    }
    return this.#holder.isAlive() ? 'done' : 'stale';
  }

  /** The headers of a copy that was delivered so often. */
  headersAfter(deliveries: number): Readonly<Record<string, string>> {
    const { [header.attempt]: _, ...headers } = this.record.headers as Record<string, string>;
    return deliveries === 0 ? headers : { ...headers, [header.attempt]: String(deliveries) };
  }
}
