/** What can be watched: every primitive fits. */
export interface Watchable {
  /** Shown wherever it is told of; where it has none, `describe()`, `snapshot()` and `watch` are asked. */
  readonly name?: string;
  /** How it was made. */
  describe?(): unknown;
  /** How it stands at this moment. */
  snapshot?(): unknown;
  /** Tells its events; the function returned ends it. */
  on?(event: never, listener: never): () => void;
  /** What it is made of, to be watched with it: a pipeline has its policies here. */
  readonly parts?: readonly unknown[];
}

/** What the watcher knows better than the thing. */
export interface WatchOptions {
  /** Needed where `describe()` tells none. @default the `kind` of its description */
  readonly kind?: string;
  /** What it goes by. @default its name, or its kind */
  readonly name?: string;
  /** Events to listen to, of a thing of your own. @default those of its kind */
  readonly events?: readonly string[];
  /** Of what it is made of, so many parts are watched with it; 0 for none. @default 200 */
  readonly maxParts?: number;
}

/** A thing that is watched. */
export interface WatchedThing {
  /** `kind/name`, unique: a second of the same is `kind/name#2`. */
  readonly id: string;
  /** What it is. */
  readonly kind: string;
  /** Which one it is; at most 200 characters of it. */
  readonly name: string;
  /** The id of the thing that it is a part of; `undefined` for one that was watched by itself. */
  readonly whole: string | undefined;
  /** The service that it works for. */
  readonly service: string;
  /** How it was made, as data; `{ error }` where it does not say. Never throws. */
  describe(): unknown;
  /** How it stands, as data; `{ error }` where it does not say. Never throws. */
  snapshot(): unknown;
  /** The thing itself. */
  readonly target: Watchable;
}

/** An event of a thing that is watched. */
export interface ObservedEvent {
  /** Counts the events of this observatory, from 1. */
  readonly seq: number;
  /** When it was heard of, in epoch ms. */
  readonly at: number;
  /** The service that the thing works for. */
  readonly service: string;
  /** Of the thing. */
  readonly id: string;
  /** What the thing is. */
  readonly kind: string;
  /** Which one it is. */
  readonly name: string;
  /** Its name, as in `on`. */
  readonly event: string;
  /**
   * What it carried: a copy that JSON holds, bounded in depth and size, with errors as name, code, message.
   */
  readonly payload: unknown;
}

/** How often an event of a thing has happened while that was counted. */
export interface EventCount {
  /** That of the thing. */
  readonly id: string;
  /** What the thing is. */
  readonly kind: string;
  /** Which one it is. */
  readonly name: string;
  /** The name of the event. */
  readonly event: string;
  /** How often it happened. */
  readonly count: number;
}
