import type { PlanNode } from '../core/saga-plan.js';
import { entryOf, type SagaState } from '../core/saga-state.js';
import type { NextLook } from './waiting-steps.js';

/** What an agenda has to know of the saga. */
export interface AgendaOf {
  readonly state: SagaState;
  /** The steps whose turn it is. */
  readonly next: readonly PlanNode[];
}

/** Which steps run in this process. */
export interface Underway {
  has(step: string): boolean;
}

/** What a saga that is driven has to do next, and when. */
export class SagaAgenda {
  readonly #saga: AgendaOf;
  readonly #underway: Underway;
  /** Steps that wait, and were looked at since something happened: when to look again. */
  #looked: Map<string, NextLook> | undefined;

  constructor(saga: AgendaOf, underway: Underway) {
    this.#saga = saga;
    this.#underway = underway;
  }

  /** What a step waits for is not there; it is looked for again. */
  looked(step: string, next: NextLook): void {
    this.#looked ??= new Map();
    this.#looked.set(step, next);
  }

  /** Something has happened: what was looked at may be otherwise by now. */
  forget(): void {
    this.#looked = undefined;
  }

  /** The steps whose turn it is, that do not run. */
  turns(time: { now(): number }): readonly PlanNode[] {
    const { next } = this.#saga;
    let ready = 0;
    for (const node of next) if (this.#isReady(node, time)) ready++;
    return ready === next.length ? next : next.filter(node => this.#isReady(node, time));
  }

  /**
   * When the next of the steps that do not run is due, 0 for at once and Infinity for none: as long as the
   * saga is held (`againAt`), or when it is not (`wakeAt`).
   */
  nextDue(which: keyof NextLook): number {
    let due = Infinity;
    for (const node of this.#saga.next) {
      if (!this.#underway.has(node.name)) due = Math.min(due, this.#dueAt(node, which));
    }
    return due;
  }

  /** Whether one of the steps whose turn it is waits for what another saga, or somebody else, has to do. */
  get needsOthers(): boolean {
    return this.#saga.next.some(({ kind }) => kind === 'saga' || kind === 'lock' || kind === 'event');
  }

  #isReady(node: PlanNode, time: { now(): number }): boolean {
    if (this.#underway.has(node.name)) return false;
    const dueAt = this.#dueAt(node, 'againAt');
    return dueAt === 0 || dueAt <= time.now();
  }

  #dueAt({ name, kind }: PlanNode, which: keyof NextLook): number {
    const looked = this.#looked?.get(name);
    if (looked !== undefined) return looked[which];
    // What waits for something else than time is looked at first; its time is when it has waited enough.
    const byTime = kind === 'step' || kind === 'pivot' || kind === 'sleep';
    return byTime ? (entryOf(this.#saga.state, name).dueAt ?? 0) : 0;
  }
}
