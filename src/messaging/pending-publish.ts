import type { Timer } from '../kernel/clock.js';
import type { Due } from '../kernel/deadline-list.js';
import type { OutRecord } from './driver.js';

/** What a publish that went well answers. */
export interface Published {
  /** That of the message. */
  readonly id: string;
  /** Where the broker keeps it, in the broker's own words. */
  readonly position: string | undefined;
  /** The broker had it already under this id. */
  readonly duplicate: boolean;
}

/** The first wait before a record is tried again. */
const FIRST_WAIT_MS = 20;

/** A record on its way, until its publisher has an answer. */
export class Pending {
  readonly record: OutRecord;
  readonly resolve: (published: Published) => void;
  readonly reject: (error: unknown) => void;
  /** Those with which it shares its deadline, once it has to wait for an answer. */
  watch: Watch | undefined = undefined;
  answered = false;
  /** Whether it has been handed to the driver, which has not said what came of it. */
  underWay = false;
  waitMs = FIRST_WAIT_MS;
  lastError: unknown = undefined;
  /** Whether an answer before has left it open if the broker holds it. */
  maybeStored = false;
  /** The wait before it is sent again. */
  wait: Timer | undefined = undefined;

  constructor(record: OutRecord, resolve: (published: Published) => void, reject: (error: unknown) => void) {
    this.record = record;
    this.resolve = resolve;
    this.reject = reject;
  }
}

/** The deadline of those that were sent in one batch. */
export class Watch implements Due {
  dueAt: number;
  dueBefore: Due | undefined = undefined;
  dueAfter: Due | undefined = undefined;
  readonly latest = Infinity;
  readonly #waiting: Set<Pending>;

  constructor(waiting: readonly Pending[], dueAt: number) {
    this.#waiting = new Set(waiting);
    this.dueAt = dueAt;
    for (const pending of waiting) pending.watch = this;
  }

  get waiting(): ReadonlySet<Pending> {
    return this.#waiting;
  }

  /** It has its answer, and is held no longer; answers whether it was the last one. */
  leave(pending: Pending): boolean {
    return this.#waiting.delete(pending) && this.#waiting.size === 0;
  }
}
