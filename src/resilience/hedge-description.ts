import { functionName, given, isData, orNull } from '../kernel/options.js';
import { describeBudget } from './budget-description.js';
import type { HedgePlan } from './hedge-plan.js';

/** How a hedge is set up, as JSON. */
export interface HedgeDescription {
  /** Tells the descriptions of policies apart. */
  readonly kind: 'hedge';
  /** Its option of that name. */
  readonly name: string;
  /** Its option of that name, a function by its name; `null` for one that only failures start. */
  readonly delayMs?: number | string | null;
  /** Its option of that name; left out where the delay is given. */
  readonly quantile?: {
    readonly ratio: number;
    readonly minSamples: number;
    readonly windowCalls: number;
    readonly minMs: number;
    readonly maxMs: number | null;
  };
  /** Its option of that name. */
  readonly maxHedges: number;
  /** Its option of that name. */
  readonly idempotent: boolean;
  /** What its budget describes, or the name of one that describes nothing; left out where there is none. */
  readonly budget?: unknown;
  /** Its option of that name; a function, and a list that is no data, by name. */
  readonly endpoints?: readonly unknown[] | string;
  /** The name of the function; left out where there is none. */
  readonly classify?: string;
  /** The name of the function; left out where there is none. */
  readonly onDiscard?: string;
}

export function describeHedge(plan: HedgePlan<unknown>): HedgeDescription {
  const { name, delay, maxHedges, idempotent, endpoints } = plan;
  const isLearnt = typeof delay === 'object';
  const told = isData(endpoints) ? endpoints : (functionName(endpoints) ?? (endpoints && 'endpoints'));
  return given({
    kind: 'hedge' as const,
    name,
    delayMs: isLearnt ? undefined : (functionName(delay) ?? orNull(delay as number)),
    quantile: isLearnt
      ? { ...delay.window.rules, minMs: delay.minMs, maxMs: orNull(delay.maxMs) }
      : undefined,
    maxHedges,
    idempotent,
    budget: describeBudget(plan.budget),
    endpoints: told,
    classify: functionName(plan.classify),
    onDiscard: functionName(plan.onDiscard),
  }) as HedgeDescription;
}
