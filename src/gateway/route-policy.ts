import { isGuard, isPolicy, sharesAnswers } from '../kernel/is-guard.js';
import { refuse } from '../kernel/options.js';
import { pipeline } from '../kernel/pipeline.js';
import type { Guard, Policy } from '../kernel/policy.js';

/** @throws TypeError that names the option, the rule and the value. */
export function planPolicy(owner: string, policy: unknown): Policy<unknown, unknown> | undefined {
  if (policy === undefined) return undefined;
  if (!isPolicy(policy) && !isGuard(policy)) refuse(owner, 'policy', 'a policy', policy);
  if (sharesAnswers(policy))
    refuse(owner, 'policy', 'one that does not share answers: they are streams', policy);
  return isPolicy(policy) ? (policy as Policy<unknown, unknown>) : pipeline(policy as Guard);
}
