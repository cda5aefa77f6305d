import { nextSteps } from '../../src/core/saga.js';
import { entryOf } from '../../src/core/saga-state.js';
import { type Exploration, explore, type Objection } from '../../src/testing/explore.js';
import { isForeign, type Move, SagaDriver, type SagaDriverOptions } from './saga-driver.js';
import { first, isLeft, participantOf, type SmallNode, smallPlan, type World } from './saga-world.js';

export const step = (name: string, ...after: number[]): SmallNode => ({ name, after });

export const pivot = (name: string, ...after: number[]): SmallNode => ({
  ...step(name, ...after),
  kind: 'pivot',
});
export const marked = (name: string, ...after: number[]): SmallNode => ({
  ...step(name, ...after),
  marked: true,
});
export const once = (name: string, ...after: number[]): SmallNode => ({
  ...step(name, ...after),
  repeatable: false,
});

const isOver = (status: string): boolean => status === 'completed' || status === 'compensated';

/** What has to be true of a saga that is over, or stands still. */
function checkEnd(driver: SagaDriver, world: World): Objection {
  const { nodes } = driver.plan;
  const status = driver.status(world);
  if (status === 'completed') {
    if (world.cancel) return 'completed though a cancellation was accepted';
    for (const { name } of nodes) {
      const { effects, undone, excused } = participantOf(world, name);
      if (undone) return `completed though ${name} was undone`;
      if (effects === 0 && !excused) return `completed without ${name}`;
    }
  }
  if (status === 'compensated') {
    for (const node of nodes) {
      if (isLeft(world, node)) return `undone, and the effect of ${node.name} is there`;
      const comes = world.late.some(({ step, forward }) => step === node.name && forward);
      const { undone, excused } = participantOf(world, node.name);
      if (comes && node.undo && !undone && !excused) return `undone, and ${node.name} may come yet`;
      const pivoted = node.kind === 'pivot' && participantOf(world, node.name).effects > 0 && !excused;
      if (pivoted) return 'undone though the pivot is done';
    }
  }
  if (status === 'parked') {
    if (nextSteps(driver.plan, world.stored).length > 0) return 'parked though something can run';
    if (!nodes.some(({ name }) => entryOf(world.stored, name).stuck)) return 'parked, and nothing is stuck';
  }
}

/** A small saga, and what happens to it. */
export type SagaScene = readonly [name: string, nodes: readonly SmallNode[], options: SagaDriverOptions];

/** Walks all that can happen to a small saga, and prints how much it was. */
export function walkSaga([name, nodes, options]: SagaScene): Exploration {
  const driver = new SagaDriver(smallPlan(nodes), options);
  const since = performance.now();
  const walked = explore<World, Move>({
    maxStates: 300_000,
    initial: first,
    events: world => driver.moves(world),
    step: (world, move) => driver.after(world, move),
    key: world => driver.key(world),
    always: world => world.broken ?? checkEnd(driver, world),
    invariant: (before, move, after) => {
      const was = driver.status(before);
      const people = /^(skip|resolve|retry|force)/.test(move);
      if (isOver(was) && !people && driver.status(after) !== was)
        return `a saga that is over changes: ${move}`;
      const turnsTwice = before.stored.direction === 'backward' && after.stored.direction === 'forward';
      return turnsTwice ? 'turns back, and back again' : undefined;
    },
    goals: {
      completes: world => driver.status(world) === 'completed',
      'is undone': world => driver.status(world) === 'compensated',
      parks: world => driver.status(world) === 'parked',
      ...(nodes[0]!.kind !== 'pivot' && {
        'is cancelled': (world: World) => world.cancel && driver.status(world) === 'compensated',
      }),
    },
    liveness: [
      {
        name: 'left to itself it comes to an end, or parks',
        to: world =>
          world.worker === undefined && (isOver(driver.status(world)) || driver.status(world) === 'parked'),
        by: move => !isForeign(move),
        paths: 'every',
      },
      {
        name: 'people can end it',
        from: world => options.people === true && driver.status(world) === 'parked',
        to: world => isOver(driver.status(world)),
      },
    ],
  });
  const ms = Math.round(performance.now() - since);
  const { states, transitions } = walked;
  console.info(`saga, ${name}: ${states} states, ${transitions} transitions, to a fixpoint (${ms} ms)`);
  return walked;
}
