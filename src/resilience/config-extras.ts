import type { Clock } from '../kernel/clock.js';
import type { Context } from '../kernel/context.js';
import type { Outcome, Verdict } from '../kernel/outcome.js';
import type { Guard, Policy } from '../kernel/policy.js';
import type { Random } from '../kernel/random.js';
import type { CircuitBreakerOptions } from './circuit-options.js';
import type { FallbackStep } from './fallback.js';
import type { AttemptBudget, RetryAfter } from './retry-plan.js';

type Named<T> = Readonly<Record<string, T>>;
/** Methods, so that a function for `Response` may stand here as well. */
interface Functions {
  classify(outcome: Outcome, context: Context): Verdict | RetryAfter | undefined;
  onDiscard(value: unknown): unknown;
}

/** What a config names and cannot hold. */
export interface ConfigExtras {
  /** What `classify` may name. */
  readonly classify?: Named<Functions['classify']>;
  /** What `onDiscard` of a retry may name. */
  readonly onDiscard?: Named<Functions['onDiscard']>;
  /** What `retryAfterMs` of a circuit breaker may name. */
  readonly retryAfterMs?: Named<NonNullable<CircuitBreakerOptions['retryAfterMs']>>;
  /** What `run` of a fallback may name. */
  readonly run?: Named<FallbackStep<unknown>>;
  /** What `trip` of a circuit breaker may name. */
  readonly trip?: Named<NonNullable<CircuitBreakerOptions['trip']>>;
  /** Budgets that are shared with other pipelines; before those of the config. */
  readonly budgets?: Named<AttemptBudget>;
  /** Kinds of your own, each a function that makes a policy or a guard of the other fields. */
  readonly kinds?: Named<(options: Readonly<Record<string, unknown>>) => Policy<never, unknown> | Guard>;
  /** The source of time of all policies. */
  readonly clock?: Clock;
  /** The source of chance of all policies. */
  readonly random?: Random;
}
