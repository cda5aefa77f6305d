import { Fifo } from '../../core/fifo.js';
import type { Timer } from '../../kernel/clock.js';
import type { DriverSubscription, Sink } from '../../messaging/driver.js';
import type { MqttPublication } from './mqtt-connection.js';
import { MqttDelivery, type Origin } from './mqtt-delivery.js';
import type { LineParts } from './mqtt-line.js';
import { recordOf } from './mqtt-record.js';
import type { SeatRoll } from './mqtt-seats.js';
import { MqttSession, type SessionPlan } from './mqtt-session.js';
import type { MqttTopics } from './mqtt-topics.js';

/** How a subscription comes by its sessions. */
export interface SeatChoice {
  /** The seats of its group, told of at `SubscriptionParts.roll`. */
  readonly roll: SeatRoll;
  /** The plan for a seat: for one's own share, or to empty what somebody has left. */
  plan(seat: string, toEmpty: boolean): SessionPlan;
  /** A seat of one's own: one that is free, or a new one. */
  choose(): string;
  /** Whether this process has it, or is about to. */
  isOurs(seat: string): boolean;
  hold(seat: string): void;
  release(seat: string): void;
}

/** What a subscription is made of. */
export interface SubscriptionParts extends LineParts {
  readonly topics: MqttTopics;
  readonly sink: Sink;
  /** That of a subscriber without a group. */
  readonly alone: SessionPlan | undefined;
  readonly seats: SeatChoice | undefined;
}

/** So many sessions that others have left are emptied at a time. */
const MOST_EMPTIED = 4;
/** Members do not reach for what one of them has left all at once: each waits for up to so many ms. */
const REACH_MS = 200;

/**
 * A member: it has a session of its own, and takes over, for as long as it takes to empty them, those that
 * other members of its group have left.
 */
export class MqttSubscription implements DriverSubscription {
  readonly #parts: SubscriptionParts;
  readonly #waiting = new Fifo<MqttDelivery>();
  /** Given back, until their time comes. */
  readonly #later = new Map<MqttDelivery, Timer>();
  /** The sessions that are emptied, with their seats. */
  readonly #left = new Map<MqttSession, string>();
  /** What was handed over of each session and is not settled. */
  readonly #open = new Map<MqttSession, number>();
  readonly #emptied = new WeakSet<MqttSession>();
  #own: MqttSession | undefined;
  /** One that is about to be its own: it may have said already that it has its seat. */
  #opening: MqttSession | undefined;
  #ownSeat = '';
  #reach: Timer | undefined;
  #credit = 0;
  #came = 0;
  #closed = false;

  constructor(parts: SubscriptionParts) {
    this.#parts = parts;
  }

  /** Resolves when what is published from now on will come. */
  async open(): Promise<void> {
    await this.#openOwn();
    this.look();
  }

  request(count: number): void {
    this.#credit += count;
    this.#pump();
  }

