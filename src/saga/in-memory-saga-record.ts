import type { Due } from '../core/due-heap.js';
import { SagaHistory } from './saga-history.js';
import type { Queued } from './saga-queue.js';
import type { Drivable, NewSaga, SagaCounts, SagaRecord } from './saga-store.js';

/** A saga inside of the store, which is changed in place; whoever asks is given a copy. */
export type Inside = { -readonly [Field in keyof SagaRecord]: SagaRecord[Field] };

/** A saga and what its store knows of it besides; it stands among those that are over, once it is. */
export class Kept implements Queued {
  readonly record: Inside;
  readonly history: SagaHistory = new SagaHistory();
  due: Due<Kept> | undefined = undefined;
  before: this | undefined = undefined;
  after: this | undefined = undefined;
  /** The sagas that are steps of it. */
  steps: Kept[] | undefined = undefined;

  constructor(record: Inside) {
    this.record = record;
  }

  addStep(step: Kept): void {
    if (this.steps === undefined) this.steps = [step];
    else this.steps.push(step);
  }
}

/** Where a saga with a key is. */
export const addressOf = (definition: string, key: string): string => `${definition}\n${key}`;

/** Field by field, as in {@link copyOf}: `...` would be several times as slow. */
export function recordOf(saga: NewSaga, now: number, wakeAt: number | undefined): Inside {
  const { id, definition, version, hash, key, parent, input, state, status, cancellable, owner } = saga;
  const epoch = owner === undefined ? 0 : 1;
  // biome-ignore format: one field a line says no more
  return {
    id, definition, version, hash, key, parent, input, state, status, cancellable, cancel: undefined, epoch,
    revision: 0, signals: 0, owner, wakeAt, createdAt: now, updatedAt: now,
  };
}

/** For whoever asks: what is inside is changed in place. */
export function copyOf(record: SagaRecord): SagaRecord {
  const { id, definition, version, hash, key, parent, input, state, status, cancellable, cancel } = record;
  const { epoch, revision, signals, owner, wakeAt, createdAt, updatedAt } = record;
  // biome-ignore format: one field a line says no more
  return {
    id, definition, version, hash, key, parent, input, state, status, cancellable, cancel, epoch, revision,
    signals, owner, wakeAt, createdAt, updatedAt,
  };
}

/** Whether whoever drives `one` drives this saga. */
export function fits(one: Drivable, record: SagaRecord): boolean {
  return one.definition === record.definition && one.version === record.version && one.hash === record.hash;
}

/** Where the signals for a saga are: those by its id, and those by its key. */
export function addressesOf({ id, definition, key }: SagaRecord): readonly string[] {
  return key === undefined ? [id] : [id, addressOf(definition, key)];
}

const OPEN = ['running', 'waiting', 'compensating', 'parked'] as const;

/** How many of them are in each status of those that are not over. */
export function countOpen(sagas: Iterable<Kept>): SagaCounts {
  const counts = { running: 0, waiting: 0, compensating: 0, parked: 0 };
  for (const { record } of sagas) {
    const status = OPEN.find(one => one === record.status);
    if (status !== undefined) counts[status]++;
  }
  return counts;
}
