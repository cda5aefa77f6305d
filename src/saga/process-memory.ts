import { ProcessOutbox } from '../core/process-outbox.js';
import type { ProcessOutboxResult } from '../core/process-outbox-line.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import { checkKeys, checkNumber, given } from '../kernel/options.js';
import type { DiscardedCommand, ParkedCommand, ParkedQuery } from './process-parking.js';
import type {
  LoadedProcess,
  OutboxRun,
  ProcessChange,
  ProcessStore,
  ProcessTimeout,
  SavedProcess,
} from './process-store.js';

/** How an `InMemoryProcessStore` is made. */
export interface InMemoryProcessOptions {
  /**
   * So many processes of a kind that have ended are known again; the one that ended first goes first. One of
   * which something is to be published is kept besides. @default 10000
   */
  readonly maxEnded?: number;
  /** So many messages of a kind are known again; the one that was seen first goes first. @default 100000 */
  readonly maxSeen?: number;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

/** How much it keeps of each kind. */
type Limits = Required<Omit<InMemoryProcessOptions, 'clock'>>;

const defaults: Limits = /* @__PURE__ */ Object.freeze({ maxEnded: 10_000, maxSeen: 100_000 });

interface Kept {
  saved: SavedProcess;
  endedAt: number | undefined;
  readonly due: Map<string, { readonly generation: number; dueAt: number }>;
}

/** All processes of one kind. */
class Kind {
  readonly processes = new Map<string, Kept>();
  /** The keys of those that may be forgotten: they have ended, and nothing of them is to be published. */
  readonly ended = new Set<string>();
  /** When each message was seen; the one seen first stands first. */
  readonly seen = new Map<string, number>();
  readonly outbox = new ProcessOutbox();
  readonly #limits: Limits;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  see(message: string, now: number): void {
    this.seen.set(message, now);
    if (this.seen.size > this.#limits.maxSeen) this.seen.delete(this.seen.keys().next().value!);
  }

  /** Something has become of a process: it may have ended, or be through with what it had to publish. */
  review(key: string): void {
    if (this.processes.get(key)?.endedAt === undefined || this.outbox.waiting(key) > 0) return;
    this.ended.add(key);
    if (this.ended.size > this.#limits.maxEnded) this.forget(this.ended.values().next().value!);
  }

  forget(key: string): void {
    this.ended.delete(key);
    this.processes.delete(key);
  }
}

/** Keeps processes in memory, for tests and first steps: what it holds is gone with the program. */
export class InMemoryProcessStore implements ProcessStore {
  readonly #kinds = new Map<string, Kind>();
  readonly #limits: Limits;
  readonly #clock: Clock;
  #leases = 0;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: InMemoryProcessOptions = {}) {
    const owner = 'InMemoryProcessStore';
    checkKeys(owner, options, ['maxEnded', 'maxSeen', 'clock']);
    const { clock = systemClock, ...limits } = { ...defaults, ...given(options) };
    checkNumber(owner, 'maxEnded', limits.maxEnded, { min: 1, integer: true });
    checkNumber(owner, 'maxSeen', limits.maxSeen, { min: 1, integer: true });
    this.#limits = limits;
    this.#clock = clock;
  }

  /** What stands where an option was left out. */
  static get defaults(): Required<Omit<InMemoryProcessOptions, 'clock'>> {
    return defaults;
  }

  load(process: string, key: string, message: string | undefined, countTo: number): Promise<LoadedProcess> {
    const kind = this.#kind(process);
    const seen = message !== undefined && kind.seen.has(message);
    const waiting = Math.min(kind.outbox.waiting(key), countTo);
    return Promise.resolve({ saved: kind.processes.get(key)?.saved, seen, waiting });
  }

