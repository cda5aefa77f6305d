import { apply, isCancellable, nextSteps, statusOf } from '../core/saga.js';
import type { PlanNode, SagaPlan } from '../core/saga-plan.js';
import type { SagaEvent, SagaState, SagaStatus } from '../core/saga-state.js';
import { changesOutputs, outputsOf } from './saga-outputs.js';
import type { SagaRecord, SagaWrite } from './saga-store.js';
import { frozen } from './storable.js';

/** Where a saga stands that is driven here, and what of that the store has not been told. */
export class SagaJournal {
  readonly #plan: SagaPlan;
  readonly #record: SagaRecord;
  state: SagaState;
  /** By name, what the steps that are over have answered, as another worker would find it. */
  outputs: Readonly<Record<string, unknown>>;
  #nextOf: SagaState | undefined;
  #next: readonly PlanNode[] = NONE;
  #revision: number;
  #events: readonly SagaEvent[] = NONE;
  #consumed: readonly string[] = NONE;

  constructor(plan: SagaPlan, record: SagaRecord) {
    this.#plan = plan;
    this.#record = record;
    this.state = record.state;
    this.#revision = record.revision;
    this.outputs = frozen(outputsOf(record.state));
  }

  /** Whether something has happened that is not written. */
  get unwritten(): boolean {
    return this.#events.length > 0;
  }

  /** The steps whose turn it is; worked out once a state. */
  get next(): readonly PlanNode[] {
    if (this.#nextOf !== this.state) {
      this.#nextOf = this.state;
      this.#next = nextSteps(this.#plan, this.state);
    }
    return this.#next;
  }

  /** What has become of the saga so far, written or not. */
  get reached(): SagaStatus {
    return statusOf(this.#plan, this.state, this.next);
  }

  tell(event: SagaEvent): void {
    this.state = apply(this.#plan, this.state, event);
    if (changesOutputs(event, this.outputs)) this.outputs = frozen(outputsOf(this.state));
    this.#events = this.#events.length === 0 ? [event] : [...this.#events, event];
  }

  /** A signal is used up. */
  consume(signal: string): void {
    this.#consumed = [...this.#consumed, signal];
  }

  /** What is to be written: all that has happened, which has led to `reached`. */
  write(
    reached: SagaStatus,
    status: SagaRecord['status'],
    release: SagaWrite['release'],
    heedsCancel: boolean,
  ): SagaWrite {
    const { id, epoch } = this.#record;
    const { state } = this;
    const events = this.#events;
    const consumed = this.#consumed;
    const cancellable = isCancellable(this.#plan, state, reached);
    this.#events = NONE;
    this.#consumed = NONE;
    // biome-ignore format: one field a line says no more
    return {
      id, epoch, revision: this.#revision, state, status, cancellable, events, consumed, release, heedsCancel,
    };
  }

  /** The store has taken a write. */
  written(): void {
    this.#revision++;
  }

  /** The store has not taken a write: what it was about is still to be written. */
  refused({ events, consumed }: SagaWrite): void {
    this.#events = [...events, ...this.#events];
    this.#consumed = [...consumed, ...this.#consumed];
  }
}

const NONE: readonly never[] = /* @__PURE__ */ Object.freeze([]);
