/** What is to become of a message whose handling failed. */
export type Redelivery =
  | { readonly then: 'again' }
  | { readonly then: 'redeliver'; readonly delayMs: number }
  | { readonly then: 'dead-letter' };

/** How often, and when, a message is tried. */
export interface RedeliveryRules {
  /** Runs of one delivery, one right after the other; >= 1. */
  readonly immediate: number;
  /** The ms before each delivery after the first. Its length bounds the deliveries. */
  readonly redeliver: readonly number[];
}

const AGAIN: Redelivery = { then: 'again' };
const DEAD: Redelivery = { then: 'dead-letter' };

/** How often a message is delivered at most. */
export function mostDeliveries(rules: RedeliveryRules): number {
  return rules.redeliver.length + 1;
}

/** The next step after run number `run` of delivery number `delivery` has failed, both from 1. */
export function afterFailure(rules: RedeliveryRules, delivery: number, run: number): Redelivery {
  if (run < rules.immediate) return AGAIN;
  const delayMs = rules.redeliver[delivery - 1];
  return delayMs === undefined ? DEAD : { then: 'redeliver', delayMs };
}
