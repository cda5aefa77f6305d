import { BusClosedError, PublishError, RecordTooLargeError } from '../kernel/bus-errors.js';
import type { Clock, Timer } from '../kernel/clock.js';
import { DeadlineList, type Due } from '../kernel/deadline-list.js';
import { show } from '../kernel/options.js';
import type { Driver, OutRecord, PublishOutcome } from './driver.js';
import { OwnRecord } from './own-record.js';

/** What a publish that went well answers. */
export interface Published {
  /** That of the message. */
  readonly id: string;
  /** Where the broker keeps it, in the broker's own words. */
  readonly position: string | undefined;
  /** The broker had it already under this id. */
  readonly duplicate: boolean;
}

/** So many records go to the broker in one batch at most. */
const LARGEST_BATCH = 256;

/** The first wait before a record is tried again, and the longest. */
const FIRST_WAIT_MS = 20;
const LONGEST_WAIT_MS = 1_000;

/** A record on its way, until its publisher has an answer. */
class Pending implements Due {
  readonly record: OutRecord;
  readonly resolve: (published: Published) => void;
  readonly reject: (error: unknown) => void;
  dueAt = Infinity;
  dueBefore: Due | undefined = undefined;
  dueAfter: Due | undefined = undefined;
  readonly latest = Infinity;
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

/**
 * Sends records to the broker: those of a turn in one batch, each with an answer by its deadline. What the
 * broker refused for the moment, and surely does not hold, is sent again until then.
 */
export class Publisher {
  readonly #driver: Driver;
  readonly #connect: () => Promise<void> | undefined;
  readonly #flushNow = (): void => this.#flush();
  /** A turn of microtasks later, for less than `queueMicrotask` costs. */
  readonly #settled: Promise<void> = Promise.resolve();
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #mostPending: number;
  readonly #due: DeadlineList<Pending>;
  #queue: Pending[] = [];
  #pending = 0;
  #flushing = false;
  #closed = false;
  #idle: (() => void) | undefined;

  constructor(
    driver: Driver,
    connect: () => Promise<void> | undefined,
    clock: Clock,
    timeoutMs: number,
    mostPending: number,
  ) {
    this.#driver = driver;
    this.#connect = connect;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#mostPending = mostPending;
    this.#due = new DeadlineList(clock, pending => this.#expire(pending));
  }

  /** The records that have no answer yet. */
  get pending(): number {
    return this.#pending;
  }

  send(record: OutRecord): Promise<Published> {
    if (this.#closed) return Promise.reject(new BusClosedError(`${this.#driver.name}: the bus is closed`));
    const size = this.#driver.capabilities.maxRecordBytes;
    if (!surelyFits(record, size) && sizeOf(record) > size) {
      const text = `${record.topic}: ${sizeOf(record)} bytes, the broker takes ${size}`;
      return Promise.reject(new RecordTooLargeError(text, { policy: this.#driver.name }));
    }
    if (this.#pending >= this.#mostPending) {
      const text = `${this.#mostPending} messages wait for the broker already`;
      return Promise.reject(this.#error(text, undefined, false, true));
    }
    return new Promise((resolve, reject) => {
      const pending = new Pending(record, resolve, reject);
      this.#pending++;
      if (this.#timeoutMs < Infinity) {
        const now = this.#clock.coarse();
        pending.dueAt = this.#due.fitting(now + this.#timeoutMs);
        this.#due.add(pending, now);
      }
      this.#enqueue(pending);
    });
  }

  /** Takes no more, and resolves when all that was sent has its answer. */
  close(): Promise<void> {
    this.#closed = true;
    return new Promise(resolve => {
      this.#idle = resolve;
      this.#checkIdle();
    });
  }

  #enqueue(pending: Pending): void {
    this.#queue.push(pending);
    if (this.#flushing) return;
    this.#flushing = true;
    // What else is published in this turn of microtasks goes along.
    void this.#settled.then(this.#flushNow);
  }

  #flush(): void {
    this.#flushing = false;
    const queue = this.#queue;
    this.#queue = [];
    if (queue.length <= LARGEST_BATCH) this.#deliver(queue);
    else
      for (let at = 0; at < queue.length; at += LARGEST_BATCH) {
        this.#deliver(queue.slice(at, at + LARGEST_BATCH));
      }
  }

  #deliver(all: readonly Pending[]): void {
    const batch = all.filter(pending => !pending.answered);
    if (batch.length === 0) return;
    const connecting = this.#connect();
    if (connecting === undefined) this.#hand(batch);
    else {
      connecting.then(
        () => this.#hand(batch),
        (error: unknown) => this.#failAll(batch, error, false),
      );
    }
  }

  /** To the driver, which may answer at once. */
  #hand(batch: readonly Pending[]): void {
    for (const pending of batch) pending.underWay = true;
    let outcomes: readonly PublishOutcome[] | Promise<readonly PublishOutcome[]>;
    try {
      outcomes = this.#driver.publish(batch.map(pending => pending.record));
    } catch (error) {
      this.#failAll(batch, error, true);
      return;
    }
    if (!(outcomes instanceof Promise)) this.#learnAll(batch, outcomes);
    else {
      outcomes.then(
        later => this.#learnAll(batch, later),
        (error: unknown) => this.#failAll(batch, error, true),
      );
    }
  }

  #failAll(batch: readonly Pending[], error: unknown, maybeStored: boolean): void {
    this.#learnAll(
      batch,
      batch.map(() => ({ ok: false, error, retryable: true, maybeStored })),
    );
  }

