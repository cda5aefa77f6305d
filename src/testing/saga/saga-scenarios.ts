import type { SagaData } from '../../saga/saga-node.js';
import { isEffect } from '../../saga/saga-node.js';
import type { PlannedFault, StepFault } from './saga-ledger.js';
import type { PlannedSignal, SagaScenario } from './saga-scenario.js';

const calm: Pick<SagaScenario, 'interruptions' | 'resumeAt'> = { interruptions: [], resumeAt: Infinity };
/** Before the first thing that is felt of the next worker, before the second, and when it is through. */
const RETURNS = [1, 2, Infinity];
const ECHOES = [1, 2, Infinity];

/** No fault, and each single one: of each step and direction, once and for good. */
function faultsOf(definition: SagaData): readonly (readonly PlannedFault[])[] {
  const plans: PlannedFault[][] = [[]];
  const steps = definition.nodes.filter(isEffect);
  for (const { name: step } of steps) {
    const forward = (fault: StepFault, times: number): PlannedFault => {
      return { step, direction: 'forward', fault, times };
    };
    for (const fault of ['refused', 'answer-lost', 'call-lost'] as const) {
      plans.push([forward(fault, 1)], [forward(fault, Infinity)]);
    }
  }
  // A compensation runs only when something fails: the last step that can turn the saga back.
  const last = steps.findLast(
    (_, at) => !definition.plan.nodes[definition.nodes.indexOf(steps[at]!)]!.retriable,
  );
  if (last === undefined) return plans;
  const turn: PlannedFault = { step: last.name, direction: 'forward', fault: 'refused', times: Infinity };
  for (const { name: step, undo } of steps) {
    if (!undo) continue;
    for (const fault of ['answer-lost', 'call-lost'] as const) {
      for (const times of [1, Infinity]) plans.push([turn, { step, direction: 'compensate', fault, times }]);
    }
  }
  return plans;
}

/** None, each signal early, each late. */
function signalsOf(
  definition: SagaData,
  payloads: Readonly<Record<string, unknown>>,
): readonly (readonly PlannedSignal[])[] {
  const names = definition.nodes.flatMap(node => (node.kind === 'event' ? [node.event] : []));
  if (names.length === 0) return [[]];
  const known = names.filter(name => Object.hasOwn(payloads, name));
  const all = (when: PlannedSignal['when']): readonly PlannedSignal[] =>
    known.map(name => ({ name, payload: payloads[name], when }));
  const timed = definition.nodes.every(node => node.kind !== 'event' || node.timeoutMs < Infinity);
  if (known.length < names.length && !timed) {
    const missing = names.filter(name => !known.includes(name)).join(', ');
    throw new TypeError(
      `exploreSaga: \`signals\` needs a payload for ${missing}: nothing else ends the wait`,
    );
  }
  return [...(known.length > 0 ? [all('early'), all('late')] : []), ...(timed ? [[]] : [])];
}

/** What may go wrong without any worker going. */
export function scenariosOf(
  definitions: readonly SagaData[],
  payloads: Readonly<Record<string, unknown>>,
): readonly SagaScenario[] {
  const [definition] = definitions;
  const beside = new Set(definition!.nodes.map(({ after }) => String(after))).size < definition!.nodes.length;
  const slower = beside ? (['later', 'earlier'] as const) : (['later'] as const);
  return signalsOf(definition!, payloads).flatMap(signals =>
    faultsOf(definition!).flatMap(faults => slower.map(one => ({ ...calm, faults, signals, slower: one }))),
  );
}

/** The same with a write that comes to the store twice: at once, after the next one, and when all is over. */
export function echoesOf(scenario: SagaScenario, felt: readonly string[]): readonly SagaScenario[] {
  const writes = felt.flatMap((what, at) => (what === 'write' ? [at + 1] : []));
  return writes.flatMap(point => ECHOES.map(before => ({ ...scenario, echo: { point, before } })));
}

/** The same with a worker that goes, at each point after `from`, in each way. */
export function interruptionsOf(
  scenario: SagaScenario,
  points: number,
  zombies: boolean,
  from = 0,
): readonly SagaScenario[] {
  const all: SagaScenario[] = [];
  for (let point = from + 1; point <= points; point++) {
    const { interruptions } = scenario;
    all.push({ ...scenario, interruptions: [...interruptions, { point, how: 'killed' }] });
    if (!zombies) continue;
    for (const resumeAt of RETURNS) {
      all.push({ ...scenario, resumeAt, interruptions: [...interruptions, { point, how: 'paused' }] });
    }
  }
  return all;
}
