import { type NodeSpec, type PlanNode, type SagaPlan, sagaPlan } from '../../src/core/saga-plan.js';
import { FRESH, type SagaState } from '../../src/core/saga-state.js';

/** A node of a small plan: what is left out is as for a step in the middle of a saga. */
export type SmallNode = Partial<NodeSpec> & Pick<NodeSpec, 'name' | 'after'>;

export function smallPlan(nodes: readonly SmallNode[]): SagaPlan {
  const pivot = nodes.findIndex(({ kind }) => kind === 'pivot');
  return sagaPlan(
    nodes.map((node, at) => ({
      ...{ kind: 'step' as const, undo: pivot < 0 || at < pivot, marked: false, repeatable: true },
      ...node,
    })),
  );
}

/** What a participant has seen of a step. */
export interface Participant {
  /** How often the effect was had; a repeatable one counts a repeated call once. */
  readonly effects: number;
  /** Whether it was undone; an effect that comes later is refused. */
  readonly undone: boolean;
  /** Whether it was called at all. */
  readonly called: boolean;
  /** Whether a person has taken it on. */
  readonly excused: boolean;
}

export interface Call {
  readonly step: string;
  readonly forward: boolean;
}

export interface Worker {
  readonly state: SagaState;
  readonly written: boolean;
  readonly cancel: boolean;
  readonly calls: readonly Call[];
}

/** Everything there is. Plain data: each event makes another one. */
export interface World {
  /** As it is stored. */
  readonly stored: SagaState;
  readonly worker: Worker | undefined;
  /** Whether a worker was lost, and its claim not given back. */
  readonly abandoned: boolean;
  /** Whether the store has said yes to a cancellation. */
  readonly cancel: boolean;
  readonly participants: Readonly<Record<string, Participant>>;
  /** Calls of workers that are lost, which may arrive yet. */
  readonly late: readonly Call[];
  /** A promise that was broken on the way here. */
  readonly broken: string | undefined;
}

export const UNSEEN: Participant = { effects: 0, undone: false, called: false, excused: false };

export const first: World = {
  ...{ stored: FRESH, worker: undefined, abandoned: false, cancel: false, participants: {} },
  ...{ late: [], broken: undefined },
};

export const participantOf = (world: World, step: string): Participant => world.participants[step] ?? UNSEEN;

/** Whether something of a step is left that nobody answers for. */
export const isLeft = (world: World, { name, undo }: PlanNode): boolean => {
  const { effects, undone, excused } = participantOf(world, name);
  return undo && effects > 0 && !undone && !excused;
};

export function see(world: World, step: string, seen: Partial<Participant>): World {
  const participants = { ...world.participants, [step]: { ...participantOf(world, step), ...seen } };
  return { ...world, participants };
}

export const isSame = (one: Call, other: Call): boolean =>
  one.step === other.step && one.forward === other.forward;

/** What a participant does when a call arrives: once for a key, and nothing that was undone before. */
export function arrive(plan: SagaPlan, world: World, { step, forward }: Call): World {
  const { effects, undone } = participantOf(world, step);
  if (!forward) return see(world, step, { undone: true });
  if (undone) return world;
  const { repeatable } = plan.nodes[plan.positions.get(step)!]!;
  return see(world, step, { effects: repeatable ? 1 : effects + 1 });
}
