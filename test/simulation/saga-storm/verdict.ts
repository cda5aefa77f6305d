import { apply, statusOf } from '../../../src/core/saga.js';
import { FRESH, type SagaState } from '../../../src/core/saga-state.js';
import type { SagaData } from '../../../src/saga/saga-node.js';
import type { HistoryEntry, SagaRecord } from '../../../src/saga/saga-store.js';
import type { Effect } from './bank.js';
import { ancestorsOf, isEffect, moves, type Shape, type ShapeInput } from './shape.js';

/** When the effects of a step were had, in the books of the participants. */
interface Seen {
  readonly done: readonly number[];
  readonly undone: readonly number[];
}

const inputOf = (record: SagaRecord): ShapeInput =>
  (record.input ?? { skip: [], bad: undefined }) as ShapeInput;

function seenOf(effects: readonly Effect[], saga: string, step: string): Seen {
  const places = (direction: Effect['direction']): readonly number[] =>
    effects.flatMap((one, at) =>
      one.saga === saga && one.step === step && one.direction === direction ? [at] : [],
    );
  return { done: places('forward'), undone: places('compensate') };
}

/** What is wrong between how a saga ended and what its participants have in their books. */
export function objectionTo(
  shape: Shape,
  record: SagaRecord,
  effects: readonly Effect[],
): string | undefined {
  const { id, status } = record;
  const { skip, bad } = inputOf(record);
  const seen = new Map(shape.nodes.map(({ name }) => [name, seenOf(effects, id, name)]));
  const pivot = shape.nodes.find(({ kind }) => kind === 'pivot');
  for (const node of shape.nodes.filter(isEffect)) {
    const { name } = node;
    const { done, undone } = seen.get(name)!;
    const often = `was done ${done.length} times and undone ${undone.length}`;
    const count = `${name} of ${id}, which is ${status}, ${often}`;
    if (done.length > 1 || undone.length > done.length) return count;
    if ((skip.includes(name) || bad === name) && done.length > 0) return `${count}, and was not to be done`;
    const wanted = skip.includes(name) ? 0 : 1;
    if (status === 'completed' && (done.length !== wanted || undone.length > 0)) return count;
    if (status === 'compensated' && moves(node) && done.length !== undone.length) return count;
    if (undone.length > 0 && pivot !== undefined && seen.get(pivot.name)!.done.length > 0) {
      return `${count}, though the pivot was done`;
    }
  }
  if (status === 'completed' && bad !== undefined) return `${id} is completed, and ${bad} was refused`;
  if (status === 'compensated' && record.state.because === undefined) return `${id} was undone for no reason`;
  return orderObjection(shape, id, seen);
}

/** Steps are done after those that they wait for, undone before them, and not done after they were undone. */
function orderObjection(shape: Shape, id: string, seen: ReadonlyMap<string, Seen>): string | undefined {
  for (const node of shape.nodes.filter(isEffect)) {
    const { done, undone } = seen.get(node.name)!;
    const [doneAt = -1] = done;
    const [undoneAt = Infinity] = undone;
    for (const name of ancestorsOf(shape, node.name)) {
      const before = seen.get(name)!;
      const [beforeDone = -1] = before.done;
      const [beforeUndone = Infinity] = before.undone;
      if (doneAt >= 0 && beforeDone > doneAt) return `${id}: ${node.name} was done before ${name}`;
      // What there is nothing to undo of is not refused when it comes late.
      if (moves(node) && doneAt > beforeUndone)
        return `${id}: ${node.name} was done after ${name} was undone`;
      if (doneAt < 0 || !node.undo) continue;
      if (beforeUndone < undoneAt) return `${id}: ${name} was undone before ${node.name}`;
    }
    if (doneAt > undoneAt) return `${id}: ${node.name} was done after it was undone`;
  }
  return undefined;
}

/** What waits takes as long as it says, and each signal is taken once. */
export function waitObjection(
  shape: Shape,
  { id, state }: SagaRecord,
  effects: readonly Effect[],
  sent: readonly unknown[],
): string | undefined {
  const taken = shape.nodes
    .filter(({ kind }) => kind === 'event')
    .map(({ name }) => state.entries[name]?.output)
    .filter(output => output !== undefined);
  if (new Set(taken).size < taken.length) return `${id}: a signal was used twice`;
  const stranger = taken.find(output => !sent.includes(output));
  if (stranger !== undefined) return `${id}: nobody sent ${stranger}`;
  for (const { name, kind, ms, after } of shape.nodes) {
    if (kind !== 'sleep') continue;
    const began = Math.max(
      0,
      ...after.flatMap(step => seenOf(effects, id, step).done.map(at => effects[at]!.at)),
    );
    const next = shape.nodes.filter(one => one.after.includes(name));
    for (const one of next) {
      for (const at of seenOf(effects, id, one.name).done) {
        const slept = effects[at]!.at - began;
        if (slept < ms) return `${id}: ${one.name} comes ${slept} ms after ${name} began, which lasts ${ms}`;
      }
    }
  }
  return undefined;
}

/** What is told of a saga is what it is, claim after claim. */
export function historyObjection(
  { plan }: SagaData,
  { id, state, status, input }: SagaRecord,
  history: readonly HistoryEntry[],
): string | undefined {
  const epochs = history.map(({ epoch }) => epoch);
  if (epochs.some((epoch, at) => at > 0 && epoch < epochs[at - 1]!))
    return `${id}: an older claim was written later`;
  // One that never began is kept as undone, of which nothing is told.
  if (input === undefined) return undefined;
  const told = history.reduce<SagaState>((before, { event }) => apply(plan, before, event), FRESH);
  if (JSON.stringify(sorted(told)) !== JSON.stringify(sorted(state)))
    return `${id}: its history is another one`;
  return statusOf(plan, state) === status ? undefined : `${id}: it is not ${status}`;
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return entries.map(([name, inner]) => [name, sorted(inner)]);
}

/** A saga that stands still says where, and why. */
export function parkedObjection({ id, state }: SagaRecord): string | undefined {
  const stuck = Object.values(state.entries).filter(entry => entry.stuck);
  if (stuck.length === 0) return `${id} is parked, and nothing is stuck`;
  return stuck.some(({ error }) => error?.message) ? undefined : `${id} is parked for no reason`;
}
