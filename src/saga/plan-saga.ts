import { apply, nextSteps, statusOf } from '../core/saga.js';
import { FRESH, type SagaEvent, type SagaState, type SagaStatus } from '../core/saga-state.js';
import { checkKeys, checkOneOf, refuse } from '../kernel/options.js';
import type { SagaData } from './saga-node.js';
import { stepKey } from './step-key.js';

/** What is assumed in a dry run. */
export interface PlanSagaOptions {
  /** The step that fails. @default none does */
  readonly failing?: string;
  /** Whether it certainly had no effect, or may have had one. @default 'failed' */
  readonly outcome?: 'failed' | 'unknown';
  /** What stands for the id of the saga in the keys. @default 'saga' */
  readonly id?: string;
}

/** One call of a dry run. */
export interface PlannedCall {
  /** The name of the step. */
  readonly step: string;
  /** Whether it is done or undone. */
  readonly direction: 'forward' | 'compensate';
  /** What its participant tells repeated calls by. */
  readonly idempotencyKey: string;
  /** Calls of one wave run side by side. */
  readonly wave: number;
}

/** What a saga would do. */
export interface SagaDryRun {
  /** In the order in which they would begin. */
  readonly calls: readonly PlannedCall[];
  /** What would become of the saga. */
  readonly end: SagaStatus;
}

/**
 * What a saga would call, in which order and with which keys, when nothing fails or one step does. Nothing is
 * run.
 *
 * @throws TypeError that names the option, the rule and the value.
 */
export function planSaga(saga: SagaData, options: PlanSagaOptions = {}): SagaDryRun {
  const owner = 'planSaga';
  checkKeys(owner, options, ['failing', 'outcome', 'id']);
  const { failing, outcome = 'failed', id = 'saga' } = options;
  checkOneOf(owner, 'outcome', outcome, ['failed', 'unknown']);
  if (failing !== undefined && !saga.plan.positions.has(failing)) {
    refuse(owner, 'failing', 'a step of the saga', failing);
  }
  const calls: PlannedCall[] = [];
  let state: SagaState = FRESH;
  for (let wave = 1; ; wave++) {
    const steps = nextSteps(saga.plan, state);
    if (steps.length === 0) return { calls, end: statusOf(saga.plan, state) };
    const forward = state.direction === 'forward';
    const direction = forward ? 'forward' : 'compensate';
    // A failure last: those beside it are through by then.
    const ordered = [...steps].sort((a, b) => Number(a.name === failing) - Number(b.name === failing));
    for (const { name: step } of ordered) {
      calls.push({ step, direction, idempotencyKey: stepKey(id, step, direction), wave });
      state = apply(saga.plan, state, eventOf(step, forward, step === failing, outcome));
    }
  }
}

function eventOf(step: string, forward: boolean, fails: boolean, outcome: 'failed' | 'unknown'): SagaEvent {
  if (!forward) return { kind: 'undone', step };
  if (!fails) return { kind: 'done', step };
  const error = { name: 'Error', message: 'assumed' };
  return { kind: 'failed', step, error, ...(outcome === 'unknown' && { maybe: true as const }) };
}
