import { type Clock, systemClock } from '../kernel/clock.js';
import { Emitter, type Listener, type Observable } from '../kernel/events.js';
import { checkSignal } from './event-bus-options.js';
import { ProjectionStoppedError } from './event-errors.js';
import type { Position } from './event-feed.js';
import {
  checkProjection,
  type ProjectionDescription,
  type ProjectionEvents,
  type ProjectionOptions,
  type ProjectionRules,
  type ProjectionSnapshot,
  projectionDefaults,
} from './projection-options.js';
import { ProjectionRunner } from './projection-runner.js';
import type { ParkedEvent } from './projection-store.js';
import { ProjectionWaiters, type WhenProcessedOptions } from './projection-waiters.js';

type Status = ProjectionSnapshot['status'];

/**
 * Makes a read model of events, one after the other, and keeps its position with it.
 *
 * A new `version` begins anew beside the one that is read from, told by `context.replaying` to keep quiet,
 * and takes its place when it has come as far. One process at a time may run a version.
 *
 * @example
 * ```ts
 * import { InMemoryEventLog, InMemoryProjectionStore, Projection } from 'keelson/events';
 *
 * const log = new InMemoryEventLog();
 * const counts = new Projection<{ 'order.placed': { sku: string } }, Record<string, number>>({
 *   name: 'counts',
 *   init: () => ({}),
 *   on: { 'order.placed': (state, { sku }) => ({ ...state, [sku]: (state[sku] ?? 0) + 1 }) },
 *   feed: log,
 *   store: new InMemoryProjectionStore(),
 * });
 * log.append('order.placed', { sku: 'apple' });
 * await counts.catchUp();
 * counts.state; // => { apple: 1 }
 * ```
 */
