import type { WaitOrder } from '../core/wait-line.js';
import type { Clock } from '../kernel/clock.js';
import { checkKeys, checkNumber, checkOneOf, given } from '../kernel/options.js';

/** How a `Bulkhead` is made. */
export interface BulkheadOptions {
  /** How many operations may run at a time; an integer >= 1. */
  readonly slots: number;
  /**
   * How many calls may wait for a slot; an integer >= 0. With 0, a call that finds no slot free is refused.
   * @default 0
   */
  readonly queue?: number;
  /**
   * Who of those who wait comes first: the first to come, the last to come (under overload the callers of the
   * oldest have given up already), or the one with the highest `priority` in its call options.
   * @default 'fifo'
   */
  readonly order?: WaitOrder;
  /**
   * How many priorities there are, 1..32, centred on the default priority 0: three are −1, 0 and 1, four are
   * −1 to 2. What lies outside counts as the nearest, fractions as the next lower.
   * @default 3
   */
  readonly levels?: number;
  /**
   * Each time a call has waited this long, in ms, it counts as one priority higher; `Infinity`: never.
   * @default 1000
   */
  readonly ageMs?: number;
  /** How long a call may wait, in ms; it never waits beyond its own deadline. @default Infinity */
  readonly queueTimeoutMs?: number;
  /** Shown in errors, events and `describe()`. @default 'bulkhead' */
  readonly name?: string;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

/** What a bulkhead was made with; a span of `Infinity` is null, as in JSON. */
export interface BulkheadDescription {
  /** Which policy this is. */
  readonly kind: 'bulkhead';
  /** See the options of this name, here and below. */
  readonly name: string;
  /** As of now: `resize` changes it. */
  readonly slots: number;
  /** How many calls may wait. */
  readonly queue: number;
  /** Who of those who wait comes first. */
  readonly order: WaitOrder;
  /** How many priorities there are. */
  readonly levels: number;
  /** The wait that is worth one priority, in ms. */
  readonly ageMs: number | null;
  /** How long a call may wait, in ms. */
  readonly queueTimeoutMs: number | null;
}

/** What stands where an option was left out. */
export const bulkheadDefaults: Required<Omit<BulkheadOptions, 'slots' | 'clock'>> =
  /* @__PURE__ */ Object.freeze({
    queue: 0,
    order: 'fifo',
    levels: 3,
    ageMs: 1_000,
    queueTimeoutMs: Infinity,
    name: 'bulkhead',
  });
const owner = 'Bulkhead';
const known = ['slots', 'queue', 'order', 'levels', 'ageMs', 'queueTimeoutMs', 'name', 'clock'];

/** How the line is kept. */
export type LineOptions = Omit<Required<BulkheadOptions>, 'slots' | 'name' | 'clock'>;

export function checkSlots(slots: number): number {
  return checkNumber(owner, 'slots', slots, { min: 1, integer: true });
}

export function checkLine(options: BulkheadOptions): LineOptions {
  checkKeys(owner, options, known);
  const { queue, order, levels, ageMs, queueTimeoutMs } = { ...bulkheadDefaults, ...given(options) };
  const span = { above: 0, infinity: true };
  return {
    queue: checkNumber(owner, 'queue', queue, { min: 0, integer: true }),
    order: checkOneOf(owner, 'order', order, ['fifo', 'lifo', 'priority']),
    levels: checkNumber(owner, 'levels', levels, { min: 1, max: 32, integer: true }),
    ageMs: checkNumber(owner, 'ageMs', ageMs, span),
    queueTimeoutMs: checkNumber(owner, 'queueTimeoutMs', queueTimeoutMs, span),
  };
}
