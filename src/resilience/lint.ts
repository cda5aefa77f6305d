import { isRecord, refuse } from '../kernel/options.js';
import type { LintPart, LintSeverity } from './lint-parts.js';
import { lintRules } from './lint-rules.js';

/** What a rule found in a pipeline. */
export interface LintFinding {
  /** Its name in the table of rules. */
  readonly rule: string;
  /** `error`: it does harm. `warning`: it hardly does what was meant. `info`: it could be better. */
  readonly severity: LintSeverity;
  /** Who does what, and how to mend it. */
  readonly message: string;
  /**
   * The policy in the `describe()` of the pipeline: `pipeline[1]`, or `pipeline[1].policy` inside a `keyed`.
   */
  readonly path: string;
}

/**
 * Looks for orders and values that do harm or do nothing, in what a policy or a pipeline describes, and in
 * what stands inside a `keyed`, a `shadow` or a `streamed`. For tests and for the start of a program: it
 * reads all that is described, and remembers nothing.
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
  const parts: LintPart[] = [];
  whole.forEach((part, index) => {
    gather(parts, part, `pipeline[${index}]`);
  });
  return lintRules.flatMap(({ rule, severity, check }) =>
    check(parts).map(hit => ({
      rule,
      severity: hit.severity ?? severity,
      message: `'${hit.part.name}' ${hit.message}`,
      path: hit.part.path,
    })),
  );
}

/** What wraps policies, and tells them as its `policy`: one, or a pipeline as a list. */
const wrappers: readonly unknown[] = ['keyed', 'shadow', 'streamed'];
/** What is deeper than anybody writes may be a circle. */
const DEEPEST = 32;

/**
 * Adds what is told at `path`, and all that stands inside it. What keeps a policy for each key tells of one
 * that its factory has made for none of them, and what only watches is no policy of its own: both are left
 * out.
 */
function gather(parts: LintPart[], told: unknown, path: string, watches = false, depth = 0): void {
  const facts = isRecord(told) ? told : {};
  if (depth > DEEPEST) return;
  const { kind = 'anonymous', name = kind, pipeline } = facts;
  if (Array.isArray(pipeline)) {
    pipeline.forEach((part, index) => {
      gather(parts, part, `${path}.pipeline[${index}]`, watches, depth + 1);
    });
    return;
  }
  const wraps = wrappers.includes(kind);
  if (!wraps || kind === 'streamed') {
    parts.push({ place: parts.length, path, watches, kind: String(kind), name: String(name), told: facts });
  }
  if (!wraps) return;
  const watched = watches || (kind === 'shadow' && facts['enforceRatio'] !== 1);
  const { policy } = facts;
  if (!Array.isArray(policy)) gather(parts, policy, `${path}.policy`, watched, depth + 1);
  else {
    policy.forEach((part, index) => {
      gather(parts, part, `${path}.policy[${index}]`, watched, depth + 1);
    });
  }
}
