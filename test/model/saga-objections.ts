import { nextSteps } from '../../src/core/saga.js';
import type { PlanNode, SagaPlan } from '../../src/core/saga-plan.js';
import { entryOf } from '../../src/core/saga-state.js';
import { isLeft, participantOf, type World } from './saga-world.js';

/** What is wrong with beginning a call now: told by the participants, not by the machine. */
export function beginObjection(
  plan: SagaPlan,
  world: World,
  node: PlanNode,
  forward: boolean,
): string | undefined {
  const { calls } = world.worker!;
  const pivot = plan.nodes[plan.pivot];
  const reached = pivot && entryOf(world.stored, pivot.name).state;
  const decided = reached === 'done' || reached === 'skipped';
  if (forward) {
    if (world.stored.direction === 'backward') return `${node.name} begins though the saga turns back`;
    if (world.cancel && node.kind === 'pivot') return 'the pivot begins though the saga is cancelled';
    const early = node.after.find(at => {
      const { effects, excused } = participantOf(world, plan.nodes[at]!.name);
      return effects === 0 && !excused;
    });
    if (early !== undefined) return `${node.name} begins before ${plan.nodes[early]!.name} is done`;
    return node.retriable && !decided ? `${node.name} begins before the pivot is done` : undefined;
  }
  if (decided) return `${node.name} is undone after the pivot`;
  if (calls.some(call => call.forward)) return `${node.name} is undone while a step runs`;
  const { maybe } = entryOf(world.stored, node.name);
  if (node.marked && !maybe && !participantOf(world, node.name).called) {
    return `${node.name} is undone, and never had its turn`;
  }
  const late = node.dependents.map(at => plan.nodes[at]!).find(dependent => isLeft(world, dependent));
  return late && `${node.name} is undone before ${late.name}`;
}

/** An effect of which what is stored does not say that there may be one. */
export function effectObjection(plan: SagaPlan, world: World, step: string): string | undefined {
  const { stored } = world;
  if (participantOf(world, step).effects > 1) return `${step} had its effect twice`;
  const node = plan.nodes[plan.positions.get(step)!]!;
  const { state, maybe } = entryOf(stored, step);
  if (stored.direction === 'backward') {
    const told = state === 'unknown' || state === 'done' || state === 'left';
    // One that runs on beside the one that failed is waited for, by name.
    return told ? undefined : `${step} has an effect and is ${state} in what is stored`;
  }
  const next = nextSteps(plan, stored).includes(node) && (!node.marked || state === 'started');
  return next || maybe ? undefined : `${step} has an effect that what is stored does not foresee`;
}
