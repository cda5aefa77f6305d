import type { EffectNode, SagaData, SagaNode } from './saga-node.js';
import { isEffect } from './saga-node.js';

/** Something in a saga that does harm, or may. */
export interface SagaFinding {
  /** Which rule it breaks. */
  readonly rule:
    | 'parks-after-crash'
    | 'never-ends'
    | 'retries-of-retries'
    | 'gives-up-early'
    | 'late-lock'
    | 'hard-child';
  /** Where. */
  readonly step: string;
  /** What is wrong, and what to do about it. */
  readonly message: string;
}

/** So many attempts a step has to have that must succeed in the end. */
const FEWEST_ATTEMPTS = 5;

type Rule = (node: SagaNode, saga: SagaData, at: number) => Omit<SagaFinding, 'step'> | undefined;

/** Whether a policy, as it describes itself, runs what it is given more than once. */
function retries(policy: EffectNode['forwardRules']['policy']): boolean {
  const described = (policy as { describe?: () => unknown } | undefined)?.describe?.();
  return /"kind":"(?:retry|hedge)"/.test(JSON.stringify(described ?? null));
}

const parksAfterCrash: Rule = node =>
  isEffect(node) && !node.repeatable
    ? {
        rule: 'parks-after-crash',
        message: 'a crash while it runs parks the saga: let it take a key, or give it a `check`',
      }
    : undefined;

const neverEnds: Rule = node => {
  const endless =
    (node.kind === 'event' || node.kind === 'lock' ? node.timeoutMs : 0) === Infinity ||
    (isEffect(node) && node.forwardRules.timeoutMs === Infinity);
  return endless
    ? { rule: 'never-ends', message: 'nothing ends the wait for it: give it a `timeoutMs`' }
    : undefined;
};

const retriesOfRetries: Rule = node =>
  isEffect(node) && node.forwardRules.retry.attempts > 1 && retries(node.forwardRules.policy)
    ? {
        rule: 'retries-of-retries',
        message: 'its policy tries again, and so does the saga: leave it to the saga, whose counts hold',
      }
    : undefined;

const givesUpEarly: Rule = (node, { plan }, at) => {
  if (!isEffect(node)) return undefined;
  const must = plan.nodes[at]!.retriable ? node.forwardRules : node.compensateRules;
  return must !== undefined && must.retry.attempts < FEWEST_ATTEMPTS
    ? {
        rule: 'gives-up-early',
        message: `it must succeed in the end, and has ${must.retry.attempts} attempts before a person has to`,
      }
    : undefined;
};

const lateLock: Rule = (node, { nodes }, at) =>
  node.kind === 'lock' && nodes.slice(0, at).some(isEffect)
    ? {
        rule: 'late-lock',
        message: 'steps before it have their effect unlocked, and are undone if it is taken',
      }
    : undefined;

const hardChild: Rule = (node, { plan }, at) =>
  node.kind === 'saga' && !plan.nodes[at]!.retriable && node.child.pivoted
    ? {
        rule: 'hard-child',
        message:
          'it has a pivot, so that it cannot be undone once that is done: let it come after the pivot here',
      }
    : undefined;

const rules: readonly Rule[] = [
  ...[parksAfterCrash, neverEnds, retriesOfRetries, givesUpEarly],
  ...[lateLock, hardChild],
];

/** What does harm in a saga, or may; in the order of its steps. */
export function lintSaga(saga: SagaData): readonly SagaFinding[] {
  return saga.nodes.flatMap((node, at) =>
    rules.flatMap(rule => {
      const found = rule(node, saga, at);
      return found === undefined ? [] : [{ step: node.name, ...found }];
    }),
  );
}
