import type { Clock } from './clock.js';

/**
 * What a number has to be. Both ends belong to the range unless `above` is set; a bound left out is not
 * checked.
 */
export interface NumberRule {
  readonly min?: number;
  readonly max?: number;
  /** Strictly more than this. */
  readonly above?: number;
  readonly integer?: boolean;
  /** Whether `Infinity` is meant, as "no limit". */
  readonly infinity?: boolean;
}

function words(rule: NumberRule): string {
  const parts = [rule.integer ? 'an integer' : 'a number'];
  if (rule.above !== undefined) parts.push(`> ${rule.above}`);
  if (rule.min !== undefined) parts.push(`>= ${rule.min}`);
  if (rule.max !== undefined) parts.push(`<= ${rule.max}`);
  return parts.join(' ') + (rule.infinity ? ', or Infinity' : '');
}

/** A value in a message: a text in quotes, an object only by name, for it may be large or hold secrets. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  return value instanceof Promise ? 'a promise' : 'an object';
}

/** Throws a `RangeError` that names the option, the rule and the value. */
export function refuse(owner: string, option: string, rule: string, value: unknown): never {
  const message = `${owner}: \`${option}\` must be ${rule}, got ${show(value)}`;
  throw typeof value === 'number' ? new RangeError(message) : new TypeError(message);
}

/** Returns `value` when it is a number that keeps the rule; throws otherwise. */
export function checkNumber(owner: string, option: string, value: unknown, rule: NumberRule): number {
  const { min = -Infinity, max = Infinity, above = -Infinity } = rule;
  const fits =
    typeof value === 'number' &&
    (value === Infinity
      ? rule.infinity === true
      : value > above && value >= min && value <= max && (!rule.integer || Number.isSafeInteger(value)));
  return fits ? value : refuse(owner, option, words(rule), value);
}

/**
 * The names of all options that an object holds, those included that come from its prototypes: the fields of
 * an object that another was made of, and the getters of a class. Its methods are no options.
 */
function namesOf(options: object): readonly string[] {
  const own = Object.keys(options);
  let from: object | null = Object.getPrototypeOf(options);
  if (from === Object.prototype || from === null) return own;
  const names = new Set(own);
  for (; from !== null && from !== Object.prototype; from = Object.getPrototypeOf(from)) {
    for (const [name, { enumerable, get }] of Object.entries(Object.getOwnPropertyDescriptors(from))) {
      if (enumerable === true || get !== undefined) names.add(name);
    }
  }
  return [...names];
}

/**
 * Throws when `options` is no object or holds a key that the primitive does not know: a typo is never
 * ignored. What all primitives take, `name`, `clock` and `random`, is checked as well.
 */
export function checkKeys(owner: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    refuse(owner, 'options', 'an object', options);
  }
  const { name, clock, random } = options as { name?: unknown; clock?: Partial<Clock>; random?: unknown };
  if (name !== undefined && typeof name !== 'string') refuse(owner, 'name', 'a string', name);
  if (random !== undefined && typeof random !== 'function') refuse(owner, 'random', 'a function', random);
  if (clock !== undefined && typeof clock?.schedule !== 'function') refuse(owner, 'clock', 'a Clock', clock);
  for (const key of namesOf(options as object)) {
    if (known.includes(key)) continue;
    throw new TypeError(`${owner}: unknown option \`${key}\`; known are ${known.join(', ')}`);
  }
}

/** Returns `value` when it is one of `allowed`; throws otherwise. */
export function checkOneOf<T extends string>(
  owner: string,
  option: string,
  value: unknown,
  allowed: readonly T[],
): T {
  return allowed.includes(value as T)
    ? (value as T)
    : refuse(owner, option, allowed.map(one => `'${one}'`).join(' or '), value);
}

/**
 * The options, inherited ones included, without those that are `undefined`, which is to say as much as to
 * leave them out.
 */
export function given<T extends object>(options: T): T {
  const all = namesOf(options).map(name => [name, options[name as keyof T]] as const);
  return Object.fromEntries(all.filter(([, value]) => value !== undefined)) as T;
}

/** Whether a value has fields, as an object of JSON has. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether JSON holds all of a value; what is deeper than anybody writes may be a circle. */
export function isData(value: unknown, depth = 0): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value !== 'object' || depth > 32) return false;
  if (![Object.prototype, Array.prototype, null].includes(Object.getPrototypeOf(value))) return false;
  return Object.entries(value).every(([name, part]) => !isUnsafeName(name) && isData(part, depth + 1));
}

/** Whether objects inherit something by that name: data that goes by it is a trap for who copies it. */
export function isUnsafeName(name: string): boolean {
  return name === '__proto__' || name === 'constructor';
}

/** Returns `value` when it is true or false; throws otherwise. */
export function checkFlag(owner: string, option: string, value: unknown): boolean {
  return typeof value === 'boolean' ? value : refuse(owner, option, 'true or false', value);
}

/** A limit in a description: JSON has no Infinity. */
export function orNull(limit: number): number | null {
  return limit === Infinity ? null : limit;
}

/** What stands for a function in a description; a config names functions by it. */
export function functionName(value: unknown): string | undefined {
  return typeof value === 'function' ? value.name || 'anonymous' : undefined;
}

/** What `refuse` or `checkKeys` said, taken apart for who knows the option by another path. */
export interface Refusal {
  /** The option of which this one is a part. */
  readonly parent: string | undefined;
  /** The option; with its parents where `parent` is left out. */
  readonly option: string;
  /** The rule and the value; `undefined` for an option that nobody knows. */
  readonly says: string | undefined;
  /** The options that are known where this one is not. */
  readonly known: readonly string[];
}

/** `undefined` for a message of another kind. */
export function readRefusal(message: string): Refusal | undefined {
  const value = /^\w+: `(\w+(?:\..*?)?)` (must be .*)/s.exec(message);
  if (value !== null) return { parent: undefined, option: value[1]!, says: value[2], known: [] };
  const unknown = /^\w+: (?:`([\w.]+)`: )?unknown option `(.*)`; known are (.*)/s.exec(message);
  if (unknown === null) return undefined;
  const [, parent, option, known] = unknown;
  return { parent, option: option!, says: undefined, known: known!.split(', ') };
}
