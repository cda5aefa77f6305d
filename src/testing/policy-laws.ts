import type { Law } from './law.js';
import {
  handsTheCallOn,
  leavesNoListeners,
  leavesNoTimers,
  leavesTheSignalAlone,
  letsGo,
  passesAborts,
  refusesAbortedCalls,
  shortensDeadlines,
} from './policy-laws-context.js';
import { nestsFreely, staysItself } from './policy-laws-pipeline.js';
import {
  adoptsThenables,
  awkwardErrors,
  awkwardValues,
  keepsCallsApart,
  passesErrors,
  passesValues,
  runsOnce,
} from './policy-laws-results.js';
import type { MakePolicy } from './policy-subject.js';

/** The names of the laws, for `except`. */
export type PolicyLaw =
  | 'passes values through'
  | 'passes errors through'
  | 'adopts thenables'
  | 'adopts failing thenables'
  | 'runs the operation once'
  | 'keeps concurrent calls apart'
  | 'hands the call on to the operation'
  | 'only shortens the deadline'
  | 'leaves the signal alone after a success'
  | "passes the caller's abort on"
  | 'runs nothing for a caller who has given up'
  | 'lets go of everything when the caller gives up'
  | 'leaves no timers behind'
  | 'leaves no listeners behind'
  | 'stays itself in a pipeline'
  | 'nests freely in pipelines';

/** How to check a policy. */
export interface PolicyLawsOptions {
  /**
   * Laws that the policy breaks by design, each with the reason: a retry does not run the operation once, a
   * fallback does not pass errors through.
   */
  readonly except?: Readonly<Partial<Record<PolicyLaw, string>>>;
  /**
   * Values that operations answer with. Give your own when the policy takes only some, at least as many
   * distinct ones as `concurrency`.
   * @default values that careless code mistakes: `undefined`, `null`, `NaN`, frozen objects …
   */
  readonly values?: readonly unknown[];
  /** What operations throw. @default `undefined`, `null`, `false`, frozen errors, plain objects … */
  readonly errors?: readonly unknown[];
  /** Calls made at the same time. @default 8 */
  readonly concurrency?: number;
  /** Calls made before looking for leaks; as many again are made side by side. @default 20 */
  readonly calls?: number;
}

const defaults = { except: {}, concurrency: 8, calls: 20 };

/**
 * What every policy owes to its callers and to its neighbours in a pipeline, as a list of checks for any test
 * runner. Each check makes fresh policies (or guards) on a clock of its own, drives them through virtual
 * time, and rejects with a {@link LawError} that says what was expected and what came. The policy must take
 * time and chance from what it is given (`clock`; a seeded `random`), and must not wait for real I/O.
 *
 * Configure the policy so that calls get through: a breaker that does not open within `calls` failures, a
 * limiter that is wide enough for `concurrency`.
 *
 * @throws TypeError when `except` names a law that there is not, or gives no reason.
 * @throws RangeError when `concurrency` or `calls` is not an integer >= 1, or `values` or `errors` is empty.
 * @example
 * ```ts
 * import { Timeout } from 'keelson';
 * import { checkLaws, policyLaws } from 'keelson/testing';
 *
 * const { held } = await checkLaws(policyLaws(clock => new Timeout({ timeoutMs: 500, clock })));
 * held.length; // => 16
 * ```
 */
export function policyLaws(make: MakePolicy, options: PolicyLawsOptions = {}): readonly Law[] {
  const { except, values, errors, concurrency, calls } = check({
    ...defaults,
    values: awkwardValues(),
    errors: awkwardErrors(),
    ...options,
  });
  const value = values[0];
  const laws: Readonly<Record<PolicyLaw, (name: string) => Law>> = {
    'passes values through': name => passesValues(name, make, values),
    'passes errors through': name => passesErrors(name, make, errors),
    'adopts thenables': name => adoptsThenables(name, make, value, false),
    'adopts failing thenables': name => adoptsThenables(name, make, value, true),
    'runs the operation once': name => runsOnce(name, make, value),
    'keeps concurrent calls apart': name => keepsCallsApart(name, make, values, concurrency),
    'hands the call on to the operation': name => handsTheCallOn(name, make, value),
    'only shortens the deadline': name => shortensDeadlines(name, make, value),
    'leaves the signal alone after a success': name => leavesTheSignalAlone(name, make, value),
    "passes the caller's abort on": name => passesAborts(name, make),
    'runs nothing for a caller who has given up': name => refusesAbortedCalls(name, make, value),
    'lets go of everything when the caller gives up': name => letsGo(name, make, concurrency),
    'leaves no timers behind': name => leavesNoTimers(name, make, value, calls),
    'leaves no listeners behind': name => leavesNoListeners(name, make, value, calls),
    'stays itself in a pipeline': name => staysItself(name, make, values),
    'nests freely in pipelines': name => nestsFreely(name, make, values),
  };
  for (const [name, reason] of Object.entries(except)) {
    if (!Object.hasOwn(laws, name)) throw new TypeError(`policyLaws: \`except\` names no law: ${name}`);
    if (!reason) throw new TypeError(`policyLaws: \`except\` must give a reason for: ${name}`);
  }
  return Object.entries(laws)
    .filter(([name]) => !Object.hasOwn(except, name))
    .map(([name, makeLaw]) => makeLaw(name));
}

function check(options: Required<PolicyLawsOptions>): Required<PolicyLawsOptions> {
  for (const name of ['concurrency', 'calls'] as const) {
    const count = options[name];
    if (Number.isSafeInteger(count) && count >= 1) continue;
    throw new RangeError(`policyLaws: \`${name}\` must be an integer >= 1, got ${count}`);
  }
  for (const name of ['values', 'errors'] as const) {
    if (options[name].length === 0) throw new RangeError(`policyLaws: \`${name}\` must not be empty`);
  }
  return options;
}
