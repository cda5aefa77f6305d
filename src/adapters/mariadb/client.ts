/** Whatever runs SQL: a `Pool` or a connection of `mysql2/promise`. `?` stands for the next of `params`. */
export interface MariadbClient {
  /** Runs one statement; answers with its rows, or with what it did, and what their columns are. */
  query(text: string, params?: unknown[]): Promise<[unknown, unknown]>;
}

/** A connection that a pool has lent. */
export interface MariadbConnection extends MariadbClient {
  /** Gives it back. */
  release(): void;
  /** Closes it. */
  destroy(): void;
}

/** A `Pool` of `mysql2/promise`, which lends a connection for each transaction. */
export interface MariadbPool extends MariadbClient {
  /** Lends a connection. */
  getConnection(): Promise<MariadbConnection>;
}

/** A row of an answer, by the names of its columns. */
export type MariadbRow = Readonly<Record<string, unknown>>;

/** Runs a query and answers with its rows. */
export async function rowsOf(
  client: MariadbClient,
  text: string,
  params?: unknown[],
): Promise<readonly MariadbRow[]> {
  const [rows] = await client.query(text, params);
  return rows as readonly MariadbRow[];
}

/** A text as it stands in a statement that takes no parameters. */
export const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
