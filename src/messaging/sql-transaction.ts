/** A transaction of a database that is open: what runs SQL within it, such as a client after its `BEGIN`. */
export interface SqlTransaction {
  /** Runs one statement within it, and answers with its rows. */
  query(text: string, params?: unknown[]): PromiseLike<{ readonly rows: readonly unknown[] }>;
}