export class Projection<Events extends object, State, Transaction = undefined>
  implements Observable<ProjectionEvents>
{
  readonly #rules: ProjectionRules;
  readonly #clock: Clock;
  readonly #waiters: ProjectionWaiters;
  #events: Emitter<ProjectionEvents> | undefined;
  readonly #runner: ProjectionRunner;
  #status: Status = 'idle';
  #stopped: ProjectionStoppedError | undefined;
  /** What is under way; the next thing waits for it. */
  #turn: Promise<unknown> = Promise.resolve();
  #controller = new AbortController();
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #woken = false;

  constructor(options: ProjectionOptions<Events, State, Transaction>) {
    this.#rules = checkProjection(options as unknown as ProjectionOptions<object, never>);
    this.#clock = options.clock ?? systemClock;
    this.#waiters = new ProjectionWaiters(this.#rules.name, this.#clock);
    const all = options as unknown as ProjectionOptions<object, unknown, unknown>;
    this.#runner = new ProjectionRunner(all, this.#rules, this.#clock, (event, payload) => {
      if (this.#events?.has(event)) this.#events.emit(event, payload);
    });
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof projectionDefaults {
    return projectionDefaults;
  }

  /** Which projection this is. */
  get name(): string {
    return this.#rules.name;
  }

  /** The read model as it was saved last; `undefined` before it was loaded. */
  get state(): State | undefined {
    return this.#runner.progress?.saved.state as State | undefined;
  }

  /** The last event that it is through with, as it was saved last. */
  get position(): Position | undefined {
    return this.#runner.progress?.saved.position;
  }

  /** The events that are put aside, in the order in which they were. */
  get parked(): readonly ParkedEvent[] {
    return this.#runner.progress?.saved.parked ?? [];
  }

  on<Name extends keyof ProjectionEvents>(
    event: Name,
    listener: Listener<ProjectionEvents[Name]>,
  ): () => void {
    this.#events ??= new Emitter(['parked', 'skipped', 'failed', 'interrupted', 'activated']);
    return this.#events.on(event, listener);
  }

  /**
   * Processes what there is. Rejects with `ERR_PROJECTION_STOPPED` when it stops at an event, or another
   * version is read from; with the error of the feed or the store; with the reason of the signal.
   */
  async catchUp(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const { signal } = options;
    checkSignal('catchUp', signal);
    for (let more = true; more; ) {
      signal?.throwIfAborted();
      more = await this.#advance();
    }
  }

  /** Processes events as they come, until `stop()`, an event at which it stops, or another version. */
  start(): void {
    if (this.#running !== undefined) return;
    this.#status = 'running';
    this.#stopped = undefined;
    this.#running = this.#loop(this.#controller.signal).finally(() => {
      this.#running = undefined;
    });
  }

  /** There may be more events: do not wait until `pollMs` is over. */
  wake(): void {
    this.#woken = true;
    this.#wake?.();
  }

  /**
   * Aborts `context.signal`, and resolves when nothing runs. The event that was under way comes again. A
   * handler must not await it.
   */
  async stop(): Promise<void> {
    const stopped = new ProjectionStoppedError(`${this.name}: it was stopped`, { policy: this.name });
    const controller = this.#controller;
    // Whoever begins from now on is not meant.
    this.#controller = new AbortController();
    controller.abort(stopped);
    this.#wake?.();
    await this.#running;
    await this.#turn;
    if (this.#status === 'running') this.#status = 'idle';
    this.#waiters.fail(stopped);
  }

  /** As `stop()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /**
   * Resolves when the event at `position` has been processed, parked or skipped, and that is saved. Rejects
   * with `ERR_TIMEOUT`, with the reason of the signal, and with `ERR_PROJECTION_STOPPED` when the projection
   * stops before.
   */
  async whenProcessed(position: Position, options: WhenProcessedOptions = {}): Promise<void> {
    if (this.#isPassed(position)) return;
    if (this.#stopped !== undefined) throw this.#stopped;
    await this.#waiters.wait(position, options);
  }

  /** Runs the handler for a parked event again, after all later ones; whether it went well. */
  retryParked(position: Position): Promise<boolean> {
    const { signal } = this.#controller;
    return this.#exclusively(() => this.#runner.retryParked(position, signal));
  }

  /** Forgets a parked event; whether there was one. */
  discardParked(position: Position): Promise<boolean> {
    return this.#exclusively(() => this.#runner.discardParked(position));
  }

  /** How it stands at this moment. */
  snapshot(): ProjectionSnapshot {
    const { name, version } = this.#rules;
    return {
      name,
      version,
      status: this.#status,
      role: this.#runner.role,
      position: this.position,
      lagMs: this.#runner.lagMs,
      processed: this.#runner.processed,
      skipped: this.#runner.skipped,
      parked: this.parked.length,
      waiting: this.#waiters.size,
    };
  }

  /** How it was made. */
  describe(): ProjectionDescription {
    const { handlers, ...rules } = this.#rules;
    return { kind: 'projection', ...rules, on: [...handlers.keys()] };
  }

  #isPassed(position: Position): boolean {
    const reached = this.position;
    return reached !== undefined && this.#runner.compare(position, reached) <= 0;
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #advance(): Promise<boolean> {
    const { signal } = this.#controller;
    try {
      const more = await this.#exclusively(() => this.#runner.round(signal));
      this.#stopped = undefined;
      if (this.#running === undefined) this.#status = 'idle';
      return more;
    } catch (error) {
      if (error instanceof ProjectionStoppedError && !signal.aborted) this.#end(error);
      throw error;
    } finally {
      this.#waiters.tell(position => this.#isPassed(position));
    }
  }

  #end(error: ProjectionStoppedError): void {
    this.#stopped = error;
    // Without a cause it is another version that is read from.
    this.#status = 'cause' in error ? 'failed' : 'retired';
    this.#waiters.fail(error);
  }

  async #loop(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#woken = false;
      try {
        if (await this.#advance()) {
          // A feed that answers at once must not keep everything else from running.
          await new Promise<void>(resolve => this.#clock.afterTurn(resolve));
          continue;
        }
      } catch (error) {
        if (signal.aborted || this.#stopped !== undefined) return;
        const { name, version } = this.#rules;
        const payload = { projection: name, version, error, at: this.#clock.wall() };
        if (this.#events?.has('interrupted')) this.#events.emit('interrupted', payload);
      }
      if (!signal.aborted && !this.#woken) await this.#pause();
    }
  }

  #pause(): Promise<void> {
    return new Promise(resolve => {
      const timer = this.#clock.schedule(this.#rules.pollMs, () => this.#wake?.());
      this.#wake = () => {
        this.#wake = undefined;
        timer.cancel();
        resolve();
      };
    });
  }
}
