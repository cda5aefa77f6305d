import { checkFlag, refuse } from '../kernel/options.js';
import type { EffectNode } from './saga-node.js';
import {
  type CompensableStep,
  checkFunction,
  checkRun,
  checkStep,
  compensableKeys,
  type RunOptions,
  retryDefaults,
  stepKeys,
} from './step-options.js';

type AnyStep = CompensableStep<never, never, unknown>;

/** What steps of all kinds have. */
function effectNode(
  owner: string,
  name: string,
  after: readonly number[],
  step: AnyStep,
): Omit<EffectNode, 'kind' | 'forwardRules' | 'undo' | 'compensate' | 'compensateRules' | 'marked'> {
  const { forward, classify, when, check, idempotent = true } = step;
  checkFunction(owner, 'classify', classify);
  return { name, after, forward, classify, when, check, repeatable: idempotent || check !== undefined };
}

/** A step before the pivot, which says how it is undone; or after it, where nothing is. */
export function stepNode(
  owner: string,
  name: string,
  after: readonly number[],
  given: unknown,
  retriable: boolean,
): EffectNode {
  const step = given as AnyStep;
  if (retriable) {
    checkStep(owner, step, stepKeys);
    const rules = { forwardRules: checkRun(owner, step, retryDefaults.unfailing) };
    const undo = { undo: false, compensate: undefined, compensateRules: undefined, marked: false };
    return { kind: 'step', ...effectNode(owner, name, after, step), ...rules, ...undo };
  }
  checkStep(owner, step, compensableKeys);
  const { compensate, compensation = {}, nullSafe = true } = step;
  if (compensate !== 'nothing' && typeof compensate !== 'function') {
    refuse(owner, 'compensate', "a function, or 'nothing'", compensate);
  }
  const undo = compensate !== 'nothing';
  return {
    kind: 'step',
    ...effectNode(owner, name, after, step),
    forwardRules: checkRun(owner, step, retryDefaults.forward),
    undo,
    compensate: undo ? (compensate as EffectNode['compensate']) : undefined,
    compensateRules: undo ? compensationRules(owner, compensation) : undefined,
    marked: !checkFlag(owner, 'nullSafe', nullSafe),
  };
}

function compensationRules(owner: string, compensation: RunOptions): EffectNode['compensateRules'] {
  const inner = `${owner}: \`compensation\``;
  if (typeof compensation !== 'object' || compensation === null) {
    refuse(owner, 'compensation', 'an object', compensation);
  }
  const odd = Object.keys(compensation).find(key => !['retry', 'timeoutMs', 'policy'].includes(key));
  if (odd !== undefined) {
    throw new TypeError(`${inner}: unknown option \`${odd}\`; known are retry, timeoutMs, policy`);
  }
  return checkRun(inner, compensation, retryDefaults.unfailing);
}

/** Steps that begin together. */
export function groupNodes(
  owners: readonly string[],
  names: readonly string[],
  after: readonly number[],
  group: Readonly<Record<string, unknown>>,
  retriable: boolean,
): readonly EffectNode[] {
  return names.map((name, at) => {
    const owner = owners[at]!;
    const step = group[name] as { readonly after?: unknown } | undefined;
    if (step?.after !== undefined) refuse(owner, 'after', 'left out within a group', step.after);
    return stepNode(owner, name, after, step, retriable);
  });
}

/** The step that decides. */
export function pivotNode(owner: string, name: string, after: readonly number[], given: unknown): EffectNode {
  checkStep(
    owner,
    given,
    stepKeys.filter(key => key !== 'when' && key !== 'after'),
  );
  const step = given as AnyStep;
  return {
    kind: 'pivot',
    ...effectNode(owner, name, after, step),
    forwardRules: checkRun(owner, step, retryDefaults.forward),
    undo: false,
    compensate: undefined,
    compensateRules: undefined,
    marked: false,
  };
}