  #learnAll(batch: readonly Pending[], outcomes: readonly PublishOutcome[]): void {
    for (let place = 0; place < batch.length; place++) {
      batch[place]!.underWay = false;
      this.#learn(batch[place]!, outcomes[place]);
    }
  }

  #learn(pending: Pending, outcome: PublishOutcome | undefined): void {
    if (pending.answered) return;
    if (outcome === undefined) {
      this.#fail(pending, this.#error('the driver said nothing of it', undefined, true, true));
    } else if (outcome.ok) {
      this.#answer(pending);
      const { position, duplicate = false } = outcome;
      pending.resolve({ id: pending.record.id, position, duplicate });
    } else if (outcome.retryable && (!outcome.maybeStored || this.#knowsAgain)) {
      pending.lastError = outcome.error;
      pending.maybeStored ||= outcome.maybeStored;
      this.#sendLater(pending);
    } else {
      const { error, maybeStored, retryable } = outcome;
      this.#fail(pending, this.#error(reasonOf(error), error, maybeStored, retryable));
    }
  }

  /** Whether the broker tells a record that it has already, so that sending it twice does no harm. */
  get #knowsAgain(): boolean {
    return this.#driver.capabilities.dedupe === 'native';
  }

  #sendLater(pending: Pending): void {
    const { waitMs } = pending;
    pending.waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
    pending.wait = this.#clock.schedule(waitMs, () => this.#enqueue(pending));
  }

  #expire(pending: Pending): void {
    const { lastError, underWay, maybeStored } = pending;
    const why = lastError === undefined ? '' : `: ${reasonOf(lastError)}`;
    const text = `no answer of the broker within ${this.#timeoutMs} ms${why}`;
    this.#fail(pending, this.#error(text, lastError, underWay || maybeStored, true));
  }

  #fail(pending: Pending, error: PublishError): void {
    this.#answer(pending);
    pending.reject(error);
  }

  #answer(pending: Pending): void {
    pending.answered = true;
    pending.wait?.cancel();
    this.#pending--;
    this.#due.remove(pending);
    this.#checkIdle();
  }

  #checkIdle(): void {
    if (this.#pending > 0) return;
    this.#idle?.();
    this.#idle = undefined;
  }

  #error(text: string, cause: unknown, maybeStored: boolean, retryable: boolean): PublishError {
    const { name } = this.#driver;
    return new PublishError(`${name}: ${text}`, { policy: name, cause, maybeStored, retryable });
  }
}

/** An error in a few words. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : show(error);
}

function surelyFits(record: OutRecord, size: number): boolean {
  return size === Infinity || (record instanceof OwnRecord && record.mostBytes <= size);
}

/** The bytes of a record: its body, and its headers in UTF-8. */
export function sizeOf(record: OutRecord): number {
  let size = record.body.byteLength;
  for (const name in record.headers) size += name.length + byteLength(record.headers[name]!);
  return size;
}

function byteLength(text: string): number {
  let bytes = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    bytes += unit < 0x80 ? 1 : unit < 0x800 ? 2 : unit >= 0xd800 && unit < 0xe000 ? 2 : 3;
  }
  return bytes;
}
