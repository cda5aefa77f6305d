import type { Clock } from '../../kernel/clock.js';
import type { InRecord, RawDelivery, Settled } from '../../messaging/driver.js';
import type { Place } from './jetstream-names.js';
import type { NatsLink } from './nats-link.js';

/** Whoever a delivery was handed to. */
export interface Holder {
  readonly link: NatsLink;
  readonly clock: Clock;
  /** How long the server waits for a settlement, in ms. */
  readonly leaseMs: number;
  /** Whether it has ended, and given back what it had. */
  readonly closed: boolean;
  /** It is settled, or somebody else's. */
  forget(delivery: JetStreamDelivery): void;
  /** Stores a dead letter, and resolves when the server has confirmed it. */
  bury(delivery: JetStreamDelivery, headers: Readonly<Record<string, string>>): Promise<void>;
}

/** So long the server may think about a settlement, and so long it is told again, in ms. */
const ANSWER_MS = 2_000;
const INSIST_MS = 10_000;
const FIRST_WAIT_MS = 20;
const NS_PER_MS = 1_000_000;

/**
 * The part of a lease that is not used: what is sent at its very end may come too late. The server does not
 * look at who settles, so that whoever holds a delivery must know by itself when it does so no more.
 */
const MARGIN = 0.1;
const LONGEST_MARGIN_MS = 1_000;

/** One delivery of a message to one member. */
export class JetStreamDelivery implements RawDelivery {
  readonly record: InRecord;
  readonly place: Place;
  readonly #holder: Holder;
  readonly #reply: string;
  #leaseEnd: number;
  #settled = false;

  constructor(holder: Holder, record: InRecord, place: Place, reply: string) {
    this.record = record;
    this.place = place;
    this.#holder = holder;
    this.#reply = reply;
    this.#leaseEnd = this.#leaseFrom(holder.clock.now());
  }

  get position(): string {
    return String(this.place.seq);
  }

  get attempt(): number {
    return this.place.delivery;
  }

  get leasedUntil(): number {
    return this.#leaseEnd;
  }

  ack(): Promise<Settled> {
    return this.#settle('+ACK');
  }

  nack(delayMs: number): Promise<Settled> {
    const delay = Math.ceil(delayMs) * NS_PER_MS;
    return this.#settle(delay === 0 ? '-NAK' : `-NAK ${JSON.stringify({ delay })}`);
  }

  async extend(_ms: number): Promise<Settled> {
    if (!this.#isHeld()) return 'stale';
    const { clock, link } = this.#holder;
    // It counts from when the server hears of it, which is later.
    const sentAt = clock.now();
    await link.request(this.#reply, '+WPI', ANSWER_MS);
    if (this.#settled) return 'stale';
    this.#leaseEnd = this.#leaseFrom(sentAt);
    return 'done';
  }

  async deadLetter(headers: Readonly<Record<string, string>>): Promise<Settled> {
    // Nobody else is to handle it while it is being copied.
    if ((await this.extend(0)) === 'stale') return 'stale';
    await this.#holder.bury(this, headers);
    return this.#settle('+TERM');
  }

  /** Gives it back as its holder ends, or because nobody asked for it: once, and whatever comes of it. */
  async giveBack(): Promise<void> {
    if (this.#settled) return;
    this.#settled = true;
    this.#holder.forget(this);
    // Where it fails the message comes again when the lease is over.
    await this.#holder.link.request(this.#reply, '-NAK', ANSWER_MS).catch(() => {});
  }

  #leaseFrom(now: number): number {
    const { leaseMs } = this.#holder;
    return now + leaseMs - Math.min(leaseMs * MARGIN, LONGEST_MARGIN_MS);
  }

  #isHeld(): boolean {
    const { clock, closed } = this.#holder;
    if (this.#settled || closed) return false;
    if (clock.now() < this.#leaseEnd) return true;
    this.#settled = true;
    this.#holder.forget(this);
    return false;
  }

  #settle(word: string): Promise<Settled> {
    if (!this.#isHeld()) return Promise.resolve('stale');
    this.#settled = true;
    this.#holder.forget(this);
    const { clock, link } = this.#holder;
    const end = Math.min(this.#leaseEnd, clock.now() + INSIST_MS);
    return link.tell(this.#reply, word, ANSWER_MS).then(heard, error => this.#insist(word, end, error));
  }

  /** A server that starts again knows of it still; saying it twice does no harm. */
  async #insist(word: string, end: number, failure: unknown): Promise<Settled> {
    const { clock, link } = this.#holder;
    let error = failure;
    for (let waitMs = FIRST_WAIT_MS; ; waitMs *= 2) {
      if (clock.now() + waitMs >= this.#leaseEnd) return 'stale';
      if (this.#holder.closed || clock.now() + waitMs >= end) throw error;
      await new Promise<void>(resolve => void clock.schedule(waitMs, resolve));
      try {
        await link.tell(this.#reply, word, ANSWER_MS);
        return 'done';
      } catch (again) {
        error = again;
      }
    }
  }
}

const heard = (): Settled => 'done';
