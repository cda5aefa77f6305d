import { refuse } from '../kernel/options.js';

/**
 * Where an event stands among all others. Numbers and bigints are compared as such; texts by `compare` of
 * their feed.
 */
export type Position = number | bigint | string;

/** An event as a feed gives it. */
export interface FedEvent {
  /** Where it stands. */
  readonly position: Position;
  /** The name of the event. */
  readonly type: string;
  /** What it carries. */
  readonly data: unknown;
  /** In which version it was written. @default 1 */
  readonly version?: number | undefined;
  /** When it happened, in epoch ms. @default nobody knows */
  readonly at?: number | undefined;
}

/** Anything that has events in an order: a table, a stream, a log. */
export interface EventFeed {
  /**
   * The next events, at most `limit`, in their order: those behind `after`, or from the first on. An empty
   * list says that there are no more now. No event may appear later in front of one that was read.
   */
  read(
    after: Position | undefined,
    limit: number,
    signal: AbortSignal,
  ): readonly FedEvent[] | Promise<readonly FedEvent[]>;
  /** Below 0 when `a` stands before `b`. Required where positions are texts. */
  compare?(a: Position, b: Position): number;
}

/** @throws TypeError for texts that nobody can put in order. */
export function comparePositions(feed: EventFeed, a: Position, b: Position): number {
  if (feed.compare !== undefined) return feed.compare(a, b);
  if (typeof a === 'string' || typeof b === 'string') {
    refuse('Projection', 'feed.compare', 'a function where positions are texts', feed.compare);
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

/** @throws TypeError where a feed does not give what it has to. */
export function checkFed(feed: EventFeed, after: Position | undefined, events: unknown): readonly FedEvent[] {
  if (!Array.isArray(events))
    refuse('Projection', 'feed.read', 'a function that answers with a list', events);
  let last = after;
  for (const event of events as readonly FedEvent[]) {
    const { position, type } = event ?? {};
    if (!['number', 'bigint', 'string'].includes(typeof position) || typeof type !== 'string') {
      refuse('Projection', 'feed.read', 'a function whose events have a position and a type', event);
    }
    if (last !== undefined && comparePositions(feed, position, last) <= 0) {
      const rule = `a function whose events are in order: ${String(position)} came after ${String(last)}`;
      refuse('Projection', 'feed.read', rule, position);
    }
    last = position;
  }
  return events as readonly FedEvent[];
}
