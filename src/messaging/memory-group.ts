import { type Delivery, type DeliveryOrder, DeliveryQueue } from '../core/delivery-queue.js';
import { type Listed, Roll } from '../core/roll.js';
import type { Clock, Timer } from '../kernel/clock.js';
import type { DeadRecord, OutRecord, RawDelivery, Settled, Sink } from './driver.js';

/** A record as memory keeps it. */
export interface Kept {
  readonly position: number;
  readonly record: OutRecord;
}

/** A consumer of a group. */
export interface Member {
  readonly sink: Sink;
  credit: number;
  readonly held: Roll<MemoryDelivery>;
}

/** What all members of a group agree about. */
export interface GroupRules {
  readonly pattern: string;
  readonly order: DeliveryOrder;
  readonly leaseMs: number;
}

/**
 * For so long it hands out in one turn of the event loop, and so many in any case. Handlers that answer at
 * once would keep the turn until nothing is left, and neither timers nor sockets would come to theirs.
 */
const TURN_MS = 10;
const FEWEST_IN_TURN = 20;

/** What one group has before it, and who takes it. */
export class MemoryGroup {
  readonly rules: GroupRules;
  readonly #clock: Clock;
  readonly #queue: DeliveryQueue<Kept>;
  readonly #members: Member[] = [];
  readonly #dead: DeadRecord[] = [];
  readonly #mostDead: number;
  #turn = 0;
  #pumping = false;
  #timer: Timer | undefined;
  #timerAt = 0;
  #expired = 0;
  readonly #endTurn = (): void => {
    this.#turnEndsAt = 0;
    if (!this.#resting) return;
    this.#resting = false;
    this.pump();
  };
  /** Monotonic; 0 before anything is handed out in this turn. */
  #turnEndsAt = 0;
  #inTurn = 0;
  #resting = false;

  constructor(rules: GroupRules, clock: Clock, mostDead: number) {
    this.rules = rules;
    this.#clock = clock;
    this.#mostDead = mostDead;
    this.#queue = new DeliveryQueue(rules);
  }

  get backlog(): number {
    return this.#queue.size;
  }

  get expired(): number {
    return this.#expired;
  }

  /** The oldest first. */
  get dead(): readonly DeadRecord[] {
    return this.#dead;
  }

  add(kept: Kept): void {
    const { notBefore, key, priority } = kept.record;
    const waitMs = notBefore === undefined ? 0 : notBefore - this.#clock.wall();
    const from = waitMs > 0 ? this.#clock.now() + waitMs : -Infinity;
    this.#queue.add(kept, kept.position, key, priority, from);
  }

  join(sink: Sink): Member {
    const member: Member = { sink, credit: 0, held: new Roll() };
    this.#members.push(member);
    return member;
  }

