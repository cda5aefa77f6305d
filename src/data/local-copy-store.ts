/** A row of a copy as a store keeps it. */
export interface CopyRow {
  /** Which row of the other service. */
  readonly key: string;
  /** That of the row, as its owner counts it. */
  readonly version: number;
  /** What it is, as JSON; `undefined` for one that was deleted. */
  readonly value: string | undefined;
  /** When its owner changed it, in epoch ms; `undefined` where nobody said so. */
  readonly at: number | undefined;
}

/** How far a source of changes has come. */
export interface CopySource {
  /** Which source: a partition, or all there is. */
  readonly source: string;
  /** All that its owner did up to then has come, in epoch ms by the owner's clock. */
  readonly at: number;
}

/** How a copy stands. */
export interface CopyStanding {
  /** Which load it is at: 0 before the first, and one more with each that begins. */
  readonly generation: number;
  /** The last load that came to its end; 0 for none. */
  readonly loaded: number;
  /** The latest change of a row that anybody said the time of, in epoch ms by the owner's clock. */
  readonly eventAt: number | undefined;
  /** What was heard of each source. */
  readonly sources: readonly CopySource[];
}

/**
 * Keeps copies of the data of other services. A row is never replaced by one of its own or an older version,
 * whatever comes in whatever order. All that takes a `transaction` is a part of it where there is one, and a
 * transaction of its own otherwise.
 */
export interface LocalCopyStore<in Transaction> {
  /**
   * Puts a row in the place of an older one; whether it did. Either way the row has been seen in the present
   * load, and no load begins between the two.
   */
  put(transaction: Transaction | undefined, copy: string, row: CopyRow): Promise<boolean>;
  /** A source has come to `at`, if not further already; refused where it were one more than `most`. */
  reach(
    transaction: Transaction | undefined,
    copy: string,
    reached: CopySource,
    most: number,
  ): Promise<boolean>;
  /** Begins a load, once all is through that was put before; its number. */
  begin(copy: string): Promise<number>;
  /**
   * Takes at most `limit` rows that were not seen since load `generation` began for deleted, in the versions
   * that they have; how many it were. When there are none the load has come to its end.
   */
  sweep(copy: string, generation: number, limit: number): Promise<number>;
  /** The rows of these keys that are there, in any order. */
  rows(copy: string, keys: readonly string[]): Promise<readonly CopyRow[]>;
  /** Those after `after` that are there, by their keys. */
  page(copy: string, after: string | undefined, limit: number): Promise<readonly CopyRow[]>;
  /** How the copy stands. */
  standing(copy: string): Promise<CopyStanding>;
  /**
   * Forgets rows that were deleted `deletedMs` ago or before, at most `limit`, but none that was seen in a
   * load that has not come to its end; how many it forgot.
   */
  purge(copy: string, deletedMs: number, limit: number): Promise<number>;
}
