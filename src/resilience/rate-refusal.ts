import { DeadlineError, RateLimitedError, type RejectedError } from '../kernel/errors.js';

/**
 * Why a call was refused. `rate`: it would have to wait longer than it may. `deadline`: its turn would not
 * come before its deadline. `queue`: as many wait as may. `cost`: it costs more than can ever pass at once.
 * `late`: the process was busy when its turn came, and then its deadline had passed. `closed`: the limiter is
 * disposed of.
 */
export type RateRefusal = 'rate' | 'deadline' | 'queue' | 'cost' | 'late' | 'closed';

const because: Readonly<Record<Exclude<RateRefusal, 'late'>, string>> = {
  rate: 'the rate is exceeded',
  deadline: 'no turn before the deadline',
  queue: 'the rate is exceeded and the line is full',
  cost: 'the call costs more than can ever pass at once',
  closed: 'the rate is exceeded and it is closed',
};

/** The error for a refusal by the limiter named `policy`; after `retryAfterMs` it would have been let in. */
export function rateRefusal(
  reason: RateRefusal,
  policy: string,
  retryAfterMs: number | undefined,
): RejectedError {
  if (reason === 'late') {
    return new DeadlineError(`${policy}: its turn came after the deadline`, { policy });
  }
  return new RateLimitedError(`${policy}: ${because[reason]}`, { policy, retryAfterMs });
}
