import { entryOf } from '../core/saga-state.js';
import { SagaRefusedError } from './saga-errors.js';
import type { LockNode, SagaData } from './saga-node.js';
import { outputsOf } from './saga-outputs.js';
import type { LockRequest, SagaRecord } from './saga-store.js';
import { frozen } from './storable.js';

/**
 * What a saga has locked, and what it is about to do or to undo must not be done without. When a step is
 * undone that the lock came after, all that was done under the lock is undone.
 *
 * @throws `ERR_SAGA_REFUSED` when the key of a lock is told otherwise than before.
 */
export function locksNeededBy(
  verb: string,
  record: SagaRecord,
  { nodes, plan }: SagaData,
): readonly LockRequest[] {
  const { id: saga, epoch, state, input } = record;
  const isUndone = (name: string): boolean => entryOf(state, name).state === 'undone';
  const isNeeded = (node: LockNode, at: number): boolean =>
    entryOf(state, node.name).state === 'done' &&
    !plan.nodes.some(({ name, dependents }) => dependents.includes(at) && isUndone(name));
  const view = { sagaId: saga, input: input as never, outputs: frozen(outputsOf(state)) as never };
  return nodes.flatMap((node, at) => {
    if (node.kind !== 'lock' || !isNeeded(node, at)) return [];
    try {
      return [{ lock: node.lock(view), saga, epoch, leaseMs: node.leaseMs }];
    } catch (cause) {
      const text = `${verb}: the key of the lock "${node.name}" of the saga ${saga} cannot be told`;
      throw new SagaRefusedError(text, { cause });
    }
  });
}
