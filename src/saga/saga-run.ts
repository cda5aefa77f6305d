import pLimit, { type LimitFunction } from 'p-limit';
import { interruptedSteps } from '../core/saga.js';
import type { PlanNode } from '../core/saga-plan.js';
import type { SagaEvent, SagaState } from '../core/saga-state.js';
import { AlarmBell } from './alarm-bell.js';
import type { RunHost } from './run-host.js';
import { SagaAgenda } from './saga-agenda.js';
import { SagaJournal } from './saga-journal.js';
import { type EffectNode, isEffect, type SagaData, type SagaNode } from './saga-node.js';
import { isActive } from './saga-record.js';
import type { ClaimedSaga, SagaRecord, SagaWrite, WriteAnswer } from './saga-store.js';
import { unmetCondition } from './step-condition.js';
import type { SagaView } from './step-context.js';
import type { StepTask } from './step-task.js';
import { Busy, StepsUnderway } from './steps-underway.js';
import type { Look, NextLook } from './waiting-steps.js';

/**
 * Drives one claimed saga: runs what can run, writes down what came of it, and only then goes on. One write
 * for each step of a saga in a line. It gives the claim back when there is nothing to do for a while.
 */
export class SagaRun {
  readonly definition: SagaData;
  readonly record: SagaRecord;
  readonly #host: RunHost;
  /** When the claim ends, on the monotonic clock; kept by the worker. */
  leaseUntil: number;
  /** As far as it is written. */
  status: SagaRecord['status'];
  readonly #journal: SagaJournal;
  readonly #busy = new StepsUnderway();
  readonly #agenda: SagaAgenda;
  readonly #bell: AlarmBell;
  /** Signals that are used up, written down or not yet. */
  #used: Set<string> | undefined;
  #limit: LimitFunction | undefined;
  /** Why it is to be cancelled: the store has said yes to it. */
  #cancel: string | undefined;
  lost = false;
  /** Whether it is about to give its claim back: then the store may know before this does. */
  leaving = false;

  constructor(definition: SagaData, { record, interrupted }: ClaimedSaga, host: RunHost, until: number) {
    const { plan } = definition;
    this.definition = definition;
    this.record = record;
    this.#host = host;
    this.leaseUntil = until;
    this.status = record.status;
    this.#journal = new SagaJournal(plan, record);
    this.#agenda = new SagaAgenda(this.#journal, this.#busy);
    this.#bell = new AlarmBell(host);
    this.#cancel = record.cancel;
    if (!interrupted) return;
    const at = host.now();
    const steps = interruptedSteps(plan, record.state, at);
    if (steps.length > 0) this.#tell({ kind: 'interrupted', at, steps });
  }

  get state(): SagaState {
    return this.#journal.state;
  }

  /** Look again: something may have come, or the claim is good again. */
  nudge(): void {
    this.#agenda.forget();
    this.#bell.ring();
  }

  /** The claim is lost: nothing that its steps answer counts any more. */
  drop(reason: unknown): void {
    this.lost = true;
    this.#busy.drop(reason);
    this.#bell.ring();
  }

  /** Somebody asked for it to be cancelled. */
  requestCancel(reason: string): void {
    this.#cancel ??= reason;
    this.#bell.ring();
  }

  /** Until it is over, parked, waits for long, or the claim is lost. Does not reject. */
  async drive(): Promise<void> {
    try {
      while (!this.lost) {
        this.#heedCancel();
        if (!this.#journal.unwritten) this.#begin();
        if (this.lost) break;
        const idle = this.#busy.size === 0 && !this.#canBegin();
        if (idle || this.#journal.unwritten) {
          const write = this.#nextWrite(idle || (this.#busy.size === 0 && this.#host.closing));
          let answer: WriteAnswer;
          try {
            answer = await this.#host.write(write);
          } catch (error) {
            answer = await this.#host.writeAgain(this, write, error);
          }
          if (this.#hasLeft(write, answer)) break;
        } else {
          // What is due and was not begun waits for something else: the claim, or a step that runs.
          await this.#bell.wait(this.#nextDue('againAt') - this.#host.now());
        }
      }
    } catch (error) {
      // A mistake of this package: the claim runs out, and somebody tries again.
      this.#host.failed('drive', error);
      this.drop(error);
    }
    this.#host.left(this);
  }

  #tell(event: SagaEvent): void {
    this.#journal.tell(event);
    this.#agenda.forget();
    this.#bell.ring();
  }

  #heedCancel(): void {
    const reason = this.#cancel;
    if (reason === undefined || this.state.direction === 'backward') return;
    this.#tell({ kind: 'cancelled', reason, begun: this.#busy.begun() });
    this.#busy.turnBack(reason);
  }

