/** What becomes of a key that more than one record has. */
export type ConflictRule = 'last' | 'first' | 'refuse';

/** A key that two records have, as a function that decides is told of it. */
export interface MergeConflict {
  /** Where it is: its own name, and before it those of the records that hold it. */
  readonly path: readonly string[];
  /** What was there so far. */
  readonly earlier: unknown;
  /** What the later record says. */
  readonly later: unknown;
}

/** How records are merged. */
export interface MergeRules {
  readonly conflict: ConflictRule | ((conflict: MergeConflict) => unknown);
  /** Up to how many records deep records are merged and not replaced; 0 for only the outermost. */
  readonly depth: number;
}

type Fields = Readonly<Record<string, unknown>>;

function isPlain(value: unknown): value is Fields {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A key that two records have, where that is refused. */
export class ConflictRefusal {
  readonly path: readonly string[];

  constructor(path: readonly string[]) {
    this.path = path;
  }
}

/**
 * One record of many, told by their order alone: keys stand in the order in which they first came, and no
 * record is changed. `__proto__` is a key like any other and never a prototype.
 *
 * @throws ConflictRefusal where two have a key and the rule is `refuse`.
 */
export function mergeRecords(records: readonly Fields[], rules: MergeRules): Record<string, unknown> {
  return mergeAt(records, rules, []);
}

function mergeAt(
  records: readonly Fields[],
  rules: MergeRules,
  path: readonly string[],
): Record<string, unknown> {
  const merged = new Map<string, unknown>();
  for (const record of records) {
    for (const key of Object.keys(record)) {
      const later = record[key];
      merged.set(key, merged.has(key) ? settle(merged.get(key), later, rules, [...path, key]) : later);
    }
  }
  // Defines each key: to assign one that is called `__proto__` would do something else.
  return Object.fromEntries(merged);
}

function settle(earlier: unknown, later: unknown, rules: MergeRules, path: readonly string[]): unknown {
  if (path.length <= rules.depth && isPlain(earlier) && isPlain(later)) {
    return mergeAt([earlier, later], rules, path);
  }
  const { conflict } = rules;
  if (typeof conflict === 'function') return conflict({ path, earlier, later });
  if (conflict === 'refuse') throw new ConflictRefusal(path);
  return conflict === 'last' ? later : earlier;
}
