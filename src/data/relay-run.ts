import pLimit from 'p-limit';
import { afterPublishFailure, BusPause, type PublishVerdict } from '../core/outbox-failure.js';
import { type Hold, OutboxHolds } from '../core/outbox-holds.js';
import { clearedBy, type Lane, OutboxLanes, suspectsAmong } from '../core/outbox-lanes.js';
import type { Clock } from '../kernel/clock.js';
import { newId, type Random } from '../kernel/random.js';
import type { OutboxBus } from './outbox-bus.js';
import type { OutboxClaim, OutboxRow, OutboxStore } from './outbox-store.js';
import { RelayConfirms } from './relay-confirms.js';
import { pauseBackoff, type RelayDefaults, triesBackoff } from './relay-options.js';
import { RelayPublish } from './relay-publish.js';
import type { RelayReport } from './relay-report.js';

/** What a run is made of. */
export interface RunParts {
  readonly store: OutboxStore<never>;
  readonly bus: OutboxBus;
  readonly rules: RelayDefaults;
  readonly classify: (error: unknown) => PublishVerdict;
  readonly clock: Clock;
  readonly random: Random;
  readonly report: RelayReport;
  /** There is room for more. */
  readonly onRoom: () => void;
  /** A bucket that others are to have is through. */
  readonly onLeft: () => void;
}

/** A bucket is read so far at least. */
const LEAST_REACH = 16;

/**
 * Leads messages from the store to the bus, as one of many relays: those of a key one after the other, those
 * of different keys side by side, and what may have ended a relay alone.
 */
export class RelayRun {
  readonly #parts: RunParts;
  /** A name that no other relay has, nor this one when it starts again. */
  readonly #relay = newId();
  readonly #holds: OutboxHolds;
  readonly #lanes = new OutboxLanes<OutboxRow>();
  readonly #pause: BusPause;
  readonly #publish: RelayPublish;
  readonly #limit: ReturnType<typeof pLimit>;
  readonly #confirms: RelayConfirms;
  readonly #reach: number;
  /** Whether there was as much as was asked for: then little of each bucket is enough. */
  #plenty = false;
  readonly #running = new Set<Promise<unknown>>();
  readonly #holdOf = (bucket: number): Hold | undefined => this.#holds.get(bucket);
  #closing = false;
  #telling = false;

  constructor(parts: RunParts) {
    this.#parts = parts;
    const { batch, concurrency, pauseMs, leaseMs, marginMs } = parts.rules;
    this.#holds = new OutboxHolds({ leaseMs, marginMs });
    this.#pause = new BusPause(pauseBackoff(pauseMs));
    this.#publish = new RelayPublish(parts.bus, parts.clock, parts.rules.publishTimeoutMs);
    this.#limit = pLimit(concurrency);
    this.#confirms = new RelayConfirms((hold, ids) => this.#confirm(hold, ids), parts.clock);
    this.#reach = Math.min(batch, Math.max(LEAST_REACH, Math.ceil(batch / 4)));
  }

  get buckets(): number {
    return this.#holds.size;
  }

  get open(): number {
    return this.#lanes.size;
  }

  get paused(): boolean {
    return this.#pause.paused;
  }

  /** Whether others have what should be here: ask again soon. */
  get hungry(): boolean {
    return this.#holds.hungry;
  }

  /** Whether others may have something that is still here. */
  get mayRelease(): boolean {
    return this.#holds.mayRelease;
  }

