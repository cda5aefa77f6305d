import type { RegisteredInstance } from './service-instance.js';

/** What one look at the store has brought. */
export interface FeedStep {
  readonly resync: boolean;
  readonly added: readonly RegisteredInstance[];
  readonly removed: readonly RegisteredInstance[];
  readonly changed: readonly RegisteredInstance[];
  /** Those that were touched, as they were before; `undefined` for one that was not there. */
  readonly before: ReadonlyMap<string, RegisteredInstance | undefined>;
}

/** One who follows a feed. */
export interface FeedFollower {
  /** The service has been read for the first time. */
  begin(): void;
  /** Something has changed. */
  follow(step: FeedStep): void;
  /** The store answers no more, or it answers again. */
  contact(lost: boolean, error: unknown): void;
  close(): void;
}
