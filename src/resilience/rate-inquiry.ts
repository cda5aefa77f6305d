import type { Timer } from '../kernel/clock.js';
import type { GuardedCall } from '../kernel/guarded-call.js';
import type { RateLimitDecision, RateLimitTake } from './rate-limit-store.js';

/**
 * A call that waits for what the store says, and then perhaps for its turn. `asking`: the store has not
 * answered. `promised`: its turn is known. `over`: it runs, was refused, or has left.
 */
export class RateInquiry {
  readonly call: GuardedCall;
  readonly request: RateLimitTake;
  readonly since: number;
  stage: 'asking' | 'promised' | 'over' = 'asking';
  /** Whether its turn was not at once. */
  hadToWait = false;
  /** Whether it ran without an answer: then what a late answer took is for it. */
  ranUnasked = false;
  timer: Timer | undefined;

  constructor(call: GuardedCall, request: RateLimitTake, since: number) {
    this.call = call;
    this.request = request;
    this.since = since;
  }

  /** It does not wait any more. */
  end(): void {
    this.stage = 'over';
    this.timer?.cancel();
    this.timer = undefined;
  }
}

/** @throws TypeError for an answer that the port does not know: a broken store counts as one that failed. */
export function decisionOf(answer: RateLimitDecision): RateLimitDecision {
  const told = answer as Partial<Record<'allowed' | 'waitMs' | 'retryAfterMs', unknown>> | undefined;
  const waitMs = told?.allowed === true ? told.waitMs : told?.allowed === false && told.retryAfterMs;
  if (typeof waitMs === 'number' && waitMs >= 0 && waitMs < Infinity) return answer;
  throw new TypeError('the store of a limit answered with no decision');
}
