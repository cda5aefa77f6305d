import type { Clock } from '../kernel/clock.js';
import type { Context } from '../kernel/context.js';
import type { Outcome, Verdict } from '../kernel/outcome.js';
import type { Guard, Policy } from '../kernel/policy.js';
import type { Random } from '../kernel/random.js';
import type { CacheEviction, CacheOptions } from './cache-options.js';
import type { CircuitBreakerOptions } from './circuit-options.js';
import type { FallbackStep } from './fallback.js';
import type { AttemptBudget, RetryAfter } from './retry-plan.js';
import type { CallKey } from './single-flight.js';

type Named<T> = Readonly<Record<string, T>>;
/** Methods, so that a function for `Response` may stand here as well. */
interface Functions {
  classify(outcome: Outcome, context: Context): Verdict | RetryAfter | undefined;
  onDiscard(value: unknown): unknown;
  overload(outcome: Outcome, context: Context): boolean;
  onEvict(value: unknown, key: string, reason: CacheEviction): void;
  ttlMs(value: unknown, context: Context): number;
}

/** What a config names and cannot hold. */
export interface ConfigExtras {
  /** What `classify` may name. */
  readonly classify?: Named<Functions['classify']>;
  /** What `cost` of a rate limiter may name. */
  readonly cost?: Named<(context: Context) => number>;
  /** What `delayMs` of a hedge may name. */
  readonly delayMs?: Named<(hedge: number, context: Context) => number>;
  /** What `enabled` of a chaos may name. */
  readonly enabled?: Named<(context: Context) => boolean>;
  /** What `endpoints` of a hedge may name. */
  readonly endpoints?: Named<(context: Context) => readonly unknown[]>;
  /** What `fault` of a chaos may name. */
  readonly fault?: Named<(context: Context) => unknown>;
  /** What `key` of a cache, of a coalescing or of `keyed` may name. */
  readonly key?: Named<CallKey>;
  /** What `negativeTtlMs` of a cache may name. */
  readonly negativeTtlMs?: Named<NonNullable<CacheOptions['negativeTtlMs']>>;
  /** What `onDiscard` of a retry or of a hedge may name. */
  readonly onDiscard?: Named<Functions['onDiscard']>;
  /** What `onEvict` of a cache may name. */
  readonly onEvict?: Named<Functions['onEvict']>;
  /** What `outcome` of a chaos may name. */
  readonly outcome?: Named<(context: Context) => unknown>;
  /** What `overload` of an adaptive limiter may name. */
  readonly overload?: Named<Functions['overload']>;
  /** What `partitionOf` of an adaptive limiter may name. */
  readonly partitionOf?: Named<(context: Context) => string | undefined>;
  /** What `retryAfterMs` of a circuit breaker may name. */
  readonly retryAfterMs?: Named<NonNullable<CircuitBreakerOptions['retryAfterMs']>>;
  /** What `run` of a fallback may name. */
  readonly run?: Named<FallbackStep<unknown>>;
  /** What `trip` of a circuit breaker may name. */
  readonly trip?: Named<NonNullable<CircuitBreakerOptions['trip']>>;
  /** What `ttlMs` of a cache may name. */
  readonly ttlMs?: Named<Functions['ttlMs']>;
  /** Budgets that are shared with other pipelines; before those of the config. */
  readonly budgets?: Named<AttemptBudget>;
  /** Kinds of your own, each a function that makes a policy or a guard of the other fields. */
  readonly kinds?: Named<(options: Readonly<Record<string, unknown>>) => Policy<never, unknown> | Guard>;
  /** The source of time of all policies. */
  readonly clock?: Clock;
  /** The source of chance of all policies. */
  readonly random?: Random;
}
