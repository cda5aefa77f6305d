import { ConflictRefusal, type ConflictRule, type MergeConflict, mergeRecords } from '../core/merge.js';
import { checkKeys, checkNumber, given, isRecord, refuse } from '../kernel/options.js';

/** How answers are merged. */
export interface MergeOptions {
  /**
   * What becomes of a key that two of them have: the `last` declared wins, the `first` does, it is an error
   * (`refuse`), or a function answers with the value.
   * @default 'last'
   */
  readonly conflict?: ConflictRule | ((conflict: MergeConflict) => unknown);
  /** How many records deep records are merged and not replaced; 0 to 100. @default 0 */
  readonly depth?: number;
}

/** What comes of records, of which the later ones win. */
export type Merged<Records extends readonly object[]> = number extends Records['length']
  ? Readonly<Record<string, unknown>>
  : Over<Records, Readonly<Record<never, never>>>;

type Over<Records, Before> = Records extends readonly [infer Next, ...infer Rest]
  ? Over<Rest, Omit<Before, keyof Next> & Next>
  : { readonly [Key in keyof Before]: Before[Key] };

const rules = ['last', 'first', 'refuse'];

/**
 * One record of many. What comes out hangs on the order of the records alone, never on when they came: the
 * last one wins, and keys stand in the order in which they were first declared. What is `undefined`, as a
 * part that is missing, has no keys.
 *
 * @throws TypeError when two have a key and that is refused, or something is no record.
 * @example
 * ```ts
 * import { mergeAnswers } from 'keelson';
 *
 * mergeAnswers([{ id: 7, name: 'Ada' }, { name: 'Ada L.' }]); // => { id: 7, name: 'Ada L.' }
 * ```
 */
export function mergeAnswers<const Records extends readonly object[]>(
  answers: Records,
  options?: { readonly conflict?: 'last' | 'refuse'; readonly depth?: 0 },
): Merged<Records>;
export function mergeAnswers(
  answers: readonly (object | undefined)[],
  options?: MergeOptions,
): Readonly<Record<string, unknown>>;
export function mergeAnswers(
  answers: readonly (object | undefined)[],
  options: MergeOptions = {},
): Readonly<Record<string, unknown>> {
  checkKeys('mergeAnswers', options, ['conflict', 'depth']);
  const { conflict = 'last', depth = 0 } = given(options) as MergeOptions;
  if (typeof conflict !== 'function' && !rules.includes(conflict)) {
    refuse(
      'mergeAnswers',
      'conflict',
      `${rules.map(rule => `'${rule}'`).join(', ')} or a function`,
      conflict,
    );
  }
  checkNumber('mergeAnswers', 'depth', depth, { min: 0, max: 100, integer: true });
  if (!Array.isArray(answers)) refuse('mergeAnswers', 'answers', 'a list', answers);
  const records = answers.filter(answer => answer !== undefined);
  const other = records.find(record => !isRecord(record));
  if (other !== undefined) refuse('mergeAnswers', 'answers', 'a list of objects', other);
  try {
    return mergeRecords(records as Readonly<Record<string, unknown>>[], { conflict, depth });
  } catch (error) {
    if (!(error instanceof ConflictRefusal)) throw error;
    throw new TypeError(`mergeAnswers: more than one of them has \`${error.path.join('.')}\``);
  }
}
