import type { SagaEvent } from '../core/saga-state.js';
import { LeaseLostError } from '../kernel/bus-errors.js';
import { Arrivals } from './arrivals.js';
import { type ClaimHost, ClaimLoop } from './claim-loop.js';
import { type Beginning, type Begun, freshSaga } from './fresh-saga.js';
import type { SagaNews } from './orchestrator-options.js';
import type { DrivenSaga, RunHost } from './run-host.js';
import type { SagaData } from './saga-node.js';
import { isActive, isFinal } from './saga-record.js';
import { SagaRun } from './saga-run.js';
import type { ClaimedSaga, Drivable, SagaRecord, SagaWrite, WriteAnswer } from './saga-store.js';
import { StepRunner } from './step-runner.js';
import { StoreTime } from './store-time.js';
import { type OtherSagas, WaitingSteps } from './waiting-steps.js';
import type { WorkerParts } from './worker-parts.js';

/** So long a store that failed is left alone, at first and at last, in ms. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Claims sagas that are due, drives them, renews the claims, and lets go of those that it has lost. A saga
 * whose worker is gone is due when its claim ends, whoever made it.
 */
export class SagaWorker implements RunHost, ClaimHost {
  readonly time: StoreTime;
  readonly steps: StepRunner;
  readonly waits: WaitingSteps;
  readonly #parts: WorkerParts;
  readonly #drivable: readonly Drivable[];
  readonly #runs = new Map<string, SagaRun>();
  /** Those that are about to be driven, and take a place. */
  #arriving = 0;
  readonly #arrivals = new Arrivals();
  #working = false;
  #closing = false;
  #closed = false;
  readonly #claims: ClaimLoop;
  #stopRenewing: (() => void) | undefined;
  #stopHearing: (() => void) | undefined;
  #idle: (() => void)[] = [];

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    const { store, rules, clock, random, definitions } = parts;
    this.time = new StoreTime(store, clock);
    this.steps = new StepRunner(clock, () => this.now(), random, rules.maxDataLength);
    const others: OtherSagas = {
      begin: async (name, version, saga) =>
        (await this.begin(this.definitionOf(name, version)!, saga)).record,
      turnBack: parts.turnBack,
    };
    this.waits = new WaitingSteps(store, () => this.now(), others, rules);
    this.#claims = new ClaimLoop(this, rules.pollMs, rules.maxPollMs);
    this.#drivable = definitions.map(({ name, version, hash }) => ({ definition: name, version, hash }));
  }

  get closing(): boolean {
    return this.#closing;
  }

  get driving(): number {
    return this.#runs.size;
  }

  definitionOf(name: string, version: number): SagaData | undefined {
    return this.#parts.definitions.find(one => one.name === name && one.version === version);
  }

  runOf(id: string): SagaRun | undefined {
    return this.#runs.get(id);
  }

  /** A signal has come for a saga of this key: it may be driven here. */
  nudgeKey(definition: string, key: string): void {
    for (const run of this.#runs.values()) {
      if (run.record.key === key && run.record.definition === definition) run.nudge();
    }
  }

  now(): number {
    return this.time.now();
  }

  /** Whoever waits for others takes no place from them: they could wait for each other for ever. */
  patienceMs(needsOthers: boolean): number {
    return needsOthers && this.room() <= 0 ? 0 : this.#parts.rules.pollMs * 4;
  }

  /** Begins to claim. */
  work(): void {
    if (this.#working) return;
    this.#working = true;
    this.#claims.start();
    this.#stopHearing = this.#parts.store.onWake?.(() => this.nudge());
    this.#renewLater();
  }

  /** There may be something due: do not wait until it is time to look. */
  nudge(): void {
    this.#claims.nudge();
  }

  /** Claims nothing more, lets the steps that run end, and gives the claims back. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#working = false;
    let cancel = (): void => {};
    const late = new Promise<void>(resolve => {
      cancel = this.after(this.#parts.rules.drainMs, resolve);
    });
    await Promise.race([this.#drained(), late]);
    cancel();
    this.#closed = true;
    this.#stopRenewing?.();
    this.#stopHearing?.();
    const reason = new LeaseLostError('the orchestrator was closed');
    for (const run of [...this.#runs.values()]) run.drop(reason);
  }

  async #drained(): Promise<void> {
    for (const run of this.#runs.values()) run.nudge();
    // What is claimed at this moment is given back.
    await this.#claims.stop();
    if (this.#runs.size > 0) await new Promise<void>(resolve => this.#idle.push(resolve));
  }

  /** Keeps a new saga, and drives it if there is room; else it is due for whoever has. */
  async begin(definition: SagaData, saga: Beginning): Promise<Begun> {
    const { rules, owner, store, clock } = this.#parts;
    const here = this.#working && this.room() > 0;
    const { leaseMs } = rules;
    const asked = clock.now();
    const turn = here ? this.#arrivals.ask() : 0;
    if (here) this.#arriving++;
    try {
      const kept = await store.insert(freshSaga(definition, saga, here ? owner : undefined, leaseMs));
      const { record } = kept;
      // An insert whose answer was lost and that was repeated is ours as well.
      const isOurs = here && record.owner === owner && record.epoch === 1 && !this.#runs.has(record.id);
      // Both may be answered: what comes second tells of a saga that has gone on.
      if (isOurs && this.#arrivals.isNews(record.id, turn)) {
        this.#adopt({ record, interrupted: false }, asked + leaseMs);
      }
      // It is due for whoever has room, which may be this one in a moment.
      if (!here && kept.inserted && isActive(record.status)) this.nudge();
      return kept;
    } finally {
      if (here) {
        this.#arriving--;
        this.#arrivals.end(turn);
      }
    }
  }

  mayBegin(run: DrivenSaga): boolean {
    return this.#parts.clock.now() < run.leaseUntil - this.#parts.rules.marginMs;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = this.#parts.clock.schedule(ms, callback, true);
    return () => timer.cancel();
  }

  write(write: SagaWrite): Promise<WriteAnswer> {
    return this.#parts.store.write(write);
  }

  async writeAgain(run: DrivenSaga, write: SagaWrite, failure: unknown): Promise<WriteAnswer> {
    let error = failure;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      this.failed('write', error);
      // Somebody else has it by then, and runs what is next: with the same keys, so that it counts once.
      if (run.lost || this.#parts.clock.now() + pauseMs >= run.leaseUntil) return { kind: 'stale' };
      await new Promise<void>(resolve => this.after(pauseMs, resolve));
      try {
        return await this.#parts.store.write(write);
      } catch (again) {
        error = again;
      }
    }
  }

  tell(run: DrivenSaga, event: SagaEvent): void {
    const { events } = this.#parts;
    if (events.has('progressed')) events.emit('progressed', { ...this.#news(run), event });
  }

  #news({ record: { id: sagaId, definition, key } }: DrivenSaga): SagaNews {
    return { sagaId, definition, key, at: this.#parts.clock.wall() };
  }

  failed(doing: string, error: unknown): void {
    const { events, clock } = this.#parts;
    if (events.has('storeFailed')) events.emit('storeFailed', { doing, error, at: clock.wall() });
  }

  lose(run: DrivenSaga): void {
    if (run.lost) return;
    const { events } = this.#parts;
    run.drop(new LeaseLostError(`saga ${run.record.id}: somebody else may have claimed it`));
    if (events.has('lost')) events.emit('lost', this.#news(run));
  }

  #adopt(claimed: ClaimedSaga, leaseUntil: number): void {
    const { record, interrupted } = claimed;
    const definition = this.definitionOf(record.definition, record.version)!;
    const run = new SagaRun(definition, claimed, this, leaseUntil);
    const before = this.#runs.get(record.id);
    this.#runs.set(record.id, run);
    // Its claim ran out while nothing could be done here: its steps must not run beside those of this one.
    if (before !== undefined) this.lose(before);
    this.#arrivals.take(record.id);
    const { events } = this.#parts;
    if (interrupted && events.has('takenOver')) {
      events.emit('takenOver', { ...this.#news(run), epoch: record.epoch });
    }
    void run.drive();
  }

  left(run: DrivenSaga): void {
    const { id } = run.record;
    if (this.#runs.get(id) === run) this.#runs.delete(id);
    if (!run.lost && (isFinal(run.status) || run.status === 'parked')) {
      this.#parts.onEnd(run);
      void this.wakeParent(run.record);
      this.#claims.roomMade();
    } else {
      // It may be due at once: what it waits for came while it was given back.
      this.nudge();
    }
    if (this.#runs.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Whatever waits for a saga that is over, or parked, looks at it now. */
  async wakeParent({ parent }: SagaRecord): Promise<void> {
    if (parent === undefined) return;
    const here = this.#runs.get(parent);
    if (here !== undefined) return here.nudge();
    try {
      await this.#parts.store.wake(parent);
      this.nudge();
    } catch (error) {
      // It looks again by itself, only later.
      this.failed('wake', error);
    }
  }

  room(): number {
    return this.#parts.rules.concurrency - this.#runs.size - this.#arriving;
  }

  async claim(most: number): Promise<number> {
    const { store, rules, owner, clock } = this.#parts;
    this.#arriving += most;
    try {
      const asked = clock.now();
      const claimed = await store.claim(owner, this.#drivable, most, rules.leaseMs);
      this.time.heard(claimed, rules.leaseMs, asked);
      // What was claimed while it was closed begins nothing, and is given back.
      for (const one of claimed) this.#adopt(one, asked + rules.leaseMs);
      return claimed.length;
    } catch (error) {
      this.failed('claim', error);
      return 0;
    } finally {
      this.#arriving -= most;
    }
  }

  #renewLater(): void {
    this.#stopRenewing = this.after(this.#parts.rules.leaseMs / 3, () => void this.#renew());
  }

  async #renew(): Promise<void> {
    const { store, rules, clock } = this.#parts;
    const runs = [...this.#runs.values()];
    const asked = clock.now();
    try {
      if (runs.length > 0) {
        const claims = runs.map(({ record }) => ({ id: record.id, epoch: record.epoch }));
        const lost = new Set(await store.renew(claims, rules.leaseMs));
        for (const run of runs) {
          // One that has given its claim back meanwhile has not lost it.
          if (lost.has(run.record.id)) {
            if (this.#runs.get(run.record.id) === run && !run.leaving) this.lose(run);
          } else {
            run.leaseUntil = asked + rules.leaseMs;
            run.nudge();
          }
        }
      }
      await this.time.sync();
    } catch (error) {
      this.failed('renew', error);
    }
    if (this.#working || (this.#closing && !this.#closed && this.#runs.size > 0)) this.#renewLater();
  }
}
