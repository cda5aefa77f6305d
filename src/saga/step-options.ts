import type { Backoff } from '../core/backoff.js';
import { backoffProblem } from '../core/backoff-problem.js';
import type { SagaRetryRules } from '../core/saga-retry.js';
import { isPolicy } from '../kernel/is-guard.js';
import { checkFlag, checkKeys, checkNumber, given, refuse } from '../kernel/options.js';
import type { Policy } from '../kernel/policy.js';
import type { CompensationContext, SagaView, StepContext } from './step-context.js';
import type { ClassifyStep } from './step-outcome.js';

/** How often a step is tried, and how long. Counts and times hold over restarts. */
export interface SagaRetryOptions {
  /** How many attempts there are in all, the first included; `Infinity` for no limit. */
  readonly attempts?: number;
  /** No attempt begins later than this after the first that ended badly, in ms. */
  readonly maxElapsedMs?: number;
  /** How long to wait between attempts; with full jitter unless it says otherwise. */
  readonly backoff?: Backoff;
}

/** How one direction of a step is run. */
export interface RunOptions {
  /** How often it is tried. @default see the page of SagaOrchestrator */
  readonly retry?: SagaRetryOptions;
  /** How long one attempt may take, in ms; what it did then is unknown. @default 30000 */
  readonly timeoutMs?: number;
  /** Runs each attempt: a breaker, a bulkhead, a pipeline. @default runs it as it is */
  readonly policy?: Policy;
}

/** What all steps have. */
export interface StepOptions<Input, Outputs, Output> extends RunOptions {
  /** Has the effect, and answers with JSON data, or nothing. */
  readonly forward: (context: StepContext<Input, Outputs>) => PromiseLike<Output> | Output;
  /** Says what an error means. @default the usual rules: see `stepOutcome` */
  readonly classify?: ClassifyStep;
  /**
   * Whether the step runs at all; asked before its first attempt, and once more when a worker was lost then.
   * It has to answer as before, and without an effect: by the input, and by the answers of steps that it
   * waits for. @default it does
   */
  readonly when?: (view: SagaView<Input, Outputs>) => boolean;
  /** The steps that it waits for. @default all steps before it */
  readonly after?: readonly (keyof Outputs & string)[];
  /**
   * Finds out what an attempt did of which nobody knows, before the step is run again.
   * @default it is run again, with the same idempotency key
   */
  readonly check?: (context: StepContext<Input, Outputs>) => Checked<Output> | PromiseLike<Checked<Output>>;
  /**
   * Whether the participant takes a repeated call for one call. `false` without a `check` parks the saga when
   * nobody knows whether the step ran. @default true
   */
  readonly idempotent?: boolean;
}

/** What a check has found out. */
export type Checked<Output> = { readonly ran: true; readonly output: Output } | { readonly ran: false };

/** A step before the pivot: what it does can be undone. */
export interface CompensableStep<Input, Outputs, Output> extends StepOptions<Input, Outputs, Output> {
  /**
   * Undoes the step. It may be called though the step never ran, or runs later: the participant has to bear
   * that. `'nothing'`: there is nothing to undo.
   */
  readonly compensate: ((context: CompensationContext<Input, Outputs, Output>) => unknown) | 'nothing';
  /** How the compensation is run. @default 20 attempts within 5 minutes, 30 s each */
  readonly compensation?: RunOptions;
  /**
   * Whether undoing does no harm where the step never ran. `false` writes a mark before the step begins, so
   * that one which only waited for its turn is not undone. @default true
   */
  readonly nullSafe?: boolean;
}

/**
 * A step of a group. It has no `after`: it begins with the others. What its `forward` answers is found out
 * for the steps after the group; for its own `compensate` and `check`, only by {@link groupStep}: without it
 * they are told an `output` of type `unknown`.
 */
export type CompensableGroupStep<Input, Outputs, Output = unknown> = Omit<
  CompensableStep<Input, Outputs, Output>,
  'after'
>;

/** A step of a group after the pivot: it is not undone. */
export interface RetriableGroupStep<Input, Outputs>
  extends Omit<StepOptions<Input, Outputs, unknown>, 'after'> {
  /** Nothing is undone after the pivot. */
  readonly compensate?: never;
}

/** A direction of a step, with its options checked and filled in. */
export interface RunRules {
  readonly retry: SagaRetryRules;
  readonly timeoutMs: number;
  readonly policy: Policy | undefined;
}

const backoff: Backoff = /* @__PURE__ */ Object.freeze({
  kind: 'exponential',
  initialMs: 200,
  maxMs: 30_000,
});

/** What stands where `retry` is left out, before the pivot; and after it, and for compensations. */
export const retryDefaults: {
  readonly forward: SagaRetryRules;
  readonly unfailing: SagaRetryRules;
} = /* @__PURE__ */ Object.freeze({
  forward: /* @__PURE__ */ Object.freeze({ attempts: 5, maxElapsedMs: Infinity, backoff }),
  unfailing: /* @__PURE__ */ Object.freeze({ attempts: 20, maxElapsedMs: 300_000, backoff }),
});

/** How long an attempt may take, in ms, where nothing is said. */
export const DEFAULT_TIMEOUT_MS = 30_000;

export const stepKeys: readonly string[] = [
  ...['forward', 'retry', 'timeoutMs', 'policy', 'classify', 'when', 'after', 'check', 'idempotent'],
];
export const compensableKeys: readonly string[] = [...stepKeys, 'compensate', 'compensation', 'nullSafe'];

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkRetry(owner: string, retry: unknown, defaults: SagaRetryRules): SagaRetryRules {
  if (retry === undefined) return defaults;
  checkKeys(`${owner}: \`retry\``, retry, ['attempts', 'maxElapsedMs', 'backoff']);
  const all = { ...defaults, ...given(retry as SagaRetryOptions) };
  const problem = backoffProblem(all.backoff);
  if (problem !== undefined) refuse(owner, `retry.${problem.option}`, problem.rule, problem.value);
  return Object.freeze({
    attempts: checkNumber(owner, 'retry.attempts', all.attempts, { min: 1, integer: true, infinity: true }),
    maxElapsedMs: checkNumber(owner, 'retry.maxElapsedMs', all.maxElapsedMs, { min: 0, infinity: true }),
    backoff: Object.freeze({ ...all.backoff }),
  });
}

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkRun(owner: string, options: RunOptions, defaults: SagaRetryRules): RunRules {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, policy } = options;
  if (policy !== undefined && !isPolicy(policy)) refuse(owner, 'policy', 'a policy', policy);
  return {
    retry: checkRetry(owner, options.retry, defaults),
    timeoutMs: checkNumber(owner, 'timeoutMs', timeoutMs, { above: 0, infinity: true }),
    policy,
  };
}

/** @throws TypeError that names the option, the rule and the value. */
export function checkFunction(owner: string, option: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') refuse(owner, option, 'a function', value);
}

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkStep(owner: string, options: unknown, known: readonly string[]): void {
  checkKeys(owner, options, known);
  const {
    forward,
    classify,
    when,
    check,
    idempotent = true,
  } = options as Partial<StepOptions<unknown, object, unknown>>;
  if (typeof forward !== 'function') refuse(owner, 'forward', 'a function', forward);
  for (const [option, value] of Object.entries({ classify, when, check })) {
    checkFunction(owner, option, value);
  }
  checkFlag(owner, 'idempotent', idempotent);
}
