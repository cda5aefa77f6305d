import { errorText } from '../kernel/error-words.js';
import { isRecord } from '../kernel/options.js';
import { plainCopy, shortText, thingBounds } from './plain-copy.js';
import type { EventSource } from './tap.js';

/** So much of a name is shown. */
export const LONGEST_NAME = 200;
/** What a pipeline is: it tells of its policies, and is no kind of them. */
export const PIPELINE = 'pipeline';

/** What a thing may say of itself. */
export interface Target extends EventSource {
  readonly name?: string;
  describe?(): unknown;
  snapshot?(): unknown;
}

/** What a thing says of itself, as data; an error where it does not. */
export function told(target: Target, what: 'describe' | 'snapshot'): unknown {
  try {
    const answer: unknown = target[what]?.();
    return answer === undefined ? { error: `it has no ${what}()` } : plainCopy(answer, thingBounds);
  } catch (error) {
    return { error: errorText(error) };
  }
}

/** The first of some facts that is a name, of all places where things of this package say theirs. */
export function saidBy(facts: unknown, ...fields: readonly string[]): string | undefined {
  if (!isRecord(facts)) return undefined;
  for (const field of fields) {
    const value = facts[field];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

/** `service proxy` is `service-proxy` in an id and in the name of a channel. */
const asKind = (said: string | undefined): string | undefined =>
  said === undefined ? undefined : shortText(said.replace(/[^\w-]+/g, '-'), LONGEST_NAME);

/** What a thing says that it is. */
export const kindOf = (target: Target): string | undefined => kindIn(told(target, 'describe'));

/** The kind that a description tells. */
export function kindIn(described: unknown): string | undefined {
  const kind = asKind(saidBy(described, 'kind'));
  return kind ?? (isRecord(described) && Array.isArray(described['pipeline']) ? PIPELINE : undefined);
}
