import type { Msg } from '@nats-io/transport-node';
import type { Clock } from '../../kernel/clock.js';
import type { DriverSubscription, Sink, SubscribeSpec } from '../../messaging/driver.js';
import type { JetStreamApi } from './jetstream-api.js';
import type { Joined, Membership } from './jetstream-consumers.js';
import { type Holder, JetStreamDelivery } from './jetstream-delivery.js';
import { headersOf } from './jetstream-headers.js';
import { placeOf, streamOf, topicIn } from './jetstream-names.js';
import { Pull } from './jetstream-pull.js';
import type { NatsLink } from './nats-link.js';

/** What a subscription is made of. */
export interface SubscriptionParts {
  readonly api: JetStreamApi;
  readonly clock: Clock;
  readonly prefix: string;
  readonly spec: SubscribeSpec;
  readonly member: Membership;
  readonly sink: Sink;
  /** Makes sure that the consumer is there; one that is lost begins again at the number given. */
  readonly join: (from: number) => Promise<Joined>;
  readonly bury: Holder['bury'];
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/** A member of a group: asks for as much as was requested, and begins again when the server is back. */
export class JetStreamSubscription implements DriverSubscription, Holder {
  readonly link: NatsLink;
  readonly clock: Clock;
  leaseMs: number;
  closed = false;
  readonly #parts: SubscriptionParts;
  readonly #held = new Set<JetStreamDelivery>();
  readonly #unwatch: () => void;
  #pull: Pull | undefined;
  #credit = 0;
  #pumping = false;
  #recovering = false;
  #lost = false;
  #pauseMs = FIRST_PAUSE_MS;
  /** Where a consumer that has to be made again begins. */
  #from: number;

  constructor(parts: SubscriptionParts, joined: Joined) {
    const { api, clock } = parts;
    this.#parts = parts;
    this.link = api.link;
    this.clock = clock;
    this.leaseMs = joined.leaseMs;
    this.#from = joined.from;
    this.#unwatch = this.link.watch({
      lost: error => {
        this.#credit += this.#pull?.void() ?? 0;
        this.#lose(error);
      },
      back: () => void this.#recover(),
    });
  }

  request(count: number): void {
    this.#credit += count;
    this.#pump();
  }

  async pause(): Promise<void> {
    this.#credit = 0;
    const pull = this.#pull;
    this.#pull = undefined;
    await pull?.close();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.#unwatch();
    await this.pause();
    this.closed = true;
    const { api, prefix, member } = this.#parts;
    await Promise.all([...this.#held].map(delivery => delivery.giveBack()));
    // The server forgets it by itself where this fails.
    if (member.guest) await api.deleteConsumer(streamOf(prefix), member.name).catch(() => {});
  }

  forget(delivery: JetStreamDelivery): void {
    this.#held.delete(delivery);
  }

  bury(delivery: JetStreamDelivery, headers: Readonly<Record<string, string>>): Promise<void> {
    return this.#parts.bury(delivery, headers);
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    // What else is requested in this turn of microtasks goes along.
    queueMicrotask(() => {
      this.#pumping = false;
      if (this.closed || this.#recovering || this.#credit === 0 || !this.link.up) return;
      this.#pull ??= this.#newPull();
      if (!this.#pull.busy) this.#credit -= this.#pull.ask(this.#credit);
    });
  }

  #newPull(): Pull {
    const { api, prefix, member } = this.#parts;
    const isCurrent = (): boolean => this.#pull === pull;
    const pull: Pull = new Pull(this.link.client, this.clock, api.nextOf(streamOf(prefix), member.name), {
      message: (message, asked) => this.#take(message, asked && isCurrent()),
      over: left => {
        if (!isCurrent()) return;
        this.#credit += left;
        this.#pauseMs = FIRST_PAUSE_MS;
        this.#pump();
      },
      broken: (left, error) => {
        if (!isCurrent()) return;
        this.#credit += left;
        // What the server may still send there was not asked for any more.
        this.#pull = undefined;
        void pull.close();
        this.#lose(error);
        void this.#recover();
      },
    });
    return pull;
  }

  #take(message: Msg, isWanted: boolean): void {
    const place = placeOf(message.reply);
    if (place === undefined) return;
    const { prefix, spec, sink } = this.#parts;
    const { data: body } = message;
    const { headers, key, group } = headersOf(message, body);
    const record = { topic: topicIn(prefix, message.subject), key, headers, body };
    const delivery = new JetStreamDelivery(this, record, place, message.reply!);
    this.#held.add(delivery);
    this.#from = Math.max(this.#from, place.seq + 1);
    if (group !== undefined && group !== spec.group) {
      // It came back from the dead letters of another group.
      delivery.ack().catch(() => {});
      if (!isWanted) return;
      this.#credit++;
      this.#pump();
    } else if (isWanted) sink.deliver(delivery);
    else void delivery.giveBack();
  }

  /** Asks for the consumer until it is there, makes it where it may, and goes on. */
  async #recover(): Promise<void> {
    if (this.#recovering || this.closed) return;
    this.#recovering = true;
    while (!this.closed && this.link.up) {
      // A consumer that answers and then breaks again must not be asked in a loop without a pause.
      await new Promise<void>(resolve => void this.clock.schedule(this.#pauseMs, resolve));
      this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
      if (this.closed) break;
      try {
        const { leaseMs } = await this.#parts.join(this.#begin());
        this.leaseMs = leaseMs;
        this.#find();
        break;
      } catch (error) {
        this.#lose(error);
      }
    }
    this.#recovering = false;
    this.#pump();
  }

  /** What is held comes again from a consumer that is made anew. */
  #begin(): number {
    let from = this.#from;
    for (const { place } of this.#held) from = Math.min(from, place.seq);
    return from;
  }

  #lose(error: unknown): void {
    if (this.#lost || this.closed) return;
    this.#lost = true;
    this.#parts.sink.lost(error);
  }

  #find(): void {
    if (!this.#lost || this.closed) return;
    this.#lost = false;
    this.#parts.sink.ready();
  }
}
