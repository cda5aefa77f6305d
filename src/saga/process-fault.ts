import { factOf } from '../kernel/errors.js';
import { stepOutcome } from './step-outcome.js';

/**
 * What an error of a bus says of a command. `hopeless`: it was refused before anything was sent, and will be
 * each time. `refused`: the broker did not take it. `away`: the broker was not there, or took nothing at the
 * time. `unanswered`: it may have been sent, and there was no answer.
 */
export type PublishTrouble = 'hopeless' | 'refused' | 'away' | 'unanswered';

/** It is the message that is wrong, not the time. */
const hopeless: readonly unknown[] = ['ERR_INVALID_MESSAGE', 'ERR_RECORD_TOO_LARGE', 'ERR_UNSUPPORTED'];

/** So deep may what a driver says lie in what the bus says. */
const DEEPEST = 4;

function isHopeless(error: unknown): boolean {
  let inner = error;
  for (let depth = 0; depth < DEEPEST && inner !== undefined && inner !== null; depth++) {
    if (hopeless.includes(factOf(inner, 'code'))) return true;
    inner = factOf(inner, 'cause');
  }
  return false;
}

/** Reads an error of a bus. One that says nothing is of a broker that was there. */
export function publishTrouble(error: unknown): PublishTrouble {
  if (isHopeless(error)) return 'hopeless';
  if (factOf(error, 'code') === 'ERR_PUBLISH' && factOf(error, 'retryable') === true) {
    return factOf(error, 'maybeStored') === true ? 'unanswered' : 'away';
  }
  return stepOutcome(error) === 'not-run' ? 'away' : 'refused';
}
