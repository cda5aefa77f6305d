import type { SagaEvent, SagaState } from '../core/saga-state.js';
import type { Timers } from './alarm-bell.js';
import type { SagaRecord, SagaWrite, WriteAnswer } from './saga-store.js';
import type { StepRunner } from './step-runner.js';
import type { WaitingSteps } from './waiting-steps.js';

/** A saga that is driven, as far as its worker keeps its claim. */
export interface DrivenSaga {
  readonly record: SagaRecord;
  /** When the claim ends, on the monotonic clock. */
  readonly leaseUntil: number;
  readonly lost: boolean;
  /** What it is as far as it is written. */
  readonly status: SagaRecord['status'];
  readonly state: SagaState;
  /** The claim is lost: nothing that its steps answer counts any more. */
  drop(reason: unknown): void;
}

/** What a run needs of the worker that drives it. */
export interface RunHost extends Timers {
  /** The time of the store, in epoch ms. */
  now(): number;
  readonly steps: StepRunner;
  readonly waits: WaitingSteps;
  write(write: SagaWrite): Promise<WriteAnswer>;
  /** After a write that has failed: until the store has taken it, the claim is lost, or it is cancelled. */
  writeAgain(run: DrivenSaga, write: SagaWrite, error: unknown): Promise<WriteAnswer>;
  /** Somebody else has it, or may have. */
  lose(run: DrivenSaga): void;
  /** It is driven here no more: it is over, parked, given back or lost. */
  left(run: DrivenSaga): void;
  /** The store, or this package, did not do what it had to. */
  failed(doing: string, error: unknown): void;
  /** Whether the claim is good for another effect. If not, the run is nudged when it is. */
  mayBegin(run: DrivenSaga): boolean;
  /** Tells the world of it. */
  tell(run: DrivenSaga, event: SagaEvent): void;
  /**
   * A saga that is due within so many ms keeps its claim. `needsOthers`: it waits for what another saga may
   * have to do, which needs a place.
   */
  patienceMs(needsOthers: boolean): number;
  /** Whether nothing is to be begun any more. */
  readonly closing: boolean;
}
