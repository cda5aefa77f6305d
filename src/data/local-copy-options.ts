import type { Clock } from '../kernel/clock.js';
import { checkKeys, checkNumber, given, isData, isRecord, refuse, show } from '../kernel/options.js';
import { CopyChangeError } from './local-copy-errors.js';
import type { CopyRow, LocalCopyStore } from './local-copy-store.js';

/** A row of another service as it is now. */
export interface CopyChange<Value> {
  /** Which row, of 1 to 255 characters. */
  readonly key: string;
  /** That of the row: an integer >= 0 that grows with each change of it, its deletion among them. */
  readonly version: number;
  /** What it is: JSON data; left out when it was deleted. */
  readonly value?: Value;
  /** Whether it was deleted. @default false */
  readonly deleted?: boolean;
  /** When its owner changed it, in epoch ms. @default nobody knows */
  readonly at?: number;
}

/** A row of a copy. */
export interface CopiedRow<Value> {
  /** Which row. */
  readonly key: string;
  /** That of the row, as its owner counts it. */
  readonly version: number;
  /** What it is. */
  readonly value: Value;
  /** When its owner changed it, in epoch ms; `undefined` where nobody said so. */
  readonly at: number | undefined;
}

/** How old a copy is. All ages are in ms, of times by the clock of the owner against the one here. */
export interface CopyFreshness {
  /** Whether a load came to its end: before that, rows are missing. */
  readonly loaded: boolean;
  /** Whether a load is under way, or was broken off. */
  readonly loading: boolean;
  /** The age of the latest change; `undefined` where nobody said the time of one. */
  readonly eventAgeMs: number | undefined;
  /** The age of what the slowest source has reached; `undefined` before the first was heard of. */
  readonly heartbeatAgeMs: number | undefined;
}

/** How a `LocalCopy` is made. */
export interface LocalCopyOptions<Transaction> {
  /** Which copy this is, of 1 to 100 characters: a store may keep many. */
  readonly name: string;
  /** Where it is kept: in the database of the service that reads it. */
  readonly store: LocalCopyStore<Transaction>;
  /** The longest time after which a change may still come, or come again, in ms. */
  readonly redeliveryMs: number;
  /** For how long a deletion is known, in ms; at least `redeliveryMs`. @default 604800000 */
  readonly tombstoneMs?: number;
  /** The largest row that is kept, as JSON, in bytes. @default 65536 */
  readonly maxValueBytes?: number;
  /** How many sources heartbeats may come from, an integer >= 1. @default 64 */
  readonly maxSources?: number;
  /** How many rows `getMany` and `page` answer with, and one `purge` forgets, at most. @default 1000 */
  readonly maxRows?: number;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

/** The numbers of a copy. */
export interface LocalCopyDefaults {
  /** For how long a deletion is known, in ms. */
  readonly tombstoneMs: number;
  /** The largest row that is kept, in bytes. */
  readonly maxValueBytes: number;
  /** How many sources heartbeats may come from. */
  readonly maxSources: number;
  /** How many rows one answer has. */
  readonly maxRows: number;
}

/** How a copy was made. */
export interface LocalCopyDescription extends LocalCopyDefaults {
  /** What this is. */
  readonly kind: 'local-copy';
  /** Which copy. */
  readonly name: string;
  /** The longest time after which a change may still come, in ms. */
  readonly redeliveryMs: number;
}

export const localCopyDefaults: LocalCopyDefaults = /* @__PURE__ */ Object.freeze({
  tombstoneMs: 604_800_000,
  maxValueBytes: 65_536,
  maxSources: 64,
  maxRows: 1_000,
});

const owner = 'LocalCopy';
const methods = ['put', 'reach', 'begin', 'sweep', 'rows', 'page', 'standing', 'purge'] as const;
const known = [
  ...['name', 'store', 'redeliveryMs', 'clock'],
  ...['tombstoneMs', 'maxValueBytes', 'maxSources', 'maxRows'],
];
const LONGEST_NAME = 100;
const LONGEST_KEY = 255;
const LONGEST_MS = 2 ** 43;

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkLocalCopy(options: LocalCopyOptions<never>): Omit<LocalCopyDescription, 'kind'> {
  checkKeys(owner, options, known);
  const { store, clock: _, ...rules } = { ...localCopyDefaults, ...given(options) };
  for (const method of methods) {
    if (typeof store?.[method] !== 'function')
      refuse(owner, 'store', `a LocalCopyStore with ${method}`, store);
  }
  const { name } = rules;
  if (typeof name !== 'string' || name === '' || name.length > LONGEST_NAME) {
    refuse(owner, 'name', `a text of 1 to ${LONGEST_NAME} characters`, name);
  }
  checkNumber(owner, 'redeliveryMs', rules.redeliveryMs, { min: 0, max: LONGEST_MS });
  // A deletion that is forgotten too early is undone by whatever comes late.
  checkNumber(owner, 'tombstoneMs', rules.tombstoneMs, { min: rules.redeliveryMs, max: LONGEST_MS });
  checkNumber(owner, 'maxValueBytes', rules.maxValueBytes, { min: 1, max: 2 ** 26, integer: true });
  checkNumber(owner, 'maxSources', rules.maxSources, { min: 1, max: 10_000, integer: true });
  checkNumber(owner, 'maxRows', rules.maxRows, { min: 1, max: 100_000, integer: true });
  return rules;
}

const isTime = (at: unknown): boolean => at === undefined || (typeof at === 'number' && Number.isFinite(at));

/**
 * What is written of a change.
 *
 * @throws CopyChangeError for one that cannot be kept.
 */
export function rowOf(name: string, change: CopyChange<unknown>, maxBytes: number): CopyRow {
  const bad = (what: string, rule: string, got: unknown): never => {
    throw new CopyChangeError(`${name}: ${what} must be ${rule}, got ${show(got)}`);
  };
  if (!isRecord(change)) return bad('a change', 'an object', change);
  const { key, version, value, deleted = false, at } = change;
  if (typeof key !== 'string' || key === '' || key.length > LONGEST_KEY) {
    return bad('`key`', `a text of 1 to ${LONGEST_KEY} characters`, key);
  }
  if (!Number.isSafeInteger(version) || version < 0) return bad('`version`', 'an integer >= 0', version);
  if (typeof deleted !== 'boolean') return bad('`deleted`', 'true or false', deleted);
  if (!isTime(at)) return bad('`at`', 'epoch ms', at);
  if (deleted) {
    if (value !== undefined) return bad('`value`', 'left out of what was deleted', value);
    return { key, version, value: undefined, at };
  }
  if (value === undefined || !isData(value)) return bad('`value`', 'JSON data', value);
  const text = JSON.stringify(value);
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > maxBytes) {
    const says = `the value of ${show(key)} has ${bytes} bytes, \`maxValueBytes\` is ${maxBytes}`;
    throw new CopyChangeError(`${name}: ${says}`);
  }
  return { key, version, value: text, at };
}
