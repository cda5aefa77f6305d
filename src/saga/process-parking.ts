import type { ErrorWords } from '../core/saga-state.js';

/** A part of a list. */
export interface ParkedQuery {
  /** Only what comes after this one. */
  readonly after?: string | undefined;
  /** How many at most. */
  readonly limit: number;
}

/** A command that could not be published, as a store knows it. Times are epoch ms. */
export interface ParkedCommand {
  /** That of its process. */
  readonly key: string;
  /** That of the command: always the same for the same one. */
  readonly id: string;
  /** The rest of it, as JSON. */
  readonly body: string;
  /** How often it was refused. */
  readonly tries: number;
  /** How often whoever was to publish it was not heard of again. */
  readonly crashes: number;
  /** What it failed with last. */
  readonly error: ErrorWords;
  /** When that began. */
  readonly since: number;
  /** When it was parked. */
  readonly parkedAt: number;
}

/** A command that somebody threw away, as a store knows it. */
export interface DiscardedCommand extends ParkedCommand {
  /** What a list goes on after; the store's own. */
  readonly position: string;
  /** Why it was thrown away. */
  readonly reason: string;
  /** When it was thrown away, epoch ms. */
  readonly discardedAt: number;
}

/** What of processes stands still until somebody decides: the first command of each, and all after it. */
export interface ProcessParking {
  /** The commands that are parked, one of a process, in an order of their keys; `after` is a key. */
  parked(
    process: string,
    query: ParkedQuery,
  ): Promise<readonly (ParkedCommand & { readonly waiting: number })[]>;
  /** What is parked of a process is due at once, as if for the first time; the id of the command. */
  unpark(process: string, key: string): Promise<string | undefined>;
  /** Takes away what is parked, if it is this command; it is kept, with the reason. Whether it was. */
  discard(process: string, key: string, id: string, reason: string): Promise<boolean>;
  /** What was taken away, in that order; `after` is a position. */
  discarded(process: string, query: ParkedQuery): Promise<readonly DiscardedCommand[]>;
}
