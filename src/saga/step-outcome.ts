import { attemptsOf } from '../kernel/attempt-history.js';
import { factOf, isRejected } from '../kernel/errors.js';
import { isUnreached } from '../kernel/unreached.js';

/**
 * What an error says about the effect of a step. `failed`: it had none, and will have none. `not-run`: it had
 * none, and may have one another time. `unknown`: it may have had its effect.
 */
export type StepOutcome = 'failed' | 'not-run' | 'unknown';

/** Says what an error means; `undefined` leaves it to the usual rules. */
export type ClassifyStep = (error: unknown) => StepOutcome | undefined;

/** So deep may the error of a network lie in those that wrap it. */
const DEEPEST = 4;

/** What a status of HTTP says: the remote has refused, wants us to wait, or leaves it open. */
function byStatus(status: unknown): StepOutcome | undefined {
  if (typeof status !== 'number') return undefined;
  if (status === 425 || status === 429) return 'not-run';
  if (status === 408) return 'unknown';
  return status >= 400 && status < 500 ? 'failed' : 'unknown';
}

/**
 * Whether an earlier attempt of a retry within the step may have had its effect, whatever the last one says.
 * Those of a long history are forgotten, and nobody knows what they did.
 */
function mayHaveRunBefore(error: unknown): boolean {
  const earlier = attemptsOf(error).slice(0, -1);
  const [oldest] = earlier;
  if (oldest === undefined) return false;
  return oldest.attempt > 1 || earlier.some(({ error }) => lastOutcome(error) === 'unknown');
}

/**
 * The usual rules. A refusal of a policy, an unreachable host and a 429 have not run; `ERR_STEP_FAILED` and
 * any other status of 4xx, as `status` or `statusCode` of the error, have failed; everything else, timeouts
 * and broken connections above all, is unknown. So is what a retry ends with that has tried before and does
 * not know.
 */
export function stepOutcome(error: unknown): StepOutcome {
  let inner = error;
  for (let depth = 0; depth < DEEPEST && inner !== undefined && inner !== null; depth++) {
    if (mayHaveRunBefore(inner)) return 'unknown';
    inner = factOf(inner, 'cause');
  }
  return lastOutcome(error);
}

function lastOutcome(error: unknown): StepOutcome {
  let inner = error;
  for (let depth = 0; depth < DEEPEST && inner !== undefined && inner !== null; depth++) {
    if (isRejected(inner)) return 'not-run';
    if (factOf(inner, 'code') === 'ERR_STEP_FAILED') return 'failed';
    if (isUnreached(inner)) return 'not-run';
    const told = byStatus(factOf(inner, 'status')) ?? byStatus(factOf(inner, 'statusCode'));
    if (told !== undefined) return told;
    inner = factOf(inner, 'cause');
  }
  return 'unknown';
}
