import type { Clock } from '../kernel/clock.js';
import { refuse } from '../kernel/options.js';
import { wordsOf } from './error-words.js';
import { ProjectionStoppedError } from './event-errors.js';
import { checkFed, comparePositions, type FedEvent, type Position } from './event-feed.js';
import type {
  ProjectionEvents,
  ProjectionOptions,
  ProjectionRules,
  ProjectionSnapshot,
} from './projection-options.js';
import { type Applied, ProjectionProgress, type Unit } from './projection-progress.js';
import type { ParkedEvent } from './projection-store.js';

type Failed = Extract<Applied, { readonly kind: 'failed' }>;

/** Tells those who watch. */
export type Tell = <Name extends keyof ProjectionEvents>(
  event: Name,
  payload: ProjectionEvents[Name],
) => void;

/** What is told when a batch has been saved. */
type Later = () => void;

/** What came of a batch, saved or not. */
interface Batch {
  readonly passed: number;
  readonly later: readonly Later[];
  /** Why it went no further. */
  readonly stop: { readonly error: unknown } | undefined;
}

/**
 * Takes a projection from one saving to the next. Nothing of it runs twice at a time: its owner sees to that.
 */
export class ProjectionRunner {
  readonly #options: ProjectionOptions<object, unknown, unknown>;
  readonly #rules: ProjectionRules;
  readonly #clock: Clock;
  readonly #tell: Tell;
  /** Up to here another version has processed the events. */
  #replayUntil: Position | undefined;
  progress: ProjectionProgress | undefined;
  role: ProjectionSnapshot['role'] = 'unknown';
  processed = 0;
  skipped = 0;
  #caughtUp = false;
  #lastAt: number | undefined;

  constructor(
    options: ProjectionOptions<object, unknown, unknown>,
    rules: ProjectionRules,
    clock: Clock,
    tell: Tell,
  ) {
    this.#options = options;
    this.#rules = rules;
    this.#clock = clock;
    this.#tell = tell;
  }

  /**
   * Processes one batch and saves it; whether there may be more.
   * @throws ProjectionStoppedError where it must not go on; the reason of the signal; errors of feed and
   * store.
   */
  async round(signal: AbortSignal): Promise<boolean> {
    const progress = await this.#load();
    const ahead = await this.#findRole();
    const { feed } = this.#options;
    const read = await feed.read(progress.position, this.#rules.batch, signal);
    const events = checkFed(feed, progress.position, read).slice(0, this.#rules.batch);
    // A shadow goes no further than the version that is read from: what is behind that is not processed yet.
    const bounded =
      ahead === undefined ? events : events.filter(event => this.#isWithin(event, ahead.position));
    if (!(await this.#process(progress, bounded, signal))) return true;
    this.#caughtUp = events.length === 0;
    if (ahead === undefined) return events.length > 0;
    if (bounded.length === 0) await this.#takeOver(ahead.version);
    return true;
  }

  /** Runs the handler for a parked event again; whether it went well. */
  async retryParked(position: Position, signal: AbortSignal): Promise<boolean> {
    return this.#withParked(position, async (progress, parked, unit) => {
      const facts = { replaying: parked.replaying, late: true, signal };
      const applied = await progress.apply(parked, facts, unit);
      if (applied.kind === 'done') progress.replace(parked);
      else {
        signal.throwIfAborted();
        const attempts = parked.attempts + applied.attempts;
        const again = { ...parked, error: wordsOf(applied.error), attempts, at: this.#clock.wall() };
        progress.replace(parked, again);
      }
      return applied.kind === 'done';
    });
  }

  /** Forgets a parked event; whether there was one. */
  async discardParked(position: Position): Promise<boolean> {
    return this.#withParked(position, async (progress, parked) => {
      progress.replace(parked);
      return true;
    });
  }

  /** Again from where another process has gone on. */
  async #withParked(
    position: Position,
    work: (progress: ProjectionProgress, parked: ParkedEvent, unit: Unit) => Promise<boolean>,
  ): Promise<boolean> {
    for (;;) {
      const progress = await this.#load();
      await this.#findRole();
      const parked = this.#parkedAt(progress, position);
      if (parked === undefined) return false;
      const worked = await progress.change(unit => work(progress, parked, unit));
      if (worked !== undefined) return worked.answer;
      this.progress = undefined;
    }
  }

  /** How far behind the present it is, in ms, as far as anybody can know. */
  get lagMs(): number | undefined {
    if (this.#caughtUp) return 0;
    return this.#lastAt === undefined ? undefined : Math.max(0, this.#clock.wall() - this.#lastAt);
  }

  compare(a: Position, b: Position): number {
    return comparePositions(this.#options.feed, a, b);
  }

  async #load(): Promise<ProjectionProgress> {
    if (this.progress === undefined) {
      const { name, version } = this.#rules;
      const saved = await this.#options.store.load(name, version);
      this.progress = new ProjectionProgress(this.#options, this.#rules, this.#clock, saved);
    }
    return this.progress;
  }

  #parkedAt(progress: ProjectionProgress, position: Position): ParkedEvent | undefined {
    return progress.saved.parked.find(parked => this.compare(parked.position, position) === 0);
  }

  /** The version that is read from and how far it is, where that is an older one. */
  async #findRole(): Promise<{ version: number; position: Position | undefined } | undefined> {
    const { name, version } = this.#rules;
    const { store } = this.#options;
    const active = await this.#activeVersion();
    if (active > version) {
      const message = `${name}: version ${active} is read from, and this is version ${version}`;
      throw new ProjectionStoppedError(message, { policy: name });
    }
    this.role = active === version ? 'active' : 'shadow';
    if (active === version) return undefined;
    return { version: active, position: (await store.load(name, active))?.position };
  }

  /** The version that is read from; this one, where there was none. */
  async #activeVersion(): Promise<number> {
    const { name, version } = this.#rules;
    const { store } = this.#options;
    const active = await store.active(name);
    if (active !== undefined) return active;
    if (!(await store.activate(name, version, undefined))) {
      // Somebody was faster.
      const other = await store.active(name);
      return other ?? refuse('Projection', 'store.active', 'a function that knows what was activated', other);
    }
    this.#becomeActive(undefined);
    return version;
  }

