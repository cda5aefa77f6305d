import { type Due, DueHeap } from './due-heap.js';
import { Lanes } from './lanes.js';

/** What has to stay in the order of its coming: nothing, what has the same key, or all of it. */
export type DeliveryOrder = 'none' | 'key' | 'topic';

/** What came of a settlement: `stale` when the lease had been lost, and nothing was changed. */
export type Settlement = 'done' | 'stale';

/** The rules of one queue. */
export interface DeliveryRules {
  readonly order: DeliveryOrder;
  /** How long a claim holds, in ms. It ends at exactly its end. */
  readonly leaseMs: number;
}

/** A message on its way to one group. */
export class Delivery<M> {
  readonly message: M;
  /** Where the message stands in its topic; a redelivery goes back there. */
  readonly position: number;
  readonly lane: string | undefined;
  /** Smaller goes first. */
  readonly rank: number;
  /** How often it was handed out. */
  attempt = 0;
  /** Which hand-out this is: a holder of an older one is answered `stale`. 0 while nobody holds it. */
  epoch = 0;
  /** When the lease, or the wait for its time, ends. */
  due: Due<Delivery<M>> | undefined = undefined;

  constructor(message: M, position: number, lane: string | undefined, priority: number) {
    this.message = message;
    this.position = position;
    this.lane = lane;
    this.rank = position - priority * PRIORITY_STEP;
  }
}

/** Positions stay below it, so that a higher priority always comes before a lower position. */
const PRIORITY_STEP = 2 ** 43;
const WHOLE_TOPIC = '';

/**
 * What one group of consumers has before it: each message is ready, waits for its time or for another one of
 * its lane, or is leased to one holder.
 *
 * Invariants: a message has at most one holder whose settlement counts; it leaves the queue only by being
 * settled; within a lane the next one is handed out only when the one before has left the queue, so that
 * order holds through redelivery.
 */
export class DeliveryQueue<M> {
  readonly #rules: DeliveryRules;
  readonly #ready = new DueHeap<Delivery<M>>();
  readonly #due = new DueHeap<Delivery<M>>();
  readonly #lanes = new Lanes<Delivery<M>>();
  #epoch = 0;
  #size = 0;
  #leased = 0;

  constructor(rules: DeliveryRules) {
    this.#rules = rules;
  }

  /** All that has not been settled. */
  get size(): number {
    return this.#size;
  }

  /** Those that somebody holds. */
  get leased(): number {
    return this.#leased;
  }

  /** Those that could be claimed now. */
  get ready(): number {
    return this.#ready.size;
  }

  /** When a lease or a wait ends next; `Infinity` when none does. */
  get earliest(): number {
    return this.#due.earliest;
  }

  /** Adds a message; one that is not to come before `notBefore` takes its place in the order only then. */
  add(message: M, position: number, key: string | undefined, priority = 0, notBefore = -Infinity): void {
    const { order } = this.#rules;
    const lane = order === 'topic' ? WHOLE_TOPIC : order === 'key' ? key : undefined;
    const delivery = new Delivery(message, position, lane, priority);
    this.#size++;
    if (notBefore > -Infinity) delivery.due = this.#due.add(delivery, notBefore);
    else this.#line(delivery);
  }

  /** Hands out the first that is ready, until `now + leaseMs`. */
  claim(now: number): Delivery<M> | undefined {
    const delivery = this.#ready.shift(Infinity);
    if (delivery === undefined) return undefined;
    delivery.attempt++;
    delivery.epoch = ++this.#epoch;
    this.#leased++;
    if (this.#rules.leaseMs < Infinity) delivery.due = this.#due.add(delivery, now + this.#rules.leaseMs);
    return delivery;
  }

  /** It has been dealt with, one way or the other: it leaves the queue. */
  settle(delivery: Delivery<M>, epoch: number): Settlement {
    if (!this.#release(delivery, epoch)) return 'stale';
    this.#size--;
    const { lane } = delivery;
    const next = lane === undefined ? undefined : this.#lanes.leave(lane);
    if (next !== undefined) this.#ready.add(next, next.rank);
    return 'done';
  }

  /** Gives it back: to be handed out again, `delayMs` from now. */
  giveBack(delivery: Delivery<M>, epoch: number, delayMs: number, now: number): Settlement {
    if (!this.#release(delivery, epoch)) return 'stale';
    if (delayMs > 0) delivery.due = this.#due.add(delivery, now + delayMs);
    else this.#ready.add(delivery, delivery.rank);
    return 'done';
  }

  /** Gives it back at once, as if it had not been handed out. */
  release(delivery: Delivery<M>, epoch: number): Settlement {
    if (!this.#release(delivery, epoch)) return 'stale';
    delivery.attempt--;
    this.#ready.add(delivery, delivery.rank);
    return 'done';
  }

  /** Makes the lease end `ms` from now. */
  extend(delivery: Delivery<M>, epoch: number, ms: number, now: number): Settlement {
    if (epoch === 0 || delivery.epoch !== epoch) return 'stale';
    if (delivery.due !== undefined) this.#due.remove(delivery.due);
    delivery.due = ms < Infinity ? this.#due.add(delivery, now + ms) : undefined;
    return 'done';
  }

  /** Makes ready whose wait or whose lease has ended by `now`; answers how many leases were lost. */
  wake(now: number): number {
    let lost = 0;
    for (let delivery = this.#due.shift(now); delivery !== undefined; delivery = this.#due.shift(now)) {
      delivery.due = undefined;
      if (delivery.epoch !== 0) {
        delivery.epoch = 0;
        this.#leased--;
        lost++;
      } else if (delivery.attempt === 0) {
        this.#line(delivery);
        continue;
      }
      this.#ready.add(delivery, delivery.rank);
    }
    return lost;
  }

  #line(delivery: Delivery<M>): void {
    const { lane } = delivery;
    if (lane === undefined || this.#lanes.enter(lane, delivery)) this.#ready.add(delivery, delivery.rank);
  }

  #release(delivery: Delivery<M>, epoch: number): boolean {
    if (epoch === 0 || delivery.epoch !== epoch) return false;
    delivery.epoch = 0;
    this.#leased--;
    if (delivery.due !== undefined) {
      this.#due.remove(delivery.due);
      delivery.due = undefined;
    }
    return true;
  }
}
