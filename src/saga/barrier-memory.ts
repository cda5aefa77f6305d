import { type Clock, systemClock } from '../kernel/clock.js';
import { checkKeys, checkNumber, show } from '../kernel/options.js';
import { BarrierDeadlockError } from './barrier-errors.js';
import type { BarrierMark, BarrierRecord, BarrierStep, BarrierStore } from './barrier-store.js';

/** A transaction of an {@link InMemoryBarrierStore}: others see what it wrote when it has ended well. */
export interface MemoryTransaction {
  /** Does something when the transaction commits, in the order in which it was asked. */
  onCommit(apply: () => void): void;
  /** Undoes something when the transaction rolls back; the latest goes first. */
  onRollback(undo: () => void): void;
}

/** How an `InMemoryBarrierStore` is made. */
export interface InMemoryBarrierOptions {
  /** So many steps are kept at most; then the one that was written longest ago goes. @default 100000 */
  readonly maxSteps?: number;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

interface Entry {
  record: BarrierRecord;
  writtenAt: number;
}

const nothing: BarrierRecord = /* @__PURE__ */ Object.freeze({
  forward: 'none',
  compensate: 'none',
  epoch: 0,
  forwardResult: undefined,
  compensateResult: undefined,
});

const defaults: { readonly maxSteps: number } = /* @__PURE__ */ Object.freeze({ maxSteps: 100_000 });

/** What a transaction holds and has written; all of it ends with it. */
class OpenTransaction implements MemoryTransaction {
  readonly held = new Map<string, () => void>();
  readonly written = new Map<string, BarrierRecord>();
  /** Those whose end it waits for: one for each step that it wants and does not have. */
  readonly waitsFor = new Set<OpenTransaction>();
  /** How many wait for its end: where there are none, it closes no circle. */
  waiters = 0;
  over = false;
  readonly #applies: (() => void)[] = [];
  readonly #undos: (() => void)[] = [];

  onCommit(apply: () => void): void {
    this.#applies.push(apply);
  }

  onRollback(undo: () => void): void {
    this.#undos.push(undo);
  }

  /** Whether it waits for another one, or for one that does. */
  waitsOn(other: OpenTransaction): boolean {
    // Those that are added on the way are looked at as well: a long line must not be a deep stack.
    const line = new Set<OpenTransaction>([this]);
    for (const one of line) {
      if (one === other) return true;
      for (const next of one.waitsFor) line.add(next);
    }
    return false;
  }

