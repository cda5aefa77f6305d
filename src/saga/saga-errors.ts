import type { SagaState } from '../core/saga-state.js';
import { type ErrorFacts, RejectedError, ResilienceError } from '../kernel/errors.js';
import { show } from '../kernel/options.js';
import type { SignalTarget } from './saga-store.js';

/**
 * Thrown by a step: it failed for good, and had no effect. The saga turns back at once, and this step is not
 * undone. Any other error leaves it open whether the step had an effect.
 */
export class StepFailedError extends ResilienceError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_STEP_FAILED', message, { stack: true, ...facts });
  }

  override get name(): string {
    return 'StepFailedError';
  }
}

/** The saga has been undone; `because` says what made it turn back. */
export class SagaCompensatedError extends ResilienceError {
  /** Which saga. */
  readonly sagaId: string;
  /** What made it turn back. */
  readonly because: SagaState['because'];

  constructor(message: string, sagaId: string, because: SagaState['because'], facts?: ErrorFacts) {
    super('ERR_SAGA_COMPENSATED', message, facts);
    this.sagaId = sagaId;
    this.because = because;
  }

  override get name(): string {
    return 'SagaCompensatedError';
  }
}

/** The saga stands still until somebody decides: see `retry`, `skip`, `resolve` and `forceCompensate`. */
export class SagaParkedError extends ResilienceError {
  /** Which saga. */
  readonly sagaId: string;
  /** The steps that are stuck. */
  readonly steps: readonly string[];

  constructor(message: string, sagaId: string, steps: readonly string[], facts?: ErrorFacts) {
    super('ERR_SAGA_PARKED', message, facts);
    this.sagaId = sagaId;
    this.steps = steps;
  }

  override get name(): string {
    return 'SagaParkedError';
  }
}

/** What was asked of a saga cannot be done with it as it stands. Nothing was changed. */
export class SagaRefusedError extends RejectedError {
  constructor(message: string, facts?: ErrorFacts) {
    super('ERR_SAGA_REFUSED', message, facts);
  }

  override get name(): string {
    return 'SagaRefusedError';
  }
}

/** A store could not do what it was asked to. Asking again is safe, whether or not it was done. */
export class SagaStoreError extends ResilienceError {
  /** Whether another try may do better. */
  readonly retryable: boolean;
  /** Whether it may have been done all the same. */
  readonly maybeDone: boolean;

  constructor(
    message: string,
    facts: ErrorFacts & { readonly retryable: boolean; readonly maybeDone: boolean },
  ) {
    super('ERR_SAGA_STORE', message, facts);
    this.retryable = facts.retryable;
    this.maybeDone = facts.maybeDone;
  }

  override get name(): string {
    return 'SagaStoreError';
  }
}

/** @throws SagaRefusedError: a store keeps no more signals for a saga. */
export function refuseSignal(owner: string, option: string, most: number, target: SignalTarget): never {
  const whom = 'id' in target ? show(target.id) : `the key ${show(target.key)} of ${show(target.definition)}`;
  throw new SagaRefusedError(`${owner}: at \`${option}\`, ${most}, no more signals are kept for ${whom}`);
}
