import type { Clock } from '../../kernel/clock.js';
import { newId } from '../../kernel/random.js';
import type { Sink } from '../../messaging/driver.js';
import type { RabbitChannel, RabbitMessage } from './rabbit-client.js';
import { type Holder, RabbitDelivery } from './rabbit-delivery.js';
import type { RabbitNames } from './rabbit-names.js';
import type { RabbitPublisher } from './rabbit-publisher.js';
import { deliveriesBefore, note } from './rabbit-record.js';

/** What a consumer is made of, whichever channel it has. */
export interface ConsumerRules {
  readonly clock: Clock;
  readonly names: RabbitNames;
  readonly publisher: RabbitPublisher;
  readonly sink: Sink;
  readonly group: string | undefined;
  readonly ordered: boolean;
}

/** The protocol knows no larger prefetch. */
const LARGEST_WINDOW = 65_535;

/**
 * Consumes from a queue over one channel. The server hands over as much as may be unsettled at a time; what
 * nobody has asked for yet waits here, and goes back when the consumer pauses.
 */
export class RabbitConsumer implements Holder {
  readonly name: string = newId().slice(0, 8);
  readonly ordered: boolean;
  readonly counts: boolean;
  readonly #rules: ConsumerRules;
  readonly #channel: RabbitChannel;
  readonly #queue: string;
  readonly #ended: (error: unknown) => void;
  readonly #buffer: RabbitDelivery[] = [];
  readonly #busy = new Set<Promise<unknown>>();
  #credit = 0;
  #handed = 0;
  #window = 0;
  #wanted = false;
  #tag: string | undefined;
  #buried = 0;
  #alive = true;
  #turn: Promise<void> = Promise.resolve();

  /** `ended` is called when the server ends it, as the queue is gone, and when the channel does not obey. */
  constructor(rules: ConsumerRules, channel: RabbitChannel, queue: string, ended: (error: unknown) => void) {
    this.#rules = rules;
    this.#channel = channel;
    this.#queue = queue;
    this.#ended = ended;
    this.ordered = rules.ordered;
    this.counts = rules.group !== undefined;
  }

  /** How much was asked for and has not come. */
  get credit(): number {
    return this.#credit;
  }

  request(count: number): void {
    this.#credit += count;
    this.#wanted = true;
    this.#hand();
    void this.#sync();
  }

  /**
   * Hands over no more. A member that keeps an order stays the active one: another would go on with what
   * comes after that which is being handled here.
   */
  async pause(): Promise<void> {
    this.#credit = 0;
    if (this.ordered) return;
    this.#wanted = false;
    await this.#sync();
  }

  /** Waits for what is being settled, and for that which goes back. */
  async finish(): Promise<void> {
    await this.pause();
    while (this.#busy.size > 0) await Promise.allSettled(this.#busy);
  }

  /** The channel is gone: what it brought can no more be settled. */
  end(): void {
    this.#alive = false;
    this.#buffer.length = 0;
  }

  isAlive(): boolean {
    return this.#alive;
  }

  ack(message: RabbitMessage): void {
    this.#tell(() => this.#channel.ack(message));
  }

  reject(message: RabbitMessage, ms: number): void {
    // From 4.3 on a `nack` is not counted, and a `reject` is.
    if (ms === 0) this.#tell(() => this.#channel.reject(message, true));
    else this.#rules.clock.schedule(ms, () => this.reject(message, 0));
  }

  keep(message: RabbitMessage, attempt: number, ms: number): void {
    const again = (): void => {
      if (!this.#alive) return;
      this.#buffer.unshift(new RabbitDelivery(this, message, attempt));
      this.#hand();
    };
    // In order there is one at a time, so that nothing overtakes it.
    if (ms === 0) queueMicrotask(again);
    else this.#rules.clock.schedule(ms, again);
  }

  copy(delivery: RabbitDelivery, deliveries: number, ms: number): Promise<void> {
    const { record, position } = delivery;
    const headers = delivery.headersAfter(deliveries);
    return this.#rules.publisher.copy(this.#queue, { ...record, headers, id: position }, ms);
  }

  bury(delivery: RabbitDelivery, headers: Readonly<Record<string, string>>): Promise<void> {
    const { names, publisher, group } = this.#rules;
    const { record, position } = delivery;
    const dead = names.dead(group!, record.topic);
    const all = { ...headers, [note.queue]: this.#queue, [note.place]: this.#place() };
    return publisher.bury(dead, { ...record, headers: all, id: position });
  }

  /** By which dead letters are told apart, and stand in the order of their deaths. */
  #place(): string {
    const at = String(this.#rules.clock.wall()).padStart(15, '0');
    return `${at}-${String(++this.#buried).padStart(9, '0')}-${this.name}`;
  }

  settled(): void {
    this.#handed--;
  }

  async track<T>(work: Promise<T>): Promise<T> {
    this.#busy.add(work);
    try {
      return await work;
    } finally {
      this.#busy.delete(work);
    }
  }

  /** A channel that is closed, and has not said so yet, throws. */
  #tell(word: () => void): void {
    if (!this.#alive) return;
    try {
      word();
    } catch {
      this.end();
    }
  }

  #take(message: RabbitMessage | null): void {
    if (message === null) {
      this.#tag = undefined;
      this.#ended(new Error(`rabbitmq: the queue ${this.#queue} is gone`));
      return;
    }
    if (!this.#alive) return;
    const attempt = deliveriesBefore(message, this.counts) + 1;
    this.#buffer.push(new RabbitDelivery(this, message, attempt));
    this.#hand();
  }

  #hand(): void {
    while (this.#credit > 0 && this.#buffer.length > 0) {
      this.#credit--;
      this.#handed++;
      this.#rules.sink.deliver(this.#buffer.shift()!);
    }
  }

  /** Steps never overlap; each looks at what is wanted by then. */
  #sync(): Promise<void> {
    const turn = this.#turn.then(() => this.#step());
    // One that was closed before anybody listened to it tells nothing by itself.
    this.#turn = turn.catch((error: unknown) => this.#ended(error));
    return this.#turn;
  }

  async #step(): Promise<void> {
    if (!this.#alive) return;
    const channel = this.#channel;
    if (!this.#wanted) {
      await this.#cancel();
      // What was handed over and settled in the meantime is not among them.
      const back = this.#buffer.splice(0).map(delivery => this.#giveBack(delivery));
      await Promise.all(back);
      return;
    }
    const need = this.ordered ? 1 : Math.min(LARGEST_WINDOW, this.#handed + this.#credit);
    if (this.#tag !== undefined && need <= this.#window) return;
    await this.#cancel();
    this.#window = Math.max(need, this.#window);
    await channel.prefetch(this.#window);
    const { consumerTag } = await channel.consume(this.#queue, message => this.#take(message));
    this.#tag = consumerTag;
  }

  async #cancel(): Promise<void> {
    const tag = this.#tag;
    this.#tag = undefined;
    if (tag !== undefined) await this.#channel.cancel(tag);
  }

  async #giveBack(delivery: RabbitDelivery): Promise<void> {
    this.#handed++;
    await delivery.release();
  }
}
