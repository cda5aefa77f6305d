/**
 * What the bus over Redis Streams asks of a client: that of `ioredis` fits as it is. Commands wait in it
 * while the server is away, and it connects again by itself.
 */
export interface RedisConnection {
  /** Sends a command; texts in its answer are bytes. */
  callBuffer(command: string, ...args: (string | Buffer)[]): Promise<unknown>;
  /** A connection of its own to the same server, with these options besides those of this one. */
  duplicate(override: RedisConnectionOptions): RedisConnection;
  /** Ends the connection at once. */
  disconnect(): void;
  /** Tells of the connection: that it takes commands, that it is gone, what is wrong with it. */
  on(event: 'ready' | 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** What a connection that waits for messages is made with, in the words of `ioredis`. */
export interface RedisConnectionOptions {
  /** What the server shows in `CLIENT LIST`. */
  readonly connectionName: string;
  /** Commands wait for the server however often connecting fails. */
  readonly maxRetriesPerRequest: null;
  /** They wait in the process until then. */
  readonly enableOfflineQueue: true;
  /** What was asked before the connection broke is asked again: a wait would not end otherwise. */
  readonly autoResendUnfulfilledCommands: true;
  /** The ms before connecting is tried for the n-th time. */
  readonly retryStrategy: (times: number) => number;
}
