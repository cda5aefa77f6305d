/** A row of an answer, by the names of its columns. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * Whatever runs SQL: a `Pool` or a `Client` of `pg`, a `PGlite`, or a wrapper of three lines around another
 * client. `$1` stands for the first of `params`.
 */
export interface PostgresClient {
  /** Runs one statement, and answers with its rows. */
  query(text: string, params?: unknown[]): PromiseLike<{ readonly rows: readonly unknown[] }>;
}

/** A connection of its own that hears of notifications: a client from a `Pool` of `pg`. */
export interface ListeningConnection extends PostgresClient {
  /** Tells of notifications, and of the end of the connection. */
  on(event: 'notification' | 'error' | 'end', listener: () => void): unknown;
  /** Gives it back; with `true` it is closed. */
  release(destroy?: boolean): void;
}

/** Told of a connection, or why there is none. */
export type ConnectCallback = (error: unknown, connection: ListeningConnection | undefined) => void;

/**
 * Whatever can listen: a `Pool` of `pg`, which lends a connection for it, or a `PGlite`. What lends one may
 * answer by `callback`, or with a promise.
 */
export type NotificationSource =
  // biome-ignore lint/suspicious/noConfusingVoidType: who answers by the callback has nothing to return.
  | { connect(callback: ConnectCallback): Promise<ListeningConnection> | void }
  | { listen(channel: string, callback: () => void): Promise<() => Promise<void>> };
