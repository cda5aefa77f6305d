import type { Clock } from '../kernel/clock.js';
import { wordsOf } from './error-words.js';
import type { FedEvent, Position } from './event-feed.js';
import type { ProjectionContext, ProjectionOptions, ProjectionRules } from './projection-options.js';
import type { ParkedEvent, ProjectionUnit, SavedProjection } from './projection-store.js';

/** The transaction in which a batch is processed; `undefined` where the store has none. */
export type Unit = ProjectionUnit<unknown, unknown> | undefined;

/** How an event went. */
export type Applied =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: unknown; readonly attempts: number };

/**
 * The read model of one projection between two savings: what handlers make of events, and what is put aside.
 */
export class ProjectionProgress {
  readonly #options: ProjectionOptions<object, unknown, unknown>;
  readonly #rules: ProjectionRules;
  readonly #clock: Clock;
  #saved: SavedProjection<unknown>;
  #state: unknown;
  #parked: readonly ParkedEvent[];
  position: Position | undefined;

  constructor(
    options: ProjectionOptions<object, unknown, unknown>,
    rules: ProjectionRules,
    clock: Clock,
    saved: SavedProjection<unknown> | undefined,
  ) {
    this.#options = options;
    this.#rules = rules;
    this.#clock = clock;
    this.#saved = saved ?? { position: undefined, parked: [] };
    if (!('state' in this.#saved)) this.#saved = { ...this.#saved, state: options.init() };
    this.#state = this.#saved.state;
    this.#parked = this.#saved.parked;
    this.position = this.#saved.position;
  }

  get saved(): SavedProjection<unknown> {
    return this.#saved;
  }

  get hasChanged(): boolean {
    return this.position !== this.#saved.position || this.#parked !== this.#saved.parked;
  }

  /** Runs the handler of an event, if there is one. */
  async apply(
    event: FedEvent,
    facts: { replaying: boolean; late: boolean; signal: AbortSignal },
    unit: Unit,
  ): Promise<Applied> {
    const handler = this.#rules.handlers.get(event.type);
    if (handler === undefined) return { kind: 'done' };
    const { registry, policy } = this.#options;
    const { position, type, version = 1 } = event;
    let attempts = 1;
    try {
      const data =
        registry === undefined ? event.data : (await registry.decode(type, version, event.data)).data;
      const run = (attempt: number, signal: AbortSignal): unknown => {
        attempts = attempt;
        const transaction = unit?.transaction;
        const context = { position, type, ...facts, attempt, signal, transaction };
        const handle = (): unknown => handler(this.#state, data, context as ProjectionContext);
        return unit === undefined ? handle() : unit.attempt(handle);
      };
      const { signal } = facts;
      this.#state =
        policy === undefined
          ? await run(1, signal)
          : await policy.execute(context => run(context.attempt, context.signal) as never, { signal });
      return { kind: 'done' };
    } catch (error) {
      return { kind: 'failed', error, attempts };
    }
  }

  /** `false` when as many are parked as may be. */
  park(
    { position, type, data, version }: FedEvent,
    error: unknown,
    attempts: number,
    replaying: boolean,
  ): boolean {
    if (this.#parked.length >= this.#rules.maxParked) return false;
    const at = this.#clock.wall();
    const parked = { position, type, data, version, error: wordsOf(error), attempts, replaying, at };
    this.#parked = [...this.#parked, parked];
    return true;
  }

  /** Puts `instead` in the place of a parked event, or nothing. */
  replace(parked: ParkedEvent, instead?: ParkedEvent): void {
    this.#parked = this.#parked.flatMap(one => (one === parked ? (instead ?? []) : one));
  }

  /**
   * Does `work`, and saves what it made of this if anything: in one transaction, where the store has them.
   * When that fails it is as it was when it was saved last. `undefined` where another process has gone on
   * from there.
   */
  async change<T>(work: (unit: Unit) => Promise<T>): Promise<{ readonly answer: T } | undefined> {
    const { name, version } = this.#rules;
    const { store } = this.#options;
    const next = () => ({ position: this.position, state: this.#state, parked: this.#parked });
    try {
      if (store.within === undefined) {
        const answer = await work(undefined);
        if (this.hasChanged) await store.save(name, version, next());
        this.#saved = next();
        return { answer };
      }
      const worked = await store.within(name, version, this.#saved.position, async unit => {
        const answer = await work(unit);
        if (this.hasChanged) await unit.save(next());
        return answer;
      });
      if (worked === undefined) this.revert();
      else this.#saved = next();
      return worked;
    } catch (error) {
      this.revert();
      throw error;
    }
  }

  /** Forgets what is not saved. */
  revert(): void {
    this.#state = this.#saved.state;
    this.#parked = this.#saved.parked;
    this.position = this.#saved.position;
  }
}
