import { isPolicy, sharesAnswers } from '../../kernel/is-guard.js';
import { refuse } from '../../kernel/options.js';

/**
 * Checks a policy for requests whose answers are handed on as they come: each of them has one reader.
 *
 * @throws TypeError that names the option, the rule and the value.
 */
export function checkOneReaderPolicy(owner: string, option: string, policy: unknown): void {
  if (!isPolicy(policy)) refuse(owner, option, 'a policy', policy);
  if (!sharesAnswers(policy)) return;
  const rule = 'must not share answers, for each has one reader';
  throw new TypeError(`${owner}: \`${option}\` ${rule}: take the Cache or Coalesce out of it`);
}
