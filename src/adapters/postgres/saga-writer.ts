import type { SagaWrite, WriteAnswer } from '../../saga/saga-store.js';
import { Batcher } from '../sql/batcher.js';
import type { Database } from './database.js';
import { type Settled, settleBatch, storeError } from './saga-errors.js';
import { type HistoryRules, type Renewal, renewBatch, writeBatch } from './saga-write.js';

type Job = { readonly write: SagaWrite } | { readonly renewal: Renewal };
type Result = Settled<WriteAnswer | boolean>;

/** So many sagas are written in one statement. */
const LARGEST_BATCH = 500;

/** The writes of one round, in which no saga stands twice: a statement changes a row once. */
function roundsOf(writes: readonly SagaWrite[]): readonly (readonly SagaWrite[])[] {
  const rounds: SagaWrite[][] = [];
  const times = new Map<string, number>();
  for (const write of writes) {
    const round = times.get(write.id) ?? 0;
    times.set(write.id, round + 1);
    rounds[round] ??= [];
    rounds[round].push(write);
  }
  return rounds;
}

/**
 * Writes and renewals of one process, in batches, one after the other: so no two of them wait for each
 * other's rows.
 */
export class SagaWriter {
  readonly #db: Database;
  readonly #rules: HistoryRules;
  readonly #jobs: Batcher<Job, Result>;

  constructor(db: Database, rules: HistoryRules) {
    this.#db = db;
    this.#rules = rules;
    this.#jobs = new Batcher(jobs => this.#run(jobs), db.clock, LARGEST_BATCH);
  }

  async write(write: SagaWrite): Promise<WriteAnswer> {
    const result = await this.#jobs.add({ write });
    if ('error' in result) throw storeError('write', result.error);
    return result.answer as WriteAnswer;
  }

  async renew(
    claims: readonly { readonly id: string; readonly epoch: number }[],
    leaseMs: number,
  ): Promise<readonly string[]> {
    const results = await Promise.all(
      claims.map(({ id, epoch }) => this.#jobs.add({ renewal: { id, epoch, leaseMs } })),
    );
    const lost: string[] = [];
    for (const [at, result] of results.entries()) {
      if ('error' in result) throw storeError('renew', result.error);
      if (result.answer === false) lost.push(claims[at]!.id);
    }
    return lost;
  }

  async #run(jobs: readonly Job[]): Promise<readonly Result[]> {
    const results = new Map<SagaWrite | Renewal, Result>();
    const renewals = jobs.flatMap(job => ('renewal' in job ? [job.renewal] : []));
    const note = (asked: readonly (SagaWrite | Renewal)[], settled: readonly Result[]) => {
      for (const [at, result] of settled.entries()) results.set(asked[at]!, result);
    };
    if (renewals.length > 0) {
      note(renewals, await settleBatch(this.#db, renewals, some => renewBatch(this.#db, some)));
    }
    for (const round of roundsOf(jobs.flatMap(job => ('write' in job ? [job.write] : [])))) {
      note(round, await settleBatch(this.#db, round, some => writeBatch(this.#db, some, this.#rules)));
    }
    return jobs.map(job => results.get('write' in job ? job.write : job.renewal)!);
  }
}
