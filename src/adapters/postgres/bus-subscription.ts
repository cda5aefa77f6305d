import { matchesPattern } from '../../core/topic-pattern.js';
import type { Timer } from '../../kernel/clock.js';
import { systemRandom } from '../../kernel/random.js';
import type { DriverSubscription, Sink, SubscribeSpec } from '../../messaging/driver.js';
import { type Claimant, claimFree, LaneClaims } from './bus-claim.js';
import { type Holder, PostgresDelivery } from './bus-delivery.js';
import { catchUp, enterGroup, type Group, keepGroup, leaveAlone } from './bus-groups.js';
import type { Settlements } from './bus-settle.js';
import type { Row } from './client.js';
import type { Database } from './database.js';

/** What all subscriptions of a driver have in common. */
export interface SubscriptionParts {
  readonly db: Database;
  readonly settlements: Settlements;
  /** The longest wait between two looks, in ms. */
  readonly pollMs: number;
}

const MOST_CLAIMED = 500;
/** The first wait after a look that found nothing, and after one that failed. */
const FIRST_POLL_MS = 10;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;
const KEEP_MS = 15_000;
const FIRST_CATCH_UP_MS = 100;
const LONGEST_CATCH_UP_MS = 10_000;

/** Looks for deliveries as long as they are asked for: at once when woken, else less and less often. */
export class PostgresSubscription implements DriverSubscription, Holder {
  readonly settlements: Settlements;
  readonly #parts: SubscriptionParts;
  readonly #spec: SubscribeSpec;
  readonly #sink: Sink;
  readonly #member: string;
  readonly #onClosed: (subscription: PostgresSubscription) => void;
  readonly #held = new Set<PostgresDelivery>();
  #group: Group;
  #claimant!: Claimant;
  #lanes!: LaneClaims;
  #credit = 0;
  #epoch = 0;
  #claiming: Promise<void> | undefined;
  #woken = false;
  #waitMs = FIRST_POLL_MS;
  #retryMs = FIRST_RETRY_MS;
  #poll: Timer | undefined;
  #pollAt = Infinity;
  #upkeep: Timer | undefined;
  #catchUp: Timer | undefined;
  /** What it was that did not reach the server, since it was told that it is lost. */
  #lost: 'look' | 'settlement' | undefined;
  #closed = false;
  readonly #unwatch: () => void;

