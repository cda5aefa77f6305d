import type { Backoff } from '../core/backoff.js';
import { functionName, given, orNull } from '../kernel/options.js';
import { describeBudget } from './budget-description.js';
import type { RetryPlan } from './retry-plan.js';

/** How a retry is set up, as JSON; `null` stands for no limit. */
export interface RetryDescription {
  /** Tells the descriptions of policies apart. */
  readonly kind: 'retry';
  /** Its option of that name. */
  readonly name: string;
  /** Its option of that name. */
  readonly attempts: number | null;
  /** Its option of that name. */
  readonly backoff: Backoff;
  /** Its option of that name, in ms. */
  readonly maxElapsedMs: number | null;
  /** The name of the function; left out where there is none. */
  readonly classify?: string;
  /** Its option of that name. */
  readonly honourRetryAfter: boolean;
  /** Its option of that name, in ms. */
  readonly maxRetryAfterMs: number | null;
  /** Its option of that name; left out where nothing was said. */
  readonly idempotent?: boolean;
  /** What its budget describes, or the name of one that describes nothing; left out where there is none. */
  readonly budget?: unknown;
  /** The name of the function; left out where there is none. */
  readonly onDiscard?: string;
  /** Attempts of one call by this and the retries around it, the most seen yet. */
  readonly amplification: number | null;
}

export function describeRetry(plan: RetryPlan<unknown>, amplification: number): RetryDescription {
  const { name, attempts, backoff, maxElapsedMs, honourRetryAfter, maxRetryAfterMs, idempotent } = plan;
  return given({
    kind: 'retry' as const,
    name,
    attempts: orNull(attempts),
    backoff,
    maxElapsedMs: orNull(maxElapsedMs),
    classify: functionName(plan.classify),
    honourRetryAfter,
    maxRetryAfterMs: orNull(maxRetryAfterMs),
    idempotent,
    budget: describeBudget(plan.budget),
    onDiscard: functionName(plan.onDiscard),
    amplification: orNull(amplification),
  }) as RetryDescription;
}
