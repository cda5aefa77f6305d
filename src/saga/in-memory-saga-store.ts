import { DueHeap } from '../core/due-heap.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import { newId } from '../kernel/random.js';
import { EndedSagas } from './ended-sagas.js';
import { checkInMemory, defaults, type InMemorySagaOptions } from './in-memory-saga-options.js';
import { addressesOf, addressOf, copyOf, countOpen, fits, Kept, recordOf } from './in-memory-saga-record.js';
import { SagaLocks } from './saga-locks.js';
import { isActive, isFinal } from './saga-record.js';
import type {
  ClaimedSaga,
  Drivable,
  HistoryEntry,
  LockRequest,
  NewSaga,
  NewSignal,
  SagaCounts,
  SagaQuery,
  SagaRecord,
  SagaStore,
  SagaWrite,
  StoredSignal,
  WriteAnswer,
} from './saga-store.js';
import { SignalShelf } from './signal-shelf.js';

/** A {@link SagaStore} in memory: for tests and first steps. It dies with the process. */
export class InMemorySagaStore implements SagaStore {
  readonly #clock: Clock;
  readonly #limits: typeof defaults;
  readonly #sagas = new Map<string, Kept>();
  readonly #byKey = new Map<string, Kept>();
  readonly #due = new DueHeap<Kept>();
  readonly #finished = new EndedSagas(this.#sagas);
  readonly #signals: SignalShelf;
  readonly #locks = new SagaLocks();
  readonly #written: Promise<WriteAnswer> = Promise.resolve({ kind: 'written' });
  readonly #stale: Promise<WriteAnswer> = Promise.resolve({ kind: 'stale' });

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: InMemorySagaOptions = {}) {
    this.#limits = checkInMemory(options);
    this.#clock = options.clock ?? systemClock;
    this.#signals = new SignalShelf(this.#limits);
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  now(): Promise<number> {
    return Promise.resolve(this.#clock.wall());
  }

  // Not async, nor is `write`: there is nothing to wait for, and they are what a saga costs.
  insert(saga: NewSaga): Promise<{ readonly record: SagaRecord; readonly inserted: boolean }> {
    const { leaseMs, owner, key, definition } = saga;
    const address = key === undefined ? undefined : addressOf(definition, key);
    const there = this.#sagas.get(saga.id) ?? (address && this.#byKey.get(address));
    if (there) return Promise.resolve({ record: copyOf(there.record), inserted: false });
    const now = this.#clock.wall();
    const wakeAt = isActive(saga.status) ? now + (owner === undefined ? 0 : leaseMs) : undefined;
    const kept = new Kept(recordOf(saga, now, wakeAt));
    this.#sagas.set(saga.id, kept);
    if (saga.parent !== undefined) this.#sagas.get(saga.parent)?.addStep(kept);
    if (address !== undefined) this.#byKey.set(address, kept);
    if (!this.#signals.empty) this.#signals.expect(addressesOf(kept.record));
    this.#schedule(kept);
    if (isFinal(saga.status)) this.#finish(kept);
    return Promise.resolve({ record: copyOf(kept.record), inserted: true });
  }

  async claim(
    owner: string,
    drivable: readonly Drivable[],
    limit: number,
    leaseMs: number,
  ): Promise<readonly ClaimedSaga[]> {
    const now = this.#clock.wall();
    const claimed: ClaimedSaga[] = [];
    const others: Kept[] = [];
    while (claimed.length < limit) {
      const kept = this.#due.shift(now);
      if (kept === undefined) break;
      if (drivable.some(one => fits(one, kept.record))) claimed.push(this.#claim(kept, owner, now, leaseMs));
      else others.push(kept);
    }
    for (const kept of others) this.#schedule(kept);
    return claimed;
  }

  async claimOne(owner: string, id: string, leaseMs: number): Promise<ClaimedSaga | undefined> {
    const kept = this.#sagas.get(id);
    const now = this.#clock.wall();
    if (kept === undefined) return undefined;
    const { record } = kept;
    if (record.owner !== undefined && (record.wakeAt ?? now) > now) return undefined;
    return this.#claim(kept, owner, now, leaseMs);
  }

  write(write: SagaWrite): Promise<WriteAnswer> {
    const kept = this.#sagas.get(write.id);
    if (kept === undefined || kept.record.epoch !== write.epoch) return this.#stale;
    const { record } = kept;
    if (record.revision !== write.revision) {
      // The write of which the answer was lost: only one with this epoch can have made it.
      return record.revision === write.revision + 1 ? this.#written : this.#stale;
    }
    if (record.cancel !== undefined && !write.heedsCancel) {
      return Promise.resolve({ kind: 'cancel', reason: record.cancel });
    }
    this.#put(kept, write, this.#clock.wall());
    return this.#written;
  }

  async renew(
    claims: readonly { readonly id: string; readonly epoch: number }[],
    leaseMs: number,
  ): Promise<readonly string[]> {
    const wakeAt = this.#clock.wall() + leaseMs;
    const lost: string[] = [];
    for (const { id, epoch } of claims) {
      const kept = this.#sagas.get(id);
      if (kept === undefined || kept.record.epoch !== epoch || kept.record.owner === undefined) lost.push(id);
      else {
        kept.record.wakeAt = wakeAt;
        this.#schedule(kept);
      }
    }
    return lost;
  }

  async signal(signal: NewSignal): Promise<'kept' | 'known' | 'late'> {
    const { target, name, dedupe, payload } = signal;
    const kept =
      'id' in target ? this.#sagas.get(target.id) : this.#byKey.get(addressOf(target.definition, target.key));
    if (kept !== undefined && isFinal(kept.record.status)) return 'late';
    const address = 'id' in target ? target.id : addressOf(target.definition, target.key);
    const isNew = this.#signals.add(address, target, { id: newId(), name, payload }, dedupe);
    if (kept === undefined) this.#signals.notice(address, this.#clock.wall());
    else this.#wake(kept, kept.record.signals + 1);
    return isNew ? 'kept' : 'known';
  }

  async signals(id: string): Promise<readonly StoredSignal[]> {
    const record = this.#sagas.get(id)?.record;
    return record === undefined ? [] : this.#signals.of(addressesOf(record));
  }

  async cancel(id: string, reason: string): Promise<'accepted' | 'refused' | 'over' | 'unknown'> {
    const kept = this.#sagas.get(id);
    if (kept === undefined) return 'unknown';
    const { status, cancellable, cancel, signals } = kept.record;
    if (isFinal(status)) return 'over';
    if (cancel !== undefined) return 'accepted';
    if (!cancellable) return 'refused';
    kept.record.cancel = reason;
    this.#wake(kept, signals + 1);
    return 'accepted';
  }

  async wake(id: string): Promise<void> {
    const kept = this.#sagas.get(id);
    if (kept !== undefined) this.#wake(kept, kept.record.signals + 1);
  }

  async lock(request: LockRequest): Promise<boolean> {
    const { lock, saga, epoch, leaseMs } = request;
    const record = this.#sagas.get(saga)?.record;
    if (record === undefined || record.epoch !== epoch || isFinal(record.status)) return false;
    return this.#locks.take(lock, saga, leaseMs, (holder, lease) => this.#keepsLocks(holder, lease));
  }

  async get(id: string): Promise<SagaRecord | undefined> {
    return found(this.#sagas.get(id));
  }

  async find(definition: string, key: string): Promise<SagaRecord | undefined> {
    return found(this.#byKey.get(addressOf(definition, key)));
  }

  async list({ definition, status, after, limit }: SagaQuery): Promise<readonly SagaRecord[]> {
    const all = [...this.#sagas.values()].map(({ record }) => record);
    return all
      .filter(
        record =>
          (definition === undefined || record.definition === definition) &&
          (status === undefined || record.status === status) &&
          (after === undefined || record.id > after),
      )
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, limit)
      .map(copyOf);
  }

  async census(): Promise<readonly (Drivable & { readonly count: number })[]> {
    const counts = new Map<string, Drivable & { readonly count: number }>();
    for (const { record } of this.#sagas.values()) {
      if (isFinal(record.status)) continue;
      const { definition, version, hash } = record;
      const key = `${definition}\n${version}\n${hash}`;
      counts.set(key, { definition, version, hash, count: (counts.get(key)?.count ?? 0) + 1 });
    }
    return [...counts.values()];
  }

  async count(): Promise<SagaCounts> {
    return countOpen(this.#sagas.values());
  }

  async history(id: string): Promise<readonly HistoryEntry[]> {
    return this.#sagas.get(id)?.history.entries() ?? [];
  }

  async purge(ageMs: number, limit: number): Promise<number> {
    const latest = this.#clock.wall() - ageMs;
    let gone = 0;
    for (let kept = this.#finished.first; kept !== undefined; kept = this.#finished.first) {
      if (gone === limit || kept.record.updatedAt > latest) break;
      this.#forget(kept);
      gone++;
    }
    return gone + this.#signals.expire(latest, limit - gone);
  }

  #claim(kept: Kept, owner: string, now: number, leaseMs: number): ClaimedSaga {
    const { record } = kept;
    const interrupted = record.owner !== undefined;
    record.owner = owner;
    record.epoch++;
    record.wakeAt = now + leaseMs;
    this.#schedule(kept);
    return { record: copyOf(record), interrupted };
  }

  #put(kept: Kept, write: SagaWrite, now: number): void {
    const { state, status, cancellable, release, events, consumed } = write;
    const { record, history } = kept;
    history.add(events, now, write.epoch, this.#limits.maxHistory);
    if (consumed.length > 0) this.#signals.take(addressesOf(record), consumed);
    const held = release === undefined && isActive(record.status) && isActive(status);
    record.state = state;
    record.status = status;
    record.cancellable = cancellable;
    record.revision++;
    record.updatedAt = now;
    if (held) return;
    if (release !== undefined) {
      const dueNow = release.signals !== record.signals;
      record.owner = undefined;
      record.wakeAt = isActive(status) ? (dueNow ? now : release.wakeAt) : undefined;
    }
    this.#schedule(kept);
    // In the order of their ends; one that is taken up again is not over.
    this.#finished.delete(kept);
    if (isFinal(status)) this.#finish(kept);
  }

  /** Whether a saga still has what it locked: a parked one only for so long. */
  #keepsLocks(id: string, leaseMs: number): boolean {
    const record = this.#sagas.get(id)?.record;
    if (record === undefined || isFinal(record.status)) return false;
    return record.status !== 'parked' || this.#clock.wall() < record.updatedAt + leaseMs;
  }

  #wake(kept: Kept, signals: number): void {
    const { record } = kept;
    const { owner, status, wakeAt = Infinity } = record;
    record.signals = signals;
    // One that is due already keeps its place.
    if (owner === undefined && isActive(status)) record.wakeAt = Math.min(wakeAt, this.#clock.wall());
    this.#schedule(kept);
  }

  #schedule(kept: Kept): void {
    if (kept.due !== undefined) this.#due.remove(kept.due);
    const { wakeAt, status } = kept.record;
    kept.due = wakeAt === undefined || !isActive(status) ? undefined : this.#due.add(kept, wakeAt);
  }

  #finish(kept: Kept): void {
    this.#locks.free(kept.record.id);
    if (!this.#signals.empty) this.#signals.forget(addressesOf(kept.record));
    this.#finished.add(kept);
    while (this.#finished.size > this.#limits.maxFinished) this.#forget(this.#finished.first!);
  }

  #forget(kept: Kept): void {
    const { id, definition, key } = kept.record;
    this.#finished.delete(kept);
    this.#sagas.delete(id);
    if (key !== undefined) this.#byKey.delete(addressOf(definition, key));
  }
}

const found = (kept: Kept | undefined): SagaRecord | undefined => kept && copyOf(kept.record);
