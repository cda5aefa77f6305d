import { Fifo } from '../core/fifo.js';
import { Lanes } from '../core/lanes.js';
import { LeaseLostError } from '../kernel/bus-errors.js';
import type { Timer } from '../kernel/clock.js';
import type { DriverSubscription, RawDelivery, Sink } from './driver.js';
import { type ConsumerParts, type Fate, Handling } from './handling.js';
import { HeldDelivery } from './held-delivery.js';
import { LeaseUpkeep } from './lease-upkeep.js';

/** What became of the messages that were held when a subscription ended. */
export interface Drained {
  /** Those whose handlers came to their end. */
  readonly finished: number;
  /** Those that were given back: not begun, or not done in time. */
  readonly released: number;
}

const WHOLE_TOPIC = '';
/** How long a refusal without a word of when to ask again pauses the intake at first, and at the most. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Takes what the broker hands over: so much at a time, each lane in its order, the leases extended for as
 * long as it is held. While the policy refuses to run handlers nothing is begun and no more is asked for.
 */
export class Consumer implements Sink {
  readonly #parts: ConsumerParts;
  readonly #handling: Handling;
  readonly #held = new Set<HeldDelivery>();
  readonly #lanes = new Lanes<HeldDelivery>();
  readonly #ready = new Fifo<HeldDelivery>();
  /** Those that were begun once and go first. */
  readonly #again = new Fifo<HeldDelivery>();
  readonly #waits = new Map<HeldDelivery, Timer>();
  #subscription: DriverSubscription | undefined;
  #running = 0;
  #pumping = false;
  #asked = 0;
  #suspended = false;
  #stopping = false;
  #finished = 0;
  #released = 0;
  #idle: (() => void) | undefined;
  #pauseMs = 0;
  #pause: Timer | undefined;
  /** After a pause one message goes ahead of the others, to see whether the policy lets it. */
  #probing = false;
  readonly #upkeep: LeaseUpkeep;

  constructor(parts: ConsumerParts) {
    this.#parts = parts;
    this.#handling = new Handling(parts);
    this.#upkeep = new LeaseUpkeep(parts, this.#held);
  }

  /** What is held, and how much of it is being handled. */
  get load(): { readonly held: number; readonly running: number; readonly paused: boolean } {
    const paused = this.#suspended || this.#pause !== undefined;
    return { held: this.#held.size, running: this.#running, paused };
  }

  /** Consumes from now on. */
  attach(subscription: DriverSubscription): void {
    this.#subscription = subscription;
    this.#ask();
  }

  deliver(raw: RawDelivery): void {
    this.#asked = Math.max(0, this.#asked - 1);
    const { order } = this.#parts.rules;
    const lane = order === 'topic' ? WHOLE_TOPIC : order === 'key' ? raw.record.key : undefined;
    const held = new HeldDelivery(raw, lane);
    if (this.#stopping) {
      this.#giveBack(held);
      return;
    }
    this.#held.add(held);
    this.#upkeep.begin();
    if (lane === undefined || this.#lanes.enter(lane, held)) this.#ready.push(held);
    this.#pump();
  }

  ready(): void {
    const { emitter, clock } = this.#parts;
    if (emitter.has('ready')) emitter.emit('ready', { at: clock.wall() });
  }

  lost(error: unknown): void {
    const { emitter, clock } = this.#parts;
    if (emitter.has('lost')) emitter.emit('lost', { at: clock.wall(), error });
  }

  /**
   * Takes in no more, gives back what has not begun, and waits for what has: for `timeoutMs`, then it is
   * ended and given back as well.
   */
  async drain(timeoutMs: number): Promise<Drained> {
    this.#stopping = true;
    this.#finished = 0;
    await this.#subscription?.pause();
    this.#asked = 0;
    this.#pause?.cancel();
    this.#released = 0;
    for (const held of this.#held) {
      if (held.begun) continue;
      this.#waits.get(held)?.cancel();
      this.#giveBack(held);
    }
    if (this.#running > 0) await this.#outlast(timeoutMs);
    this.#upkeep.end();
    return { finished: this.#finished, released: this.#released };
  }

  /** Waits for the handlers, and ends those that take longer. */
  async #outlast(timeoutMs: number): Promise<void> {
    const { clock } = this.#parts;
    let inTime = true;
    const ended = new Promise<void>(resolve => {
      this.#idle = resolve;
    });
    const timer = clock.schedule(
      timeoutMs,
      () => {
        inTime = false;
        this.#idle?.();
      },
      true,
    );
    await ended;
    timer.cancel();
    if (inTime) return;
    for (const held of this.#held) {
      if (held.settled) continue;
      const { interrupt } = held;
      this.#giveBack(held);
      interrupt?.(new LeaseLostError('the subscription is closed'));
    }
  }

  #giveBack(held: HeldDelivery): void {
    this.#held.delete(held);
    if (!held.settled) this.#released++;
    // What nobody has looked at must not come nearer to its end by it, however often its group is replaced.
    const untouched = !held.tried;
    // A broker that does not hear of it gives it to another one when the lease is over.
    const back = held.settle(raw => (untouched && raw.release !== undefined ? raw.release() : raw.nack(0)));
    Promise.resolve(back).catch(() => {});
  }

  /** Begins no handler until `resume`; what is being handled goes on. */
  suspend(): void {
    this.#suspended = true;
    this.#takeNoMore();
  }

  resume(): void {
    this.#suspended = false;
    this.#ask();
    this.#pump();
  }

  #pump(): void {
    // A handler that ends at once comes back here: the loop below goes on with the next one.
    if (this.#pumping) return;
    this.#pumping = true;
    while (!this.#suspended && !this.#stopping && this.#pause === undefined) {
      if (this.#running >= (this.#probing ? 1 : this.#parts.rules.concurrency)) break;
      const held = this.#again.shift() ?? this.#ready.shift();
      if (held === undefined) break;
      // What was lost before its turn came is with another one: it is not begun, and makes way.
      if (held.settled) this.#letGo(held);
      else {
        this.#running++;
        this.#work(held);
      }
    }
    this.#pumping = false;
  }

  #work(held: HeldDelivery): void {
    held.begun = true;
    held.tried = true;
    let fate: Fate | Promise<Fate>;
    try {
      fate = this.#handling.handle(held);
    } catch (error) {
      fate = this.#broken(error);
    }
    if (!(fate instanceof Promise)) this.#decide(held, fate);
    else {
      fate.then(
        later => this.#decide(held, later),
        (error: unknown) => this.#decide(held, this.#broken(error)),
      );
    }
  }

  /** A store of the user's failed: the message is not to blame, and comes again. */
  #broken(error: unknown): Fate {
    this.lost(error);
    return { then: 'refused', error, afterMs: undefined };
  }

  #decide(held: HeldDelivery, fate: Fate): void {
    held.interrupt = undefined;
    held.begun = false;
    if (fate.then === 'settled') this.#finished++;
    if (fate.then === 'refused') {
      this.#holdBack(held, fate.error, fate.afterMs);
      this.#leave();
      return;
    }
    this.#goOn();
    if (fate.quiet === undefined) this.#part(held, fate);
    else void fate.quiet.then(() => this.#part(held, fate));
  }

  #part(held: HeldDelivery, fate: Exclude<Fate, { then: 'refused' }>): void {
    if (fate.then === 'wait') this.#putOff(held, fate.afterMs);
    else this.#letGo(held);
    this.#leave();
  }

