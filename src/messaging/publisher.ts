import { BusClosedError, PublishError, RecordTooLargeError } from '../kernel/bus-errors.js';
import type { Clock } from '../kernel/clock.js';
import { DeadlineList } from '../kernel/deadline-list.js';
import { factOf } from '../kernel/errors.js';
import { show } from '../kernel/options.js';
import type { Driver, OutRecord, PublishOutcome } from './driver.js';
import { OwnRecord } from './own-record.js';
import { Pending, type Published, Watch } from './pending-publish.js';

/** So many records go to the broker in one batch at most. */
const LARGEST_BATCH = 256;

/** The longest wait before a record is tried again. */
const LONGEST_WAIT_MS = 1_000;

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
  readonly #due: DeadlineList<Watch>;
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
    this.#due = new DeadlineList(clock, watch => {
      for (const pending of watch.waiting) this.#expire(pending);
    });
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

  #deliver(batch: readonly Pending[]): void {
    const connecting = this.#connect();
    if (connecting === undefined) this.#hand(batch);
    else {
      this.#watch(batch);
      connecting.then(
        () => this.#hand(batch),
        (error: unknown) => this.#failAll(batch, error, false),
      );
    }
  }

  /** From now on they have so much time; a driver that answers at once needs nobody who watches it. */
  #watch(batch: readonly Pending[]): void {
    if (this.#timeoutMs === Infinity) return;
    // Those that are sent again have their deadline already.
    const fresh = batch.filter(({ watch }) => watch === undefined);
    if (fresh.length === 0) return;
    const now = this.#clock.coarse();
    this.#due.add(new Watch(fresh, this.#due.fitting(now + this.#timeoutMs)), now);
  }

  /** To the driver, which may answer at once. */
  #hand(all: readonly Pending[]): void {
    // Their time may have come while the connection was made: then they are not to be stored any more.
    const batch = all.filter(pending => !pending.answered);
    if (batch.length === 0) return;
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
      this.#watch(batch);
      outcomes.then(
        later => this.#learnAll(batch, later),
        (error: unknown) => this.#failAll(batch, error, true),
      );
    }
  }

  #failAll(batch: readonly Pending[], error: unknown, maybeStored: boolean): void {
    this.#learnAll(
      batch,
      batch.map(() => ({
        ok: false,
        error,
        retryable: !isOver(error),
        maybeStored: maybeStored && !isOver(error),
      })),
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
      if (isOver(error) && !maybeStored && !pending.maybeStored) this.#fail(pending, error);
      else this.#fail(pending, this.#error(reasonOf(error), error, maybeStored, retryable));
    }
  }

  /** Whether the broker tells a record that it has already, so that sending it twice does no harm. */
  get #knowsAgain(): boolean {
    return this.#driver.capabilities.dedupe === 'native';
  }

  #sendLater(pending: Pending): void {
    const { waitMs } = pending;
    pending.waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS);
    this.#watch([pending]);
    pending.wait = this.#clock.schedule(waitMs, () => this.#enqueue(pending));
  }

  #expire(pending: Pending): void {
    const { lastError, underWay, maybeStored } = pending;
    const why = lastError === undefined ? '' : `: ${reasonOf(lastError)}`;
    const text = `no answer of the broker within ${this.#timeoutMs} ms${why}`;
    this.#fail(pending, this.#error(text, lastError, underWay || maybeStored, true));
  }

  #fail(pending: Pending, error: unknown): void {
    this.#answer(pending);
    pending.reject(error);
  }

  #answer(pending: Pending): void {
    pending.answered = true;
    pending.wait?.cancel();
    this.#pending--;
    if (pending.watch?.leave(pending) === true) this.#due.remove(pending.watch);
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

/** Whether it is the way to the broker that has ended for good: then the record is not to blame. */
function isOver(error: unknown): boolean {
  return factOf(error, 'code') === 'ERR_BUS_CLOSED';
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
