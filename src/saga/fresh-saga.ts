import { isCancellable, statusOf } from '../core/saga.js';
import type { SagaData } from './saga-node.js';
import type { NewSaga, SagaRecord } from './saga-store.js';

/** What tells a new saga from others of its definition. */
export type Beginning = Pick<NewSaga, 'id' | 'key' | 'parent' | 'input' | 'state'>;

/** A saga that has begun, or has been there before. */
export interface Begun {
  readonly record: SagaRecord;
  readonly inserted: boolean;
}

/** A saga at its beginning, as it is stored; `owner` drives it from the first, for `leaseMs`. */
export function freshSaga(
  definition: SagaData,
  { id, key, parent, input, state }: Beginning,
  owner: string | undefined,
  leaseMs: number,
): NewSaga {
  const { name, version, hash, plan } = definition;
  const status = statusOf(plan, state);
  const cancellable = isCancellable(plan, state, status);
  // biome-ignore format: one field a line says no more
  return {
    id, definition: name, version, hash, key, parent, input, state, status, cancellable, owner, leaseMs,
  };
}