  async pause(): Promise<void> {
    this.#credit = 0;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#credit = 0;
    this.#reach?.cancel();
    for (const timer of this.#later.values()) timer.cancel();
    const sessions = [...this.#left.keys(), ...(this.#own === undefined ? [] : [this.#own])];
    await Promise.all(sessions.map(session => session.leave()));
    for (const seat of [...this.#left.values(), this.#ownSeat]) this.#parts.seats?.release(seat);
    this.#waiting.clear();
  }

  /** Says which seats it has. */
  answer(): void {
    for (const session of [...this.#left.keys(), this.#opening, this.#own]) void session?.answer();
  }

  /** Looks after what others have left, a little later: another member may be quicker. */
  look(): void {
    const { seats, clock, random } = this.#parts;
    if (seats === undefined || this.#closed || this.#own === undefined || this.#reach !== undefined) return;
    // The broker took this process for gone when it was not.
    if (seats.roll.holder(this.#ownSeat) === '') void this.#own.answer();
    if (!seats.roll.free.some(seat => !seats.isOurs(seat))) return;
    this.#reach = clock.schedule(seats.roll.calmMs + random() * REACH_MS, () => {
      this.#reach = undefined;
      this.#empty();
    });
  }

  #empty(): void {
    const { seats } = this.#parts;
    // Without a seat of its own it could give up the last one of the group.
    if (seats === undefined || this.#closed || this.#own?.isOpen !== true) return;
    for (const seat of seats.roll.free) {
      if (this.#left.size >= MOST_EMPTIED) return;
      if (!seats.isOurs(seat)) void this.#takeOver(seat);
    }
  }

  async #openOwn(): Promise<void> {
    const { alone, seats } = this.#parts;
    const seat = seats?.choose() ?? '';
    if (seats !== undefined) seats.hold(seat);
    const session = this.#session(alone ?? seats!.plan(seat, false));
    this.#opening = session;
    try {
      await session.open();
    } catch (error) {
      seats?.release(seat);
      throw error;
    } finally {
      this.#opening = undefined;
    }
    this.#own = session;
    this.#ownSeat = seat;
    if (this.#closed) await session.leave();
  }

  async #takeOver(seat: string): Promise<void> {
    const seats = this.#parts.seats!;
    seats.hold(seat);
    const session = this.#session(seats.plan(seat, true));
    this.#left.set(session, seat);
    try {
      await session.open();
      if (this.#closed) await session.leave();
      else this.#finish(session);
    } catch {
      this.#drop(session);
    }
  }

  #session(plan: SessionPlan): MqttSession {
    return new MqttSession(this.#parts, plan, {
      message: (session, link, packet, acknowledge) => this.#take({ session, link, acknowledge }, packet),
      lost: (session, error) => {
        this.#forgetOpen(session);
        if (session === this.#own) this.#parts.sink.lost(error);
      },
      ready: session => {
        if (session !== this.#own) return;
        this.#parts.sink.ready();
        this.look();
      },
      ousted: session => this.#yield(session),
      empty: session => {
        this.#emptied.add(session);
        this.#finish(session);
      },
    });
  }

  /** Somebody else has the session, with all that it held: that is no loss, but there must be another one. */
  #yield(session: MqttSession): void {
    if (session !== this.#own) {
      this.#drop(session);
      return;
    }
    this.#parts.seats?.release(this.#ownSeat);
    this.#own = undefined;
    void this.#replace(1);
  }

  async #replace(attempt: number): Promise<void> {
    const { clock, random, sink } = this.#parts;
    if (this.#closed) return;
    try {
      await this.#openOwn();
      sink.ready();
      this.look();
    } catch {
      const delayMs = Math.min(100 * 2 ** attempt, 5_000) * (0.5 + random() / 2);
      this.#reach = clock.schedule(
        delayMs,
        () => {
          this.#reach = undefined;
          void this.#replace(attempt + 1);
        },
        true,
      );
    }
  }

  #take(origin: Origin, packet: MqttPublication): void {
    const topic = this.#parts.topics.name(packet.topic);
    if (topic === undefined || this.#closed) {
      // What no topic of a bus is called like was not published for one.
      if (topic === undefined) origin.acknowledge();
      return;
    }
    this.#came++;
    const { session } = origin;
    this.#open.set(session, (this.#open.get(session) ?? 0) + 1);
    const position = `${session.plan.clientId} ${this.#came}`;
    this.#enqueue(recordOf(topic, packet), position, packet.dup ? 2 : undefined, origin);
  }

  #enqueue(
    record: MqttDelivery['record'],
    position: string,
    attempt: number | undefined,
    origin: Origin,
  ): void {
    const done = (delivery: MqttDelivery, againInMs: number | undefined) => this.#settle(delivery, againInMs);
    this.#waiting.push(new MqttDelivery(record, position, attempt, origin, done));
    this.#pump();
  }

  #settle(delivery: MqttDelivery, againInMs: number | undefined): void {
    const { session } = delivery.origin;
    if (againInMs === undefined) {
      this.#open.set(session, (this.#open.get(session) ?? 1) - 1);
      this.#finish(session);
    } else if (!this.#closed) {
      const timer = this.#parts.clock.schedule(againInMs, () => {
        this.#later.delete(delivery);
        const { record, position, attempt = 1, origin } = delivery;
        if (delivery.alive) this.#enqueue(record, position, attempt + 1, origin);
      });
      this.#later.set(delivery, timer);
    }
  }

  #pump(): void {
    while (this.#credit > 0 && !this.#closed) {
      const delivery = this.#waiting.shift();
      if (delivery === undefined) return;
      // The broker sends again what came by a connection that is lost.
      if (!delivery.alive) continue;
      this.#credit--;
      this.#parts.sink.deliver(delivery);
    }
  }

  /** One that was to be emptied, and is. */
  #finish(session: MqttSession): void {
    const isOpen = session.isOpen && this.#left.has(session);
    if (!isOpen || !this.#emptied.has(session) || (this.#open.get(session) ?? 0) > 0) return;
    void session.forget().then(() => this.#drop(session));
  }

  #forgetOpen(session: MqttSession): void {
    this.#open.delete(session);
    this.#emptied.delete(session);
  }

  #drop(session: MqttSession): void {
    const seat = this.#left.get(session);
    this.#left.delete(session);
    this.#forgetOpen(session);
    if (seat !== undefined) this.#parts.seats?.release(seat);
    this.look();
  }
}
