import type { BarrierDirection, BarrierState } from '../core/barrier.js';

/** A step of a saga, as its participant keeps it. */
export interface BarrierStep {
  /** The id of the saga. */
  readonly saga: string;
  /** The name of the step. */
  readonly step: string;
}

/** What is kept of a step: what has been committed, and the answers, as JSON. */
export interface BarrierRecord extends BarrierState {
  /** What its business code returned; `undefined` before, and where it returned nothing. */
  readonly forwardResult: string | undefined;
  /** The same of its compensation. */
  readonly compensateResult: string | undefined;
}

/** What has come of a call. */
export interface BarrierMark {
  /** Whether the step was to be done, or undone. */
  readonly direction: BarrierDirection;
  /** `void`: there was nothing to undo. */
  readonly mark: 'done' | 'void';
  /** What was returned, as JSON; `undefined` for nothing. */
  readonly result: string | undefined;
}

/** Keeps what a participant has done, in the transactions in which it does it. */
export interface BarrierStore<in Transaction> {
  /**
   * Takes the row of a step, until the transaction ends, and makes it where it is not there; whoever else
   * wants it waits. Answers with what is committed of it. A larger `epoch` is kept, and part of the answer.
   */
  claim(transaction: Transaction, step: BarrierStep, epoch: number | undefined): Promise<BarrierRecord>;
  /** Writes down what has come of a call, as a part of the transaction that holds its row. */
  mark(transaction: Transaction, step: BarrierStep, mark: BarrierMark): Promise<void>;
  /**
   * Deletes rows that nothing was written to for `retentionMs`, at most `limit`; how many it deleted: of
   * `step` alone, or of all without a colon in their names. Others keep theirs as long as they need.
   */
  purge(retentionMs: number, limit: number, step?: string): Promise<number>;
}
