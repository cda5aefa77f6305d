import type { SagaNode } from '../../saga/saga-node.js';
import type { RunRules } from '../../saga/step-options.js';

const MOST_ATTEMPTS = 3;

/** Three attempts show all that twenty do. */
export function impatient(rules: RunRules): RunRules {
  return { ...rules, retry: { ...rules.retry, attempts: Math.min(rules.retry.attempts, MOST_ATTEMPTS) } };
}

/** A day is as long as a minute, for whoever only waits for it. */
export function capped(node: SagaNode): SagaNode {
  if (node.kind === 'sleep') return { ...node, ms: view => Math.min(node.ms(view), 60_000) };
  if (node.kind === 'event' || node.kind === 'lock') {
    return { ...node, timeoutMs: Math.min(node.timeoutMs, 600_000) };
  }
  return node;
}
