import type { SagaOrchestrator } from '../../saga/orchestrator.js';
import type { SagaRecord } from '../../saga/saga-store.js';
import { plainCopy, thingBounds } from '../plain-copy.js';
import type { SagaFacts, SagaStepFacts } from './protocol.js';

/** The part of an orchestrator that is used. */
export type SagaSource = Pick<SagaOrchestrator, 'list'>;

const statuses = ['parked', 'compensating', 'running', 'waiting', 'compensated', 'completed'] as const;
const OF_ONE = 100;
const OF_EACH = 20;

export const isSagaStatus = (text: string): text is SagaRecord['status'] =>
  (statuses as readonly string[]).includes(text);

/** Sagas in a status; without one some of each, those first that were written last. */
export async function listSagas(
  source: SagaSource,
  status: SagaRecord['status'] | undefined,
): Promise<readonly SagaFacts[]> {
  const asked =
    status === undefined
      ? statuses.map(one => source.list({ status: one, limit: OF_EACH }))
      : [source.list({ status, limit: OF_ONE })];
  const records = (await Promise.all(asked)).flat();
  return records.map(factsOf).sort((a, b) => b.updatedAt - a.updatedAt);
}

/** Without inputs and outputs: what a saga is about is not for whoever may look at how it stands. */
function factsOf(record: SagaRecord): SagaFacts {
  const { id, definition, version, status, cancellable, createdAt, updatedAt, state } = record;
  const entries: Record<string, SagaStepFacts> = {};
  for (const [step, entry] of Object.entries(state.entries)) {
    const { state: reached, attempts, stuck, dueAt, error } = entry;
    entries[step] = {
      ...(reached !== undefined && { state: reached }),
      ...(attempts !== undefined && { attempts }),
      ...(stuck !== undefined && { stuck }),
      ...(dueAt !== undefined && { dueAt }),
      ...(error !== undefined && { error }),
    };
  }
  const facts = {
    ...{ id, definition, version, status, cancellable, createdAt, updatedAt, entries },
    ...{ direction: state.direction, because: state.because ?? null },
  };
  return plainCopy(facts, thingBounds) as SagaFacts;
}