  commit(): void {
    for (const apply of this.#applies) apply();
  }

  rollBack(): void {
    for (const undo of this.#undos.reverse()) undo();
  }
}

/** Who holds a step or waits for it last, and the end of its transaction. */
interface Lock {
  readonly by: OpenTransaction;
  readonly end: Promise<void>;
}

/** Whatever is in them, no two have the same. */
const nameOf = ({ saga, step }: BarrierStep): string => `${step.length}:${step}${saga}`;

function stepOf(name: string): string {
  const at = name.indexOf(':') + 1;
  return name.slice(at, at + Number(name.slice(0, at - 1)));
}

/**
 * Keeps the steps of a participant in memory, with transactions that hold rows and roll back, as a database
 * has. For tests, and for first steps.
 */
export class InMemoryBarrierStore implements BarrierStore<MemoryTransaction> {
  readonly #entries = new Map<string, Entry>();
  readonly #locks = new Map<string, Lock>();
  readonly #clock: Clock;
  readonly #maxSteps: number;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: InMemoryBarrierOptions = {}) {
    const owner = 'InMemoryBarrierStore';
    checkKeys(owner, options, ['maxSteps', 'clock']);
    const { maxSteps = defaults.maxSteps, clock = systemClock } = options;
    this.#maxSteps = checkNumber(owner, 'maxSteps', maxSteps, { min: 1, integer: true });
    this.#clock = clock;
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  /** How many steps it keeps. */
  get size(): number {
    return this.#entries.size;
  }

  /** Runs `work` in a transaction: it commits when `work` resolves, and rolls back when it rejects. */
  async transaction<Result>(
    work: (transaction: MemoryTransaction) => Result | Promise<Result>,
  ): Promise<Result> {
    const open = new OpenTransaction();
    try {
      const result = await work(open);
      // What cannot be applied is rolled back, and then nothing may be kept of it.
      open.commit();
      for (const [name, record] of open.written) this.#put(name, record);
      return result;
    } catch (error) {
      open.rollBack();
      throw error;
    } finally {
      open.over = true;
      for (const free of open.held.values()) free();
    }
  }

  async claim(
    transaction: MemoryTransaction,
    step: BarrierStep,
    epoch: number | undefined,
  ): Promise<BarrierRecord> {
    const open = opened(transaction);
    const name = nameOf(step);
    await this.#hold(open, name);
    // It may have ended while it waited.
    opened(open);
    const record = open.written.get(name) ?? this.#entries.get(name)?.record ?? nothing;
    const claimed = { ...record, epoch: Math.max(record.epoch, epoch ?? 0) };
    open.written.set(name, claimed);
    return claimed;
  }

  async mark(transaction: MemoryTransaction, step: BarrierStep, mark: BarrierMark): Promise<void> {
    const { written } = opened(transaction);
    const name = nameOf(step);
    const { direction, result } = mark;
    const marked = { [direction]: mark.mark, [`${direction}Result`]: result };
    written.set(name, { ...(written.get(name) ?? nothing), ...marked });
  }

  purge(retentionMs: number, limit: number, step?: string): Promise<number> {
    const now = this.#clock.now();
    let purged = 0;
    // The one that was written longest ago stands first.
    for (const [name, { writtenAt }] of this.#entries) {
      if (purged >= limit || now - writtenAt < retentionMs) break;
      const of = stepOf(name);
      if (step === undefined ? of.includes(':') : of !== step) continue;
      if (this.#locks.has(name)) continue;
      this.#entries.delete(name);
      purged++;
    }
    return Promise.resolve(purged);
  }

  /**
   * Waits for those who came before. A transaction that holds the step already goes on.
   *
   * @throws BarrierDeadlockError when one of those waits for this one.
   */
  async #hold(open: OpenTransaction, name: string): Promise<void> {
    if (open.held.has(name)) return;
    const before = this.#locks.get(name);
    if (open.waiters > 0 && before?.by.waitsOn(open)) {
      const step = show(name.slice(0, name.indexOf(':')));
      const why = `${step} is held by a transaction that waits for this one: roll back, and ask again`;
      throw new BarrierDeadlockError(`InMemoryBarrierStore: ${why}`);
    }
    let free = (): void => {};
    const end = new Promise<void>(resolve => {
      free = () => {
        if (this.#locks.get(name) === mine) this.#locks.delete(name);
        resolve();
      };
    });
    const mine: Lock = { by: open, end };
    this.#locks.set(name, mine);
    open.held.set(name, free);
    if (before === undefined) return;
    before.by.waiters++;
    open.waitsFor.add(before.by);
    await before.end;
    open.waitsFor.delete(before.by);
    before.by.waiters--;
  }

  #put(name: string, record: BarrierRecord): void {
    this.#entries.delete(name);
    this.#entries.set(name, { record, writtenAt: this.#clock.now() });
    if (this.#entries.size > this.#maxSteps) this.#entries.delete(this.#entries.keys().next().value!);
  }
}

function opened(transaction: MemoryTransaction): OpenTransaction {
  const must = 'InMemoryBarrierStore: the transaction must be';
  if (!(transaction instanceof OpenTransaction)) throw new TypeError(`${must} one of \`transaction(work)\``);
  if (transaction.over) throw new TypeError(`${must} under way, and has ended: await what it does`);
  return transaction;
}