  #leave(): void {
    this.#running--;
    if (this.#running === 0) this.#idle?.();
    this.#pump();
    this.#ask();
  }

  #letGo(held: HeldDelivery): void {
    this.#held.delete(held);
    const next = held.lane === undefined ? undefined : this.#lanes.leave(held.lane);
    if (next !== undefined) this.#ready.push(next);
    this.#ask();
  }

  #putOff(held: HeldDelivery, afterMs: number): void {
    if (this.#stopping) {
      this.#giveBack(held);
      return;
    }
    const timer = this.#parts.clock.schedule(afterMs, () => {
      this.#waits.delete(held);
      this.#again.push(held);
      this.#pump();
    });
    this.#waits.set(held, timer);
  }

  #holdBack(held: HeldDelivery, error: unknown, afterMs: number | undefined): void {
    if (this.#stopping) {
      this.#giveBack(held);
      return;
    }
    this.#again.push(held);
    if (this.#pause !== undefined) return;
    const { clock, emitter } = this.#parts;
    this.#pauseMs = Math.min(Math.max(FIRST_PAUSE_MS, 2 * this.#pauseMs), LONGEST_PAUSE_MS);
    const forMs = afterMs ?? this.#pauseMs;
    this.#probing = true;
    this.#takeNoMore();
    this.#pause = clock.schedule(forMs, () => {
      this.#pause = undefined;
      this.#pump();
    });
    if (emitter.has('paused')) emitter.emit('paused', { at: clock.wall(), forMs, error });
  }

  /** A handler ran: the policy lets them. */
  #goOn(): void {
    if (!this.#probing || this.#pause !== undefined) return;
    this.#probing = false;
    this.#pauseMs = 0;
    const { clock, emitter } = this.#parts;
    if (emitter.has('resumed')) emitter.emit('resumed', { at: clock.wall() });
    this.#ask();
  }

  /** What was asked for and has not come is for others. What is held stays: it may have been counted. */
  #takeNoMore(): void {
    this.#asked = 0;
    // A broker that does not hear of it is gone, and hands over nothing.
    this.#subscription?.pause().catch(() => {});
  }

  /** As much as there is room for; nothing while it is paused. */
  #ask(): void {
    if (this.#suspended || this.#stopping || this.#probing || this.#subscription === undefined) return;
    const { prefetch } = this.#parts.rules;
    const room = prefetch - this.#held.size - this.#asked;
    // By the handful: a broker that is asked for one at a time has a round trip for each. Not so where all
    // that is held waits for its time: nothing else would come to its end and make room.
    const busy = this.#running + this.#asked + this.#ready.size + this.#again.size > 0;
    if (room <= 0 || (busy && room < prefetch / 4)) return;
    this.#asked += room;
    this.#subscription.request(room);
  }
}