  async #takeOver(instead: number): Promise<void> {
    const { name, version } = this.#rules;
    const { store } = this.#options;
    if (!(await store.activate(name, version, instead))) return;
    // It may have gone on up to this very moment.
    this.#replayUntil = (await store.load(name, instead))?.position;
    this.#becomeActive(instead);
  }

  #becomeActive(instead: number | undefined): void {
    const { name, version } = this.#rules;
    this.role = 'active';
    this.#tell('activated', { projection: name, version, instead, at: this.#clock.wall() });
  }

  #isWithin({ position }: FedEvent, end: Position | undefined): boolean {
    return end !== undefined && this.compare(position, end) <= 0;
  }

  /** Processes them and saves that; `false` where another process has gone on from there. */
  async #process(
    progress: ProjectionProgress,
    events: readonly FedEvent[],
    signal: AbortSignal,
  ): Promise<boolean> {
    if (events.length === 0) return true;
    const worked = await progress.change(unit => this.#batch(progress, events, signal, unit));
    if (worked === undefined) {
      this.progress = undefined;
      return false;
    }
    const { passed, later, stop } = worked.answer;
    this.processed += passed;
    if (passed > 0) this.#lastAt = events[passed - 1]!.at;
    for (const tell of later) tell();
    if (stop !== undefined) throw stop.error;
    return true;
  }

  async #batch(
    progress: ProjectionProgress,
    events: readonly FedEvent[],
    signal: AbortSignal,
    unit: Unit,
  ): Promise<Batch> {
    const later: Later[] = [];
    let passed = 0;
    for (const event of events) {
      const replaying = this.role === 'shadow' || this.#isWithin(event, this.#replayUntil);
      if (signal.aborted) return { passed, later, stop: { error: signal.reason } };
      const applied = await progress.apply(event, { replaying, late: false, signal }, unit);
      if (applied.kind === 'failed') {
        // What fails because it was told to end says nothing about the event.
        const stop = signal.aborted
          ? { error: signal.reason }
          : this.#deal(progress, event, applied, replaying, later);
        if (stop !== undefined) return { passed, later, stop };
      }
      progress.position = event.position;
      passed++;
    }
    return { passed, later, stop: undefined };
  }

  /** What becomes of an event whose handler failed; an error where that is the end. */
  #deal(
    progress: ProjectionProgress,
    event: FedEvent,
    { error, attempts }: Failed,
    replaying: boolean,
    later: Later[],
  ): { readonly error: unknown } | undefined {
    const { name, version, onError } = this.#rules;
    const { position, type } = event;
    const trouble = { projection: name, version, position, type, error, at: this.#clock.wall() };
    if (onError === 'skip') {
      later.push(() => {
        this.skipped++;
        this.#tell('skipped', trouble);
      });
      return undefined;
    }
    const full = onError === 'park' && !progress.park(event, error, attempts, replaying);
    if (onError === 'park' && !full) {
      later.push(() => this.#tell('parked', trouble));
      return undefined;
    }
    later.push(() => this.#tell('failed', trouble));
    const why = full ? `; \`maxParked\` is ${this.#rules.maxParked}, and as many are parked` : '';
    const message = `${name}: stopped at ${String(position)}, "${type}": ${wordsOf(error)}${why}`;
    return { error: new ProjectionStoppedError(message, { cause: error, policy: name }) };
  }
}
