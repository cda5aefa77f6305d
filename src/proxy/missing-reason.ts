import { factOf, isRejected } from '../kernel/errors.js';

/**
 * Why a part is missing. `failed`: its operation did. `timeout`: it was not there in time. `refused`: a
 * policy did not let it run. `needs`: another part that it cannot do without is missing.
 */
export type MissingReason = 'failed' | 'timeout' | 'refused' | 'needs';

/** A part that is missing in an answer. */
export interface MissingPart<Name extends string = string> {
  /** Its name. */
  readonly part: Name;
  /** What kept it. */
  readonly why: MissingReason;
  /** What was thrown: by itself, or by the part that it cannot do without. */
  readonly error: unknown;
}

/** Why a part is missing that threw `error`. */
export function reasonFor(error: unknown): MissingReason {
  if (factOf(error, 'code') === 'ERR_TIMEOUT') return 'timeout';
  return isRejected(error) ? 'refused' : 'failed';
}
