import type { NewSaga, SagaRecord, SagaWrite } from '../../src/saga/saga-store.js';

/** A saga that somebody drives, unless a test says otherwise. */
export function newSaga(fields: Partial<NewSaga> = {}): NewSaga {
  return {
    ...{ id: crypto.randomUUID(), definition: 'order', version: 1, hash: 'h', key: undefined },
    ...{ parent: undefined, input: {}, state: { direction: 'forward', entries: {} }, status: 'running' },
    ...{ cancellable: true, owner: 'me', leaseMs: 3_600_000 },
    ...fields,
  };
}

export const kind = { definition: 'order', version: 1, hash: 'h' };

/** The next write of a saga. */
export function writeOf(record: SagaRecord, fields: Partial<SagaWrite> = {}): SagaWrite {
  const { id, epoch, revision, state, status, cancellable } = record;
  const nothing = { events: [], consumed: [], release: undefined, heedsCancel: false };
  return { id, epoch, revision, state, status, cancellable, ...nothing, ...fields };
}