  /** Tells the store that this relay lives, and hears what it has. */
  async beat(): Promise<void> {
    const { store, rules, clock, report } = this.#parts;
    const { leaseMs, maxCrashes } = rules;
    const before = this.#holds.size;
    const asked = clock.now();
    const plan = this.#holds.plan();
    const facts = { relay: this.#relay, leaseMs, maxCrashes, reach: this.#reach };
    const { grants, relays, crashed } = await store.beat({ ...facts, ...plan });
    for (const { bucket } of this.#holds.learn(grants, relays, asked)) report.lost(bucket);
    for (const parked of crashed) report.parked(parked.messageId, parked.key, parked.topic, 'crashed');
    if (this.#holds.size !== before) report.shared(this.#holds.size, relays);
    this.#parts.onRoom();
  }

  /** Reads what there is, and begins to publish it; whether there may be more to read. */
  async round(): Promise<boolean> {
    const { store, clock, rules } = this.#parts;
    const now = clock.now();
    const holds = this.#holds.readable(now);
    const limit = Math.min(rules.batch - this.#lanes.size, this.#pause.room(now, this.#lanes.size));
    if (this.#closing || holds.length === 0 || limit < 1) return false;
    const buckets = holds.map(({ bucket }) => bucket);
    const skip = this.#lanes.skip(now);
    const reach = this.#plenty ? this.#leastReach(rules.batch / holds.length) : this.#reach;
    const rows = await store.read({ buckets, reach, limit, skip });
    this.#plenty = rows.length >= limit;
    const suspects = suspectsAmong(rows, this.#holdOf);
    if (suspects.length > 0) {
      // Were it beside others, nobody could tell which of them ended the relay.
      if (this.#lanes.size > 0) return false;
      return this.#alone(suspects);
    }
    const more = rows.length >= Math.min(limit, reach);
    await this.#trust(rows, holds, more);
    for (const lane of this.#lanes.enter(rows, this.#holdOf)) this.#start(lane);
    return more;
  }

  /** How far into each bucket to read for some rows of each, though not all have as many. */
  #leastReach(some: number): number {
    return Math.min(this.#reach, Math.max(LEAST_REACH, Math.ceil(1.25 * some)));
  }

  /** When to look again though nobody says that there is something. */
  get nextAt(): number {
    const now = this.#parts.clock.now();
    const paused = this.#pause.until > now ? this.#pause.until : Infinity;
    return Math.min(paused, this.#lanes.earliest(now));
  }

  /** Begins nothing more. */
  stop(): void {
    this.#closing = true;
  }

  /** Resolves when what was begun is through, and the buckets are free. */
  async close(): Promise<void> {
    this.stop();
    await Promise.all(this.#running);
    await this.#parts.store.leave(this.#relay);
  }

  #start(lane: Lane<OutboxRow>): void {
    // What is with the bus no more takes nobody's place there while it is being written down.
    const run = this.#limit(() => this.#publishLane(lane))
      .then(written => Promise.all(written))
      .finally(() => {
        this.#lanes.leave(lane);
        this.#running.delete(run);
        if (lane.hold.leaving && lane.hold.open === 0) this.#parts.onLeft();
        // Not for each: a read for one message costs as much as one for many.
        if (this.#lanes.size <= this.#parts.rules.batch / 2) this.#tellOfRoom();
      });
    this.#running.add(run);
  }

  /** When the turn is over: lanes that were written down together make room together, for a whole batch. */
  #tellOfRoom(): void {
    if (this.#telling) return;
    this.#telling = true;
    this.#parts.clock.afterTurn(() => {
      this.#telling = false;
      this.#parts.onRoom();
    });
  }

  /**
   * Its messages one after the other; the first that does not go ends it. Resolves with what it has to wait
   * for until all that went is written down.
   */
  async #publishLane({ hold, rows }: Lane<OutboxRow>): Promise<readonly Promise<boolean>[]> {
    const written: Promise<boolean>[] = [];
    for (const row of rows) {
      if (this.#closing || !this.#holds.mayBegin(hold, this.#parts.clock.now())) break;
      const failure = await this.#publish.of(row);
      if (failure !== undefined) {
        await Promise.all(written);
        await this.#failed(hold, row, failure.error);
        break;
      }
      this.#published(row);
      const done = this.#confirms.add(hold, row.id);
      if (done !== written.at(-1)) written.push(done);
    }
    return written;
  }

  /** One after the other, each of them noted before it is tried; whether there may be more. */
  async #alone(suspects: readonly OutboxRow[]): Promise<boolean> {
    const { store, clock } = this.#parts;
    const behind = new Set<string>();
    for (const row of suspects) {
      const hold = this.#holds.get(row.bucket);
      if (this.#closing || hold === undefined || !this.#holds.mayBegin(hold, clock.now())) return false;
      if (behind.has(row.key)) continue;
      if (!(await this.#ask(hold, claim => store.mark(claim, row.id)))) return true;
      if (!this.#holds.mayBegin(hold, clock.now())) return false;
      const failure = await this.#publish.of(row);
      if (failure === undefined) {
        this.#published(row);
        await this.#confirm(hold, [row.id]);
      } else {
        behind.add(row.key);
        if (!(await this.#failed(hold, row, failure.error))) {
          await this.#ask(hold, claim => store.mark(claim, undefined));
          return false;
        }
      }
    }
    return true;
  }

  /** What is open or at rest was not read, so that nothing is known of it. */
  async #trust(rows: readonly OutboxRow[], holds: readonly Hold[], more: boolean): Promise<void> {
    const { store, clock } = this.#parts;
    if (this.#lanes.earliest(clock.now()) < Infinity) return;
    const calm = holds.filter(({ open }) => open === 0);
    const trusted = clearedBy(rows, calm, more).map(async hold => {
      if (await this.#ask(hold, claim => store.trust(claim))) hold.suspectTo = undefined;
    });
    await Promise.all(trusted);
  }

  #published(row: OutboxRow): void {
    this.#pause.worked();
    this.#lanes.wake(row.key);
    this.#parts.report.published(row);
  }

  #confirm(hold: Hold, ids: readonly number[]): Promise<boolean> {
    return this.#ask(hold, claim => this.#parts.store.confirm(claim, ids));
  }

  /** Whether that is written down; what says nothing of the message is not. */
  async #failed(hold: Hold, row: OutboxRow, error: unknown): Promise<boolean> {
    const { store, classify, clock, random, rules, report } = this.#parts;
    const verdict = classify(error);
    if (verdict === 'unreachable') {
      const now = clock.now();
      this.#pause.failed(now, random());
      const times = Math.min(2 ** this.#lanes.restsOf(row.key), 2 ** 10);
      const retryMs = Math.min(rules.pauseMs * times, 30_000);
      this.#lanes.rest(row.key, now + retryMs);
      report.failed(row, verdict, retryMs, error);
      return false;
    }
    const tries = { attempts: rules.attempts, backoff: triesBackoff(rules.retryMs) };
    const after = afterPublishFailure(tries, verdict, row.tries, random());
    const waitMs = after.then === 'wait' ? after.waitMs : undefined;
    const reason = after.then === 'park' ? after.reason : 'failed';
    const trouble = { id: row.id, tries: row.tries + 1, waitMs, reason, error: wordsOf(error) };
    const held = await this.#ask(hold, claim => store.trouble(claim, trouble));
    if (waitMs !== undefined) report.failed(row, verdict, waitMs, error);
    else if (held) report.parked(row.messageId, row.key, row.topic, reason, error);
    return held;
  }

  /**
   * Asks the store until it answers, as long as the bucket is here: what the bus has must not be forgotten
   * while somebody could still write it down. Whether the claim was good.
   */
  async #ask(hold: Hold, ask: (claim: OutboxClaim) => Promise<boolean>): Promise<boolean> {
    const { report, clock, rules } = this.#parts;
    while (this.#holds.has(hold)) {
      try {
        const held = await ask({ relay: this.#relay, bucket: hold.bucket, epoch: hold.epoch });
        if (!held && this.#holds.has(hold)) {
          this.#holds.drop(hold);
          report.lost(hold.bucket);
        }
        return held;
      } catch (error) {
        report.interrupted(error);
        if (this.#closing) return false;
        await new Promise<void>(resolve => clock.schedule(rules.pollMs, resolve));
      }
    }
    return false;
  }
}

const LONGEST_WORDS = 500;

/** An error in a few words. */
function wordsOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.slice(0, LONGEST_WORDS);
}
