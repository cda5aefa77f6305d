import type { Position } from './event-feed.js';

/** An event that could not be processed and was put aside. */
export interface ParkedEvent {
  /** Where it stands. */
  readonly position: Position;
  /** The name of the event. */
  readonly type: string;
  /** What it carries, as it was read. */
  readonly data: unknown;
  /** In which version it was written. */
  readonly version: number | undefined;
  /** What went wrong the last time, in words: `TypeError: …`, at most 1000 characters. */
  readonly error: string;
  /** How often it was tried. */
  readonly attempts: number;
  /** Whether another version has processed it before. */
  readonly replaying: boolean;
  /** When it was tried last, in epoch ms. */
  readonly at: number;
}

/** What is kept of one version of a projection. */
export interface SavedProjection<State> {
  /** The last event that it is through with; `undefined` before the first. */
  readonly position: Position | undefined;
  /** The events that it has put aside. */
  readonly parked: readonly ParkedEvent[];
  /** The read model; left out by a store that keeps the rest only. */
  readonly state?: State;
}

/** A transaction of a store: what handlers write by it and the position are saved together, or not at all. */
export interface ProjectionUnit<State, Transaction> {
  /** What handlers are given as `context.transaction`. */
  readonly transaction: Transaction;
  /** Runs a handler. When it fails nothing is left of what it wrote, and the transaction goes on. */
  attempt<T>(handler: () => T | Promise<T>): Promise<T>;
  /** Saves all of it, with the rest of the transaction. */
  save(saved: SavedProjection<State>): Promise<void>;
}

/**
 * Keeps what projections need to go on after a restart. A store that keeps `state` with the position is
 * exact: an event counts once. So is one with `within`, where the read model is tables that handlers write.
 * Any other is for read models that live elsewhere: after a crash the last events come again, and handlers
 * tell them by their position.
 */
export interface ProjectionStore<State, Transaction = undefined> {
  /** What was saved of a version; `undefined` when nothing was. */
  load(
    name: string,
    version: number,
  ): SavedProjection<State> | undefined | Promise<SavedProjection<State> | undefined>;
  /** Saves all of it, or nothing. */
  save(name: string, version: number, saved: SavedProjection<State>): void | Promise<void>;
  /** The version that is read from; `undefined` when there is none yet. */
  active(name: string): number | undefined | Promise<number | undefined>;
  /** Makes `version` the one that is read from, if that is still `instead`; whether it did. */
  activate(name: string, version: number, instead: number | undefined): boolean | Promise<boolean>;
  /**
   * Runs `work` in a transaction that commits when it resolves, if what is saved still ends at `from`;
   * `undefined` where another process has gone on from there, and nothing was done.
   */
  within?<T>(
    name: string,
    version: number,
    from: Position | undefined,
    work: (unit: ProjectionUnit<State, Transaction>) => Promise<T>,
  ): Promise<{ readonly answer: T } | undefined>;
}

/**
 * Keeps read models in memory, as copies: what is changed after it was saved is not. For tests and first
 * steps.
 */
export class InMemoryProjectionStore<State = unknown> implements ProjectionStore<State> {
  readonly #saved = new Map<string, SavedProjection<State>>();
  readonly #active = new Map<string, number>();

  load(name: string, version: number): SavedProjection<State> | undefined {
    return structuredClone(this.#saved.get(`${version} ${name}`));
  }

  save(name: string, version: number, saved: SavedProjection<State>): void {
    this.#saved.set(`${version} ${name}`, structuredClone(saved));
  }

  active(name: string): number | undefined {
    return this.#active.get(name);
  }

  activate(name: string, version: number, instead: number | undefined): boolean {
    if (this.#active.get(name) !== instead) return false;
    this.#active.set(name, version);
    return true;
  }

  /** The read model of the active version; `undefined` when nothing was saved yet. */
  read(name: string): State | undefined {
    const version = this.#active.get(name);
    return version === undefined ? undefined : this.load(name, version)?.state;
  }

  /** Forgets a version that is not needed any more. */
  remove(name: string, version: number): void {
    this.#saved.delete(`${version} ${name}`);
  }
}