  constructor(
    parts: SubscriptionParts,
    spec: SubscribeSpec,
    sink: Sink,
    entered: { readonly group: Group; readonly member: string },
    onClosed: (subscription: PostgresSubscription) => void,
  ) {
    this.settlements = parts.settlements;
    // One that is busy with what it has does not look for more, and would not notice.
    this.#unwatch = parts.settlements.watch({
      unreached: error => this.#lose(error, 'settlement'),
      reached: () => {
        if (this.#lost === 'settlement') this.#recover();
      },
    });
    this.#parts = parts;
    this.#spec = spec;
    this.#sink = sink;
    this.#member = entered.member;
    this.#onClosed = onClosed;
    this.#group = entered.group;
    this.#join(entered.group);
    this.#keepUp();
  }

  now(): number {
    return this.#parts.db.clock.now();
  }

  request(count: number): void {
    this.#credit += count;
    this.#look();
  }

  /** What is being claimed comes too late, and is given back. */
  async pause(): Promise<void> {
    this.#credit = 0;
    this.#epoch++;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of [this.#poll, this.#upkeep, this.#catchUp]) timer?.cancel();
    await this.pause();
    await this.#claiming;
    this.#onClosed(this);
    // A server that does not hear of it hands them out again when their leases are over.
    await Promise.allSettled([...this.#held].map(delivery => delivery.nack(0)));
    await this.settlements.idle();
    this.#unwatch();
    if (this.#spec.group !== undefined) return;
    await leaveAlone(this.#parts.db, this.#group.id).catch(() => {});
  }

  /** Somebody published: to `topic`, or nobody knows where. */
  wake(topic?: string): void {
    if (topic !== undefined && !matchesPattern(this.#spec.pattern, topic)) return;
    this.#waitMs = FIRST_POLL_MS;
    if (this.#claiming !== undefined) this.#woken = true;
    else this.#look();
  }

  settled(delivery: PostgresDelivery, dueMs: number | undefined): void {
    this.#held.delete(delivery);
    if (this.#closed) return;
    if (dueMs !== undefined) this.#pollIn(dueMs);
    // What stood behind it in its lane may go ahead.
    else if (delivery.inLane) this.wake();
  }

  #join(group: Group): void {
    this.#group = group;
    this.#claimant = { group: group.id, member: this.#member, leaseMs: this.#spec.leaseMs };
    this.#lanes = new LaneClaims(this.#parts.db, this.#claimant);
    this.#catchUp?.cancel();
    if (group.awaiting) this.#catchUpIn(FIRST_CATCH_UP_MS);
  }

  #look(): void {
    if (this.#closed || this.#claiming !== undefined || this.#credit <= 0) return;
    this.#poll?.cancel();
    this.#pollAt = Infinity;
    this.#claiming = new Promise(resolve => {
      // What else is asked for in this turn goes along.
      this.#parts.db.clock.afterTurn(() => void this.#claim().finally(resolve));
    });
  }

  async #claim(): Promise<void> {
    const wanted = Math.min(this.#credit, MOST_CLAIMED);
    const epoch = this.#epoch;
    const from = this.now();
    this.#woken = false;
    let rows: readonly Row[] = [];
    let failure: { readonly error: unknown } | undefined;
    try {
      if (wanted > 0) rows = await this.#take(wanted);
    } catch (error) {
      failure = { error };
    }
    this.#claiming = undefined;
    if (failure !== undefined) {
      this.#fail(failure.error);
      return;
    }
    this.#hand(rows, epoch, from + this.#spec.leaseMs);
    this.#recover();
    const found = rows.length;
    if (found > 0) this.#waitMs = FIRST_POLL_MS;
    if (found >= wanted || this.#woken) this.#look();
    else {
      this.#pollIn(this.#waitMs * (0.8 + 0.4 * systemRandom()));
      this.#waitMs = Math.min(2 * this.#waitMs, this.#parts.pollMs);
    }
  }

  async #take(wanted: number): Promise<readonly Row[]> {
    const { db } = this.#parts;
    const { order } = this.#spec;
    const laned = order === 'none' ? [] : await this.#lanes.take(wanted);
    if (order === 'topic' || laned.length >= wanted) return laned;
    const free = await claimFree(db, this.#claimant, wanted - laned.length);
    return [...laned, ...free];
  }

  #hand(rows: readonly Row[], epoch: number, until: number): void {
    for (const row of rows) {
      const delivery = new PostgresDelivery(this, row, this.#group.id, this.#member, until);
      this.#held.add(delivery);
      if (row['expired'] === true) void delivery.ack().catch(() => {});
      // It came too late: nobody asks for it any more.
      else if (epoch !== this.#epoch) void delivery.release().catch(() => {});
      else {
        this.#credit--;
        this.#sink.deliver(delivery);
      }
    }
  }

  #pollIn(ms: number): void {
    const at = this.now() + ms;
    if (this.#closed || this.#credit <= 0 || this.#claiming !== undefined || at >= this.#pollAt) return;
    this.#poll?.cancel();
    this.#pollAt = at;
    // Somebody waits for messages: the process must live to get them.
    this.#poll = this.#parts.db.clock.schedule(ms, () => this.#look(), true);
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.#lose(error, 'look');
    this.#pollIn(this.#retryMs);
    this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY_MS);
  }

  #lose(error: unknown, by: 'look' | 'settlement'): void {
    if (this.#closed) return;
    if (this.#lost === undefined) this.#sink.lost(error);
    // What a look has not found, a settlement does not prove to be there.
    if (this.#lost !== 'look') this.#lost = by;
  }

  #recover(): void {
    this.#retryMs = FIRST_RETRY_MS;
    if (this.#lost === undefined) return;
    this.#lost = undefined;
    this.#sink.ready();
  }

  /** Sees that the group is still there; one that somebody deleted is made again. */
  #keepUp(): void {
    if (this.#closed) return;
    this.#upkeep = this.#parts.db.clock.schedule(KEEP_MS, () => {
      void this.#keep()
        .catch((error: unknown) => this.#fail(error))
        .finally(() => this.#keepUp());
    });
  }

  async #keep(): Promise<void> {
    const { db } = this.#parts;
    if (await keepGroup(db, this.#group.id, this.#spec.group === undefined)) return;
    this.#fail(new Error(`the group of ${this.#spec.pattern} is gone`));
    const group = await enterGroup(db, this.#spec, this.#member);
    if (this.#closed) return;
    this.#join(group);
    this.wake();
  }

  #catchUpIn(ms: number): void {
    if (this.#closed) return;
    const { db } = this.#parts;
    this.#catchUp = db.clock.schedule(ms, () => {
      catchUp(db, this.#group.id).then(
        again => {
          if (again) this.#catchUpIn(Math.min(2 * ms, LONGEST_CATCH_UP_MS));
        },
        () => this.#catchUpIn(ms),
      );
    });
  }
}
