import type { TraceContext } from './trace-context.js';

/** A message as a handler gets it. */
export interface Message<T = unknown> {
  /** The same for all deliveries of it to all groups. */
  readonly id: string;
  /** What it was published to. */
  readonly topic: string;
  /** What was published, as the topic's schema answers with it. */
  readonly data: T;
  /** What it is kept in order by. */
  readonly key: string | undefined;
  /** The version that it was published in. */
  readonly version: number;
  /** When it was published, epoch ms by the publisher's clock; `undefined` where that is not said. */
  readonly time: number | undefined;
  /** Which delivery of it this is, from 1. */
  readonly attempt: number;
  /** Whoever published it, a URI. */
  readonly source: string;
  /** The same for all that followed from one beginning. */
  readonly correlationId: string;
  /** The id of the message that led to it. */
  readonly causationId: string | undefined;
  /** Where its publisher stood in a distributed trace; `undefined` where it said nothing of one. */
  readonly trace: TraceContext | undefined;
  /** What the publisher gave, without what the bus wrote. */
  readonly headers: Readonly<Record<string, string>>;
  /** How often it was replayed from the dead letters. */
  readonly replays: number;
}

/** What a publisher may say of one message. */
export interface MessageFacts {
  /** The same id again is the same message. @default a new one */
  readonly id?: string | undefined;
  /** What it is kept in order by. @default what the topic says */
  readonly key?: string | undefined;
  /** Names of `a-z 0-9 -`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What makes repeats known to whoever handles it. @default its id */
  readonly idempotencyKey?: string | undefined;
  /** The message that led to this one, which takes on its correlation and is a child in its trace. */
  readonly causedBy?: Message | undefined;
  /** What all that follows from one beginning shares. @default that of `causedBy`, or its own id */
  readonly correlationId?: string | undefined;
  /** Where the publisher stands in a distributed trace. @default a child of that of `causedBy` */
  readonly trace?: TraceContext | undefined;
}
