import { isRecord, refuse } from '../kernel/options.js';
import type { LintPart } from './lint-parts.js';
import { type LintSeverity, lintRules } from './lint-rules.js';

/** What a rule found in a pipeline. */
export interface LintFinding {
  /** Its name in the table of rules. */
  readonly rule: string;
  /** `error`: it does harm. `warning`: it hardly does what was meant. `info`: it could be better. */
  readonly severity: LintSeverity;
  /** Who does what, and how to mend it. */
  readonly message: string;
  /** The policy in the `describe()` of the pipeline: `pipeline[1]`. */
  readonly path: string;
}

/**
 * Looks for orders and values that do harm or do nothing, in what a policy or a pipeline describes. For tests
 * and for the start of a program: it reads all that is described, and remembers nothing.
 *
 * @throws TypeError when there is nothing that describes itself.
 * @example
 * ```ts
 * import { Bulkhead, lint, pipeline, Retry, RetryBudget, Timeout } from 'keelson';
 *
 * const retry = new Retry({ idempotent: true, budget: new RetryBudget() });
 * const found = lint(pipeline(new Bulkhead({ slots: 5 }), retry, new Timeout({ timeoutMs: 500 })));
 * found.map(({ rule, path }) => `${path}: ${rule}`); // => ['pipeline[0]: bulkhead-outside-retry']
 * ```
 */
export function lint(policy: { describe(): unknown }): readonly LintFinding[] {
  if (typeof policy?.describe !== 'function')
    refuse('lint', 'policy', 'something that describes itself', policy);
  const told = policy.describe();
  const whole = isRecord(told) && Array.isArray(told['pipeline']) ? told['pipeline'] : [told];
  const parts = whole.map(partOf);
  return lintRules.flatMap(({ rule, severity, check }) =>
    check(parts).map(hit => ({
      rule,
      severity: hit.severity ?? severity,
      message: `'${hit.part.name}' ${hit.message}`,
      path: `pipeline[${hit.part.place}]`,
    })),
  );
}

function partOf(told: unknown, place: number): LintPart {
  const facts = isRecord(told) ? told : {};
  const { kind = 'anonymous', name = kind } = facts;
  return { place, kind: String(kind), name: String(name), told: facts };
}