  /** What it holds goes to the others at once. */
  leave(member: Member): void {
    const place = this.#members.indexOf(member);
    if (place < 0) return;
    this.#members.splice(place, 1);
    member.credit = 0;
    for (const held of member.held.all()) this.giveBack(held, 0);
    if (this.#members.length === 0) this.#stopTimer();
  }

  /** Hands out what is ready, to each member in turn, as long as they take. */
  pump(): void {
    if (this.#pumping || this.#resting) return;
    this.#pumping = true;
    try {
      let now = this.#clock.now();
      this.#queue.wake(now);
      for (let count = 0; this.#queue.ready > 0; count++) {
        const member = this.#next();
        if (member === undefined) break;
        // A consumer may have kept the turn since the one before: the lease begins now.
        if (count > 0) now = this.#clock.now();
        if (this.#hasHadItsTurn(now)) break;
        const delivery = this.#claim(now);
        if (delivery === undefined) break;
        member.credit--;
        const handed = new MemoryDelivery(this, member, delivery);
        member.held.enter(handed);
        member.sink.deliver(handed);
      }
    } finally {
      this.#pumping = false;
    }
    this.#arm();
  }

  settle(handed: MemoryDelivery): Settled {
    handed.member.held.leave(handed);
    if (this.#queue.settle(handed.delivery, handed.epoch) === 'stale') return 'stale';
    // What stood behind it in its lane may go ahead.
    if (handed.delivery.lane !== undefined) this.pump();
    return 'done';
  }

  giveBack(handed: MemoryDelivery, delayMs: number): Settled {
    handed.member.held.leave(handed);
    const answer = this.#queue.giveBack(handed.delivery, handed.epoch, delayMs, this.#clock.now());
    if (answer === 'stale') return 'stale';
    this.pump();
    return 'done';
  }

  release(handed: MemoryDelivery): Settled {
    handed.member.held.leave(handed);
    if (this.#queue.release(handed.delivery, handed.epoch) === 'stale') return 'stale';
    this.pump();
    return 'done';
  }

  extend(handed: MemoryDelivery, ms: number): Settled {
    const answer = this.#queue.extend(handed.delivery, handed.epoch, ms, this.#clock.now());
    if (answer === 'stale') return 'stale';
    this.#arm();
    return 'done';
  }

  bury(handed: MemoryDelivery, headers: Readonly<Record<string, string>>): Settled {
    if (this.#dead.length >= this.#mostDead) {
      throw new Error(`there are ${this.#mostDead} dead letters already`);
    }
    const { record, position } = handed;
    const answer = this.settle(handed);
    if (answer !== 'done') return answer;
    const { topic, id, key } = record;
    // Its body may not be written yet; nobody may ever look at it.
    const dead = {
      topic,
      id,
      key,
      headers: { ...record.headers, ...headers },
      get body() {
        return record.body;
      },
    };
    this.#dead.push({ position, record: dead });
    return 'done';
  }

  /** Takes a dead letter away; false where there is none at this position. */
  discard(position: string): boolean {
    const place = this.#dead.findIndex(dead => dead.position === position);
    if (place >= 0) this.#dead.splice(place, 1);
    return place >= 0;
  }

  /** Nobody is to be handed anything any more. */
  close(): void {
    this.#stopTimer();
    this.#members.length = 0;
  }

  #next(): Member | undefined {
    const members = this.#members;
    for (let tried = 0; tried < members.length; tried++) {
      this.#turn = (this.#turn + 1) % members.length;
      const member = members[this.#turn]!;
      if (member.credit > 0) return member;
    }
    return undefined;
  }

  #hasHadItsTurn(now: number): boolean {
    if (this.#turnEndsAt === 0) {
      this.#turnEndsAt = now + TURN_MS;
      this.#inTurn = 0;
      this.#clock.afterTurn(this.#endTurn);
    }
    // A virtual clock has no turns, and has ended this one already.
    this.#inTurn++;
    this.#resting = this.#turnEndsAt !== 0 && now > this.#turnEndsAt && this.#inTurn > FEWEST_IN_TURN;
    return this.#resting;
  }

  /** The next that has not come to its end. */
  #claim(now: number): Delivery<Kept> | undefined {
    for (;;) {
      const delivery = this.#queue.claim(now);
      if (delivery === undefined) return undefined;
      const { expiresAt } = delivery.message.record;
      if (expiresAt === undefined || this.#clock.wall() < expiresAt) return delivery;
      this.#expired++;
      this.#queue.settle(delivery, delivery.epoch);
    }
  }

  /** One timer for the lease or the wait that ends first. */
  #arm(): void {
    const at = this.#members.length === 0 ? Infinity : this.#queue.earliest;
    if (this.#timer !== undefined && this.#timerAt <= at) return;
    this.#stopTimer();
    if (at === Infinity) return;
    this.#timerAt = at;
    this.#timer = this.#clock.schedule(at - this.#clock.now(), () => {
      this.#timer = undefined;
      this.pump();
    });
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

/** A delivery as its consumer holds it. */
export class MemoryDelivery implements RawDelivery, Listed {
  place = -1;
  readonly member: Member;
  readonly delivery: Delivery<Kept>;
  readonly epoch: number;
  readonly attempt: number;
  readonly #group: MemoryGroup;

  constructor(group: MemoryGroup, member: Member, delivery: Delivery<Kept>) {
    this.#group = group;
    this.member = member;
    this.delivery = delivery;
    this.epoch = delivery.epoch;
    this.attempt = delivery.attempt;
  }

  get record(): OutRecord {
    return this.delivery.message.record;
  }

  get position(): string {
    return String(this.delivery.position);
  }

  ack(): Settled {
    return this.#group.settle(this);
  }

  async nack(delayMs: number): Promise<Settled> {
    return this.#group.giveBack(this, delayMs);
  }

  async release(): Promise<Settled> {
    return this.#group.release(this);
  }

  async extend(ms: number): Promise<Settled> {
    return this.#group.extend(this, ms);
  }

  async deadLetter(headers: Readonly<Record<string, string>>): Promise<Settled> {
    return this.#group.bury(this, headers);
  }
}