  /** The steps whose turn it is now, that do not run and have not been looked at. */
  #turns(): readonly PlanNode[] {
    const backward = this.state.direction === 'backward';
    // Those that ran side by side with the one that failed come to their end first.
    if (this.#host.closing || (backward && this.#busy.begun().length > 0)) return [];
    return this.#agenda.turns(this.#host);
  }

  #nextDue(which: keyof NextLook): number {
    return this.#host.closing ? Infinity : this.#agenda.nextDue(which);
  }

  /** When nothing runs: whether there is something to begin, now or so soon that the claim is kept. */
  #canBegin(): boolean {
    const due = this.#nextDue('againAt');
    if (due === 0 || due === Infinity) return due === 0;
    const now = this.#host.now();
    return due <= now || this.#nextDue('wakeAt') - now <= this.#host.patienceMs(this.#agenda.needsOthers);
  }

  #begin(): void {
    const turns = this.#turns();
    for (const planned of turns) {
      if (!this.#host.mayBegin(this)) return;
      const direction = this.state.direction;
      const node = this.definition.nodes[this.definition.plan.positions.get(planned.name)!]!;
      if (isEffect(node)) this.#beginStep(node, planned, turns.length > 1 || this.#busy.size > 0);
      else this.#look(node);
      // One that failed at once has changed what is to be done.
      if (this.lost || this.state.direction !== direction) return;
    }
  }

  #beginStep(node: EffectNode, { name, retriable }: PlanNode, several: boolean): void {
    const { state, outputs } = this.#journal;
    const task = this.#host.steps.task(node, retriable, this.record, state, outputs);
    const { entry, forward } = task;
    // With a mark, or an attempt that told of itself. A worker that was lost may not have come to ask.
    const asked = entry.state !== undefined || entry.error !== undefined;
    const unmet = forward && !asked && node.when ? unmetCondition(node, this.#view()) : undefined;
    const settled = unmet ?? this.#host.steps.exhausted(task);
    if (settled !== undefined) {
      this.#ended(settled);
      return;
    }
    if (forward && !node.repeatable && entry.maybe) {
      const error = { name: 'Error', message: 'nobody knows whether it ran, and it must not run twice' };
      this.#tell({ kind: 'stuck', step: name, maybe: true, error });
      return;
    }
    if (forward && node.marked && entry.state === undefined) {
      // Not before it can begin at once: what is marked and only waits is undone when the worker is lost.
      if (this.#busy.size < this.definition.concurrency) this.#tell({ kind: 'started', step: name });
      return;
    }
    const busy = new Busy(name, forward, false);
    this.#busy.add(busy);
    if (!several) void this.#runStep(task, busy);
    else {
      this.#limit ??= pLimit(this.definition.concurrency);
      void this.#limit(() => this.#inTurn(task, busy));
    }
  }

  /** Resolves when it is over, where that is not at once. */
  #runStep(task: StepTask, busy: Busy): Promise<void> | undefined {
    busy.begun = true;
    const end = this.#host.steps.run(task, busy);
    if (end instanceof Promise) return end.then(event => this.#told(busy, event));
    this.#told(busy, end);
    return undefined;
  }

  #told(busy: Busy, event: SagaEvent): void {
    if (this.#busy.isAwaited(busy)) this.#ended(event, busy.forward);
  }

  /**
   * It has waited for its turn: meanwhile the saga may have turned back, or the claim may be about to end.
   */
  #inTurn(task: StepTask, busy: Busy): Promise<void> | undefined {
    if (!this.#busy.isAwaited(busy)) return undefined;
    if (this.#host.mayBegin(this)) return this.#runStep(task, busy);
    this.#busy.delete(busy.step);
    this.#bell.ring();
    return undefined;
  }

  #view(): SagaView<never, never> {
    const { id: sagaId, input } = this.record;
    return { sagaId, input: input as never, outputs: this.#journal.outputs as never };
  }

  #ended(event: SagaEvent & { readonly step?: string }, forward = true): void {
    this.#busy.delete(event.step!);
    if (event.kind === 'retrying' && forward && this.state.direction === 'backward') {
      // Nobody tries it again, and its attempts are not those of its compensation.
      const { step, maybe, error } = event;
      this.#tell({ kind: 'failed', step, ...(maybe && { maybe }), error });
      return;
    }
    if (event.kind !== 'failed') {
      this.#tell(event);
      return;
    }
    this.#tell({ ...event, begun: this.#busy.begun() });
    if (this.state.direction === 'backward') this.#busy.turnBack(new Error(`${event.step} failed`));
  }

  #look(node: Exclude<SagaNode, EffectNode>): void {
    const busy = new Busy(node.name, this.state.direction === 'forward', true);
    this.#busy.add(busy);
    const looking = { record: this.record, state: this.state, view: this.#view() };
    const taken = (look: Look): void => {
      if (!this.#busy.isAwaited(busy)) return;
      this.#busy.delete(node.name);
      if (look.consumed !== undefined) {
        this.#journal.consume(look.consumed);
        this.#used ??= new Set();
        this.#used.add(look.consumed);
      }
      if (look.event !== undefined) this.#ended(look.event as SagaEvent & { step: string });
      // After what was told, which forgets what was looked at.
      if (look.next !== undefined) this.#agenda.looked(node.name, look.next);
      this.#bell.ring();
    };
    const failed = (error: unknown): void => {
      this.#host.failed('look', error);
      const later = this.#host.now() + this.#host.patienceMs(false);
      taken({ next: { againAt: later, wakeAt: later } });
    };
    this.#host.waits.look(node, looking).then(look => {
      // Two that wait for the same: one has it.
      if (look.consumed !== undefined && this.#used?.has(look.consumed)) taken({});
      else taken(look);
    }, failed);
  }

  /** Of what has happened; it gives the claim back when nothing is left to do, or for a while if `idle`. */
  #nextWrite(idle: boolean): SagaWrite {
    const told = this.#journal.reached;
    // It is not over before what ran beside the step that failed has ended, though there be nothing to undo.
    const reached = told === 'compensated' && this.#busy.size > 0 ? 'compensating' : told;
    const { closing } = this.#host;
    const active = isActive(reached);
    const heedsCancel = this.#cancel !== undefined;
    this.leaving = idle || (this.#busy.size === 0 && !active);
    if (!this.leaving) return this.#journal.write(reached, reached, undefined, heedsCancel);
    const release = { wakeAt: active ? this.#wakeAt() : undefined, signals: this.record.signals };
    return this.#journal.write(reached, active && !closing ? 'waiting' : reached, release, heedsCancel);
  }

  #wakeAt(): number | undefined {
    if (this.#host.closing) return this.#host.now();
    const due = this.#nextDue('wakeAt');
    return due === Infinity ? undefined : due;
  }

  /** Whether the claim was given back with a write, or is lost. */
  #hasLeft(write: SagaWrite, answer: WriteAnswer): boolean {
    if (answer.kind === 'stale') this.#host.lose(this);
    if (this.lost) return true;
    if (answer.kind === 'written') {
      this.#journal.written();
      // One that waits has nothing running that might have gone on.
      this.status = write.status === 'waiting' ? this.#journal.reached : write.status;
      for (const event of write.events) this.#host.tell(this, event);
      return this.leaving;
    }
    this.leaving = false;
    this.#journal.refused(write);
    if (answer.kind === 'cancel') this.#cancel = answer.reason;
    return false;
  }
}
