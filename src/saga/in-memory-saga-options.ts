import type { Clock } from '../kernel/clock.js';
import { checkKeys, checkNumber } from '../kernel/options.js';

/** How an `InMemorySagaStore` is made. */
export interface InMemorySagaOptions {
  /** So many sagas that are over are kept; the oldest goes first. @default 10000 */
  readonly maxFinished?: number;
  /** So many events of a saga are kept; the oldest goes first. @default 1000 */
  readonly maxHistory?: number;
  /** So many signals that no saga has used are kept; one more is refused. @default 10000 */
  readonly maxSignals?: number;
  /** So many of them for one saga, by its id, and as many by its key. @default 1000 */
  readonly maxSignalsPerSaga?: number;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

/** What stands where an option was left out. */
export const defaults: Required<Omit<InMemorySagaOptions, 'clock'>> = /* @__PURE__ */ Object.freeze({
  maxFinished: 10_000,
  maxHistory: 1_000,
  maxSignals: 10_000,
  maxSignalsPerSaga: 1_000,
});

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkInMemory(options: InMemorySagaOptions): typeof defaults {
  const owner = 'InMemorySagaStore';
  checkKeys(owner, options, [...Object.keys(defaults), 'clock']);
  const { clock: _, ...rest } = options;
  const limits = { ...defaults, ...rest };
  for (const [name, value] of Object.entries(limits)) {
    checkNumber(owner, name, value, { min: 1, integer: true });
  }
  return limits;
}
