import { RateLimitedError, type RejectedError, TimeoutError } from '../kernel/errors.js';
import { type RateRefusal, rateRefusal } from './rate-refusal.js';

/** Why a call was refused: as by a `RateLimiter`, or because the `store` said nothing. */
export type SharedRateRefusal = RateRefusal | 'store';

/** The error for a refusal by the limiter named `policy`; `cause` is what the store failed with. */
export function sharedRefusal(
  reason: SharedRateRefusal,
  policy: string,
  retryAfterMs: number | undefined,
  cause: unknown,
): RejectedError {
  if (reason !== 'store') return rateRefusal(reason, policy, retryAfterMs);
  const message = `${policy}: the store of the limit says nothing`;
  return new RateLimitedError(message, { policy, retryAfterMs, cause });
}

/** What a store failed with that took too long. */
export function storeLate(policy: string, timeoutMs: number): TimeoutError {
  return new TimeoutError(`${policy}: the store has not answered in ${timeoutMs} ms`, timeoutMs, { policy });
}
