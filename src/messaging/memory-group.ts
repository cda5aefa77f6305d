import { type Delivery, type DeliveryOrder, DeliveryQueue } from '../core/delivery-queue.js';
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
  readonly held: Set<MemoryDelivery>;
}

/** What all members of a group agree about. */
export interface GroupRules {
  readonly pattern: string;
  readonly order: DeliveryOrder;
  readonly leaseMs: number;
}

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

  add({ position, record }: Kept): void {
    const { notBefore, key, priority } = record;
    const waitMs = notBefore === undefined ? 0 : notBefore - this.#clock.wall();
    const from = waitMs > 0 ? this.#clock.now() + waitMs : -Infinity;
    this.#queue.add({ position, record }, position, key, priority, from);
  }

  join(sink: Sink): Member {
    const member: Member = { sink, credit: 0, held: new Set() };
    this.#members.push(member);
    return member;
  }

  /** What it holds goes to the others at once. */
  leave(member: Member): void {
    const place = this.#members.indexOf(member);
    if (place < 0) return;
    this.#members.splice(place, 1);
    member.credit = 0;
    for (const held of [...member.held]) this.giveBack(held, 0);
    if (this.#members.length === 0) this.#stopTimer();
  }

  /** Hands out what is ready, to each member in turn, as long as they take. */
  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      this.#queue.wake(this.#clock.now());
      for (let member = this.#next(); member !== undefined; member = this.#next()) {
        // A consumer may have kept the turn since the one before: the lease begins now.
        const delivery = this.#claim(this.#clock.now());
        if (delivery === undefined) break;
        member.credit--;
        const handed = new MemoryDelivery(this, member, delivery);
        member.held.add(handed);
        member.sink.deliver(handed);
      }
    } finally {
      this.#pumping = false;
    }
    this.#arm();
  }

  settle(handed: MemoryDelivery): Settled {
    handed.member.held.delete(handed);
    if (this.#queue.settle(handed.delivery, handed.epoch) === 'stale') return 'stale';
    // What stood behind it in its lane may go ahead.
    if (handed.delivery.lane !== undefined) this.pump();
    return 'done';
  }

  giveBack(handed: MemoryDelivery, delayMs: number): Settled {
    handed.member.held.delete(handed);
    const answer = this.#queue.giveBack(handed.delivery, handed.epoch, delayMs, this.#clock.now());
    if (answer === 'stale') return 'stale';
    this.pump();
    return 'done';
  }

  release(handed: MemoryDelivery): Settled {
    handed.member.held.delete(handed);
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
export class MemoryDelivery implements RawDelivery {
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
