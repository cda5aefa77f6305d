/** Whether a step of a saga is done, or undone. */
export type BarrierDirection = 'forward' | 'compensate';

/** What has been committed of one step at its participant. */
export interface BarrierState {
  /** Whether its business code has had its effect. */
  readonly forward: 'none' | 'done';
  /** `void`: it was to be undone before there was anything to undo. */
  readonly compensate: 'none' | 'done' | 'void';
  /** The largest epoch of an orchestrator that has asked; 0 before any. */
  readonly epoch: number;
}

/**
 * What becomes of a call. `run`: its business code is to run. `duplicate`: it did, and its answer is kept.
 * `void`: there is nothing to undo, and from now on there never will be. `refused`: it comes after its
 * compensation. `stale`: a later orchestrator has asked before.
 */
export type BarrierDecision = 'run' | 'duplicate' | 'void' | 'refused' | 'stale';

/**
 * Decides about a call by what is committed of its step, before any business check is made. Whoever asks
 * holds the row of the step, and keeps it until what was decided is committed or rolled back.
 *
 * A compensation of a step that never ran is what the literature on TCC calls an empty rollback, and a step
 * that comes after it a hanging one: it must have no effect, for nobody will ever undo it.
 *
 * @param epoch That of the orchestrator; `undefined` where it does not say.
 */
export function decideBarrier(
  state: BarrierState,
  direction: BarrierDirection,
  epoch: number | undefined,
): BarrierDecision {
  if ((epoch ?? Infinity) < state.epoch) return 'stale';
  if (direction === 'forward') {
    if (state.compensate !== 'none') return 'refused';
    return state.forward === 'done' ? 'duplicate' : 'run';
  }
  if (state.compensate === 'none') return state.forward === 'done' ? 'run' : 'void';
  return state.compensate === 'done' ? 'duplicate' : 'void';
}
