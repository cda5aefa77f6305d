import { AggregateFailedError, factOf } from '../kernel/errors.js';

/** An attempt that failed. One that has answered was judged a failure. */
export interface HedgeFailure {
  readonly attempt: number;
  readonly ok: boolean;
  readonly result: unknown;
  /** Whether a policy further inside let it not run. */
  readonly refused: boolean;
}

/** The attempts of one call that have failed: what the call ends with when no other has an answer. */
export class HedgeFailures {
  readonly #list: HedgeFailure[] = [];

  get count(): number {
    return this.#list.length;
  }

  /** What the call ends with, unless all have thrown; its answer, if it has one, is kept for that. */
  get last(): HedgeFailure | undefined {
    return this.#list.at(-1);
  }

  /**
   * Adds one, and answers with the one whose answer nobody will get now. A refusal never takes the place of
   * an answer: the operation has run, and that answer tells more.
   */
  add(failure: HedgeFailure): HedgeFailure | undefined {
    const answered = this.last?.ok === true ? this.last : undefined;
    if (answered !== undefined && failure.refused) {
      this.#list.splice(-1, 0, failure);
      return undefined;
    }
    this.#list.push(failure);
    return answered;
  }

  /** All errors in the order in which the attempts started, for the policy of that name. */
  asError(policy: string): AggregateFailedError {
    const inOrder = [...this.#list].sort((a, b) => a.attempt - b.attempt);
    const errors = inOrder.filter(({ ok }) => !ok).map(({ result }) => result);
    const cause = this.last?.result;
    const retryAfterMs = factOf(cause, 'retryAfterMs');
    return new AggregateFailedError(`${policy}: all ${this.count} attempts failed`, errors, {
      policy,
      cause,
      retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : undefined,
    });
  }
}
