import {
  type ProcessOutboxClaim,
  type ProcessOutboxEntry,
  type ProcessOutboxEvidence,
  ProcessOutboxLine,
  type ProcessOutboxResult,
} from './process-outbox-line.js';

/** A part of a list: at most `limit`, after the one that `after` names. */
export interface ProcessOutboxPage {
  readonly after: string | undefined;
  readonly limit: number;
}

/** A command that was thrown away. */
export interface ProcessOutboxDiscard extends ProcessOutboxEvidence {
  /** Rises: what a list goes on after. */
  readonly position: string;
  readonly key: string;
  readonly reason: string;
  readonly discardedAt: number;
}

/** What all processes of one kind have to publish: a line for each. */
export class ProcessOutbox {
  /** Those that have something in them. */
  readonly #lines = new Map<string, ProcessOutboxLine>();
  #discarded: ProcessOutboxDiscard[] = [];
  #positions = 0;

  /** How much of a process waits. */
  waiting(key: string): number {
    return this.#lines.get(key)?.size ?? 0;
  }

  add(key: string, entries: readonly Omit<ProcessOutboxEntry, 'position'>[]): void {
    if (entries.length === 0) return;
    const line = this.#lines.get(key) ?? new ProcessOutboxLine();
    this.#lines.set(key, line);
    for (const { id, body } of entries) line.add({ position: String(++this.#positions), id, body });
  }

  /**
   * Hands out what is due, of at most `limit` processes, those first whose turn came first. What may have
   * ended a program waits for its turn like all others, and then goes alone.
   */
  claim(
    limit: number,
    lease: string,
    leaseMs: number,
    now: number,
    wall: number,
  ): readonly (ProcessOutboxClaim & { readonly key: string })[] {
    const due = [...this.#lines]
      .filter(([, line]) => line.dueAt <= now)
      // Of two that never had to wait this is no number, which says that neither comes first.
      .sort(([, a], [, b]) => a.dueAt - b.dueAt)
      .slice(0, limit);
    const goes = due[0]?.[1].suspect === true ? due.slice(0, 1) : due.filter(([, line]) => !line.suspect);
    return goes.map(([key, line]) => ({ key, ...line.claim(lease, now + leaseMs, wall) }));
  }

  /** Without effect when the lease was lost; whether it was not. */
  settle(key: string, lease: string, result: ProcessOutboxResult, now: number, wall: number): boolean {
    const held = this.#lines.get(key)?.settle(lease, result, now, wall) === true;
    this.#forgetEmpty(key);
    return held;
  }

  /** What is parked, by key. */
  parked({
    after,
    limit,
  }: ProcessOutboxPage): readonly (ProcessOutboxEvidence & { key: string; waiting: number })[] {
    const isNext = ([key, { parked }]: [string, ProcessOutboxLine]): boolean =>
      parked !== undefined && key > (after ?? '');
    const keys = [...this.#lines].filter(isNext).map(([key]) => key);
    return keys
      .sort()
      .slice(0, limit)
      .map(key => {
        const { parked, size } = this.#lines.get(key)!;
        return { key, ...parked!, waiting: size };
      });
  }

  /** What is parked of a process is tried again; the id of the command. */
  unpark(key: string): string | undefined {
    return this.#lines.get(key)?.unpark();
  }

  /** Throws away the command of a process that is parked, if it is this one; whether it was. */
  discard(key: string, id: string, reason: string, wall: number): boolean {
    const evidence = this.#lines.get(key)?.discard(id);
    if (evidence === undefined) return false;
    const position = String(++this.#positions);
    this.#discarded.push({ position, key, ...evidence, reason, discardedAt: wall });
    this.#forgetEmpty(key);
    return true;
  }

  /** What was thrown away, in this order. */
  discarded({ after, limit }: ProcessOutboxPage): readonly ProcessOutboxDiscard[] {
    const from = after === undefined ? 0 : Number(after);
    return this.#discarded.filter(({ position }) => Number(position) > from).slice(0, limit);
  }

  /** Forgets what was thrown away up to then, at most `limit`; how many. */
  purge(until: number, limit: number): number {
    const young = this.#discarded.findIndex(({ discardedAt }) => discardedAt > until);
    const old = Math.min(young < 0 ? this.#discarded.length : young, limit);
    this.#discarded = this.#discarded.slice(old);
    return old;
  }

  #forgetEmpty(key: string): void {
    if (this.#lines.get(key)?.size === 0) this.#lines.delete(key);
  }
}
