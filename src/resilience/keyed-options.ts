import type { Clock } from '../kernel/clock.js';
import type { Context } from '../kernel/context.js';
import { checkKeys, checkNumber, given, refuse } from '../kernel/options.js';

/** How `keyed` keeps what it makes. */
export interface KeyedOptions {
  /** For how many keys there may be a policy of their own at a time; an integer >= 1. */
  readonly maxKeys: number;
  /**
   * Which key a call belongs to. It must answer the same for one call each time it is asked.
   * @default the `key` of the call
   */
  readonly key?: (context: Context) => string;
  /**
   * A key that was not used for so long, in ms, is forgotten once it is at rest, at one of the next calls.
   * @default Infinity
   */
  readonly idleMs?: number;
  /** Shown in events and `describe()`. @default 'keyed' */
  readonly name?: string;
  /** The source of time. @default that of the policies it makes */
  readonly clock?: Clock;
}

/** What can be listened to by `on`; `at` is the wall clock, in ms since the epoch. */
export interface KeyedEvents<V = unknown> {
  /** A key was used for the first time, or for the first time since it was forgotten. */
  made: { readonly policy: string; readonly at: number; readonly key: string; readonly instance: V };
  /** A key was forgotten: because it was idle, or because there was no room for another one. */
  evicted: {
    readonly policy: string;
    readonly at: number;
    readonly key: string;
    readonly instance: V;
    readonly reason: 'idle' | 'full';
  };
  /** There was no room for a key, and none could be forgotten: its call goes through the shared policy. */
  overflowed: { readonly policy: string; readonly at: number; readonly key: string };
}

/** What a keyed policy is like at a moment. */
export interface KeyedSnapshot {
  /** That of the keyed policy. */
  readonly name: string;
  /** Keys that have a policy of their own now. */
  readonly size: number;
  /** How many may have. */
  readonly maxKeys: number;
  /** Policies made since the beginning, without the shared one. */
  readonly made: number;
  /** Keys forgotten since the beginning. */
  readonly evicted: number;
  /** How often the shared policy had to stand in. */
  readonly overflowed: number;
}

/** How a keyed policy was made; a span of `Infinity` is null, as in JSON. */
export interface KeyedDescription {
  /** Which policy this is. */
  readonly kind: 'keyed';
  /** That of the keyed policy. */
  readonly name: string;
  /** How many keys may have a policy of their own. */
  readonly maxKeys: number;
  /** After how long without use one is forgotten. */
  readonly idleMs: number | null;
  /** The name of the function; left out where it is the `key` of the call. */
  readonly key?: string;
  /** The description of the shared policy, which was made like all others; of a pipeline its list. */
  readonly policy: unknown;
}

/** What stands where an option was left out. */
export const keyedDefaults: { readonly idleMs: number; readonly name: string } =
  /* @__PURE__ */ Object.freeze({
    idleMs: Infinity,
    name: 'keyed',
  });

const owner = 'keyed';
const known = ['maxKeys', 'key', 'idleMs', 'name', 'clock'];

/** The checked options. */
export type KeyedPlan = Required<Omit<KeyedOptions, 'clock'>> & Pick<KeyedOptions, 'clock'>;

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkKeyed(options: KeyedOptions): KeyedPlan {
  checkKeys(owner, options, known);
  const plan = { ...keyedDefaults, key: keyOfCall, ...given(options) };
  checkNumber(owner, 'maxKeys', plan.maxKeys, { min: 1, max: 10_000_000, integer: true });
  checkNumber(owner, 'idleMs', plan.idleMs, { above: 0, infinity: true });
  if (typeof plan.key !== 'function') refuse(owner, 'key', 'a function', plan.key);
  return plan;
}

/** What stands where no `key` was given. */
export function keyOfCall(context: Context): string {
  return context.key as string;
}

/**
 * Returns `key` when it is one. A call without a key is a mistake: were it let through, all such calls would
 * share one policy, and nobody would notice.
 */
export function checkedKey(name: string, key: unknown): string {
  if (typeof key === 'string') return key;
  throw new TypeError(
    `${name}: the call has no key; give it one in its options, or give \`keyed\` a \`key\``,
  );
}
