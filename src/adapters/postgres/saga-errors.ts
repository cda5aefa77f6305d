import { SagaStoreError } from '../../saga/saga-errors.js';
import type { Database } from './database.js';
import { failureOf } from './failures.js';

const FEW = 5;

/** What came of one of a batch. */
export type Settled<Answer> = { readonly answer: Answer } | { readonly error: unknown };

/** An error of the database, in the words of the port. */
export function storeError(what: string, error: unknown): SagaStoreError {
  if (error instanceof SagaStoreError) return error;
  const { retryable, maybeDone } = failureOf(error);
  const told = maybeDone ? 'it may have been done' : 'it was not done';
  const message = `postgresSagaStore: ${what} failed, and ${told}: ${(error as Error)?.message}`;
  return new SagaStoreError(message, { cause: error, retryable, maybeDone });
}

/** Two transactions stood in each other's way, and this one did nothing. */
function isConflict(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return code === '40P01' || code === '40001';
}

/** Tries again, a few times, what was in the way of somebody else. */
export async function despiteConflicts<T>(db: Database, run: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await run();
    } catch (error) {
      if (tries === FEW || !isConflict(error)) throw error;
      await new Promise<void>(resolve => void db.clock.schedule(5 * tries, resolve, true));
    }
  }
}

/** Runs a batch; where the server refuses it, each by itself, so that one takes no others with it. */
export async function settleBatch<Item, Answer>(
  db: Database,
  items: readonly Item[],
  run: (items: readonly Item[]) => Promise<readonly Answer[]>,
): Promise<readonly Settled<Answer>[]> {
  try {
    return (await despiteConflicts(db, () => run(items))).map(answer => ({ answer }));
  } catch (error) {
    const { retryable, maybeDone } = failureOf(error);
    if (items.length === 1 || retryable || maybeDone) return items.map(() => ({ error }));
  }
  const settled: Settled<Answer>[] = [];
  for (const item of items) settled.push(...(await settleBatch(db, [item], run)));
  return settled;
}
