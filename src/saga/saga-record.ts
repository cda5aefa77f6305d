import type { SagaRecord } from './saga-store.js';

type Status = SagaRecord['status'];

/** Whether nothing more will happen to it, unless somebody asks for it to be undone. */
export function isFinal(status: Status): boolean {
  return status === 'completed' || status === 'compensated';
}

/** Whether a worker has something to do with it, now or later. */
export function isActive(status: Status): boolean {
  return !isFinal(status) && status !== 'parked';
}