  commit(change: ProcessChange): Promise<boolean> {
    const { process, key, expected, next, message } = change;
    const kind = this.#kind(process);
    const before = kind.processes.get(key);
    if ((before?.saved.version ?? 0) !== expected) return Promise.resolve(false);
    if (message !== undefined && kind.seen.has(message)) return Promise.resolve(false);
    const now = this.#clock.now();
    if (message !== undefined) kind.see(message, now);
    const kept = before ?? { saved: next, endedAt: undefined, due: new Map() };
    kept.saved = next;
    if (next.ended) kept.endedAt ??= now;
    kind.outbox.add(key, change.sends);
    for (const name of change.cancel) kept.due.delete(name);
    for (const { name, afterMs } of change.schedule) {
      kept.due.set(name, { generation: next.version, dueAt: now + afterMs });
    }
    kind.processes.set(key, kept);
    kind.review(key);
    return Promise.resolve(true);
  }

  claimTimeouts(process: string, limit: number, leaseMs: number): Promise<readonly ProcessTimeout[]> {
    const now = this.#clock.now();
    const due: ProcessTimeout[] = [];
    for (const [key, kept] of this.#kind(process).processes) {
      for (const [name, timeout] of kept.due) {
        if (due.length >= limit) return Promise.resolve(due);
        if (timeout.dueAt > now) continue;
        timeout.dueAt = now + leaseMs;
        due.push({ key, name, generation: timeout.generation });
      }
    }
    return Promise.resolve(due);
  }

  dropTimeout(process: string, { key, name, generation }: ProcessTimeout): Promise<void> {
    const due = this.#kind(process).processes.get(key)?.due;
    if (due?.get(name)?.generation === generation) due.delete(name);
    return Promise.resolve();
  }

  claim(process: string, limit: number, leaseMs: number): Promise<readonly OutboxRun[]> {
    const lease = String(++this.#leases);
    const { outbox } = this.#kind(process);
    const claims = outbox.claim(limit, lease, leaseMs, this.#clock.now(), this.#clock.wall());
    return Promise.resolve(claims.map(claim => ({ ...claim, lease })));
  }

  settle(process: string, { key, lease }: OutboxRun, result: ProcessOutboxResult): Promise<boolean> {
    const kind = this.#kind(process);
    const held = kind.outbox.settle(key, lease, result, this.#clock.now(), this.#clock.wall());
    kind.review(key);
    return Promise.resolve(held);
  }

  parked(
    process: string,
    { after, limit }: ParkedQuery,
  ): Promise<readonly (ParkedCommand & { readonly waiting: number })[]> {
    return Promise.resolve(this.#kind(process).outbox.parked({ after, limit }));
  }

  unpark(process: string, key: string): Promise<string | undefined> {
    return Promise.resolve(this.#kind(process).outbox.unpark(key));
  }

  discard(process: string, key: string, id: string, reason: string): Promise<boolean> {
    const kind = this.#kind(process);
    const gone = kind.outbox.discard(key, id, reason, this.#clock.wall());
    kind.review(key);
    return Promise.resolve(gone);
  }

  discarded(process: string, { after, limit }: ParkedQuery): Promise<readonly DiscardedCommand[]> {
    return Promise.resolve(this.#kind(process).outbox.discarded({ after, limit }));
  }

  purge(process: string, retentionMs: number, limit: number): Promise<number> {
    const old = this.#clock.now() - retentionMs;
    const kind = this.#kind(process);
    let seen = 0;
    for (const [message, at] of kind.seen) {
      if (seen >= limit || at > old) break;
      kind.seen.delete(message);
      seen++;
    }
    let ended = 0;
    for (const key of kind.ended) {
      if (ended >= limit) break;
      // They are in the order in which nothing of them was to be published any more.
      if (kind.processes.get(key)!.endedAt! > old) continue;
      kind.forget(key);
      ended++;
    }
    const discarded = kind.outbox.purge(this.#clock.wall() - retentionMs, limit);
    return Promise.resolve(seen + ended + discarded);
  }

  #kind(process: string): Kind {
    const kind = this.#kinds.get(process) ?? new Kind(this.#limits);
    this.#kinds.set(process, kind);
    return kind;
  }
}
