import type { CircuitRules } from '../core/circuit-rules.js';
import { functionName, given } from '../kernel/options.js';
import type { Seams } from './circuit-options.js';

/** How a breaker is set up, in the words of its options; functions by name. What it lacks is left out. */
export function describeCircuit(name: string, rules: CircuitRules, seams: Seams): Record<string, unknown> {
  const { windowCalls, windowMs, buckets } = rules;
  const isWindowless = windowCalls === 0 && windowMs === 0;
  const window = windowCalls > 0 ? { calls: windowCalls } : { ms: windowMs, buckets };
  return given({
    kind: 'circuit-breaker',
    name,
    mode: rules.mode,
    consecutiveFailures: finite(rules.consecutiveFailures),
    failureRatio: finite(rules.failureRatio),
    slowRatio: finite(rules.slowRatio),
    slowMs: finite(rules.slowMs),
    trip: functionName(rules.trip),
    minCalls: isWindowless ? undefined : rules.minCalls,
    window: isWindowless ? undefined : window,
    openMs: openOf(rules),
    retryAfterMs: functionName(seams.retryAfterMs),
    maxRetryAfterMs: rules.maxRetryAfterMs,
    probes: rules.probes,
    probesToClose: rules.probesToClose,
    probeLeaseMs: rules.probeLeaseMs,
    classify: functionName(seams.classify),
  });
}

function openOf({ openMs, openFactor, maxOpenMs, jitterRatio }: CircuitRules): unknown {
  const isFixed = openFactor === 1 && maxOpenMs === openMs && jitterRatio === 0;
  return isFixed ? openMs : { initialMs: openMs, factor: openFactor, maxMs: maxOpenMs, jitterRatio };
}

const finite = (limit: number): number | undefined => (limit === Infinity ? undefined : limit);
