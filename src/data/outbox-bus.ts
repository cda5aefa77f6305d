/** A topic of a message bus, as far as an outbox needs it: those of `keelson/messaging` fit. */
export interface OutboxTopic<in In = never, out Out = unknown> {
  /** Words with dots between them. */
  readonly name: string;
  /** That of what is published. */
  readonly version: number;
  /** The oldest version that can be read. */
  readonly oldest: number;
  /** Asks about what is to be published, and throws when it does not fit. */
  check(data: In): void | Promise<void>;
  /** What data is kept in order by. */
  keyOf(data: In): string | undefined;
  /** Leads data of a version up to the present one. */
  read(data: unknown, version: number): Out | Promise<Out>;
  /** What it is. */
  describe(): { readonly topic: string; readonly version: number; readonly oldest: number };
}

/** Where a publisher stands in a distributed trace: W3C Trace Context. */
export interface OutboxTrace {
  /** 32 hex digits, the same for the whole trace. */
  readonly traceId: string;
  /** 16 hex digits: who calls. */
  readonly parentId: string;
  /** Whether the caller may have recorded the trace. */
  readonly sampled: boolean;
  /** Whether the last 7 bytes of `traceId` are random. */
  readonly random: boolean;
  /** What tracing systems have added, the latest first. */
  readonly state: readonly (readonly [key: string, value: string])[];
}

/** The message that led to another one. */
export interface OutboxCause {
  /** That of the message. */
  readonly id: string;
  /** What all that follows from one beginning shares. */
  readonly correlationId: string;
  /** Where its publisher stood in a distributed trace. */
  readonly trace?: OutboxTrace | undefined;
}

/** What is said of a message besides its data. */
export interface OutboxMessageFacts {
  /** The same id again is the same message. @default a new one */
  readonly id?: string | undefined;
  /** What it is kept in order by, whatever its topic. @default what the topic says */
  readonly key?: string | undefined;
  /** Names of `a-z 0-9 -`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What makes repeats known to whoever handles it. @default its id */
  readonly idempotencyKey?: string | undefined;
  /** What all that follows from one beginning shares. @default that of `causedBy`, or its own id */
  readonly correlationId?: string | undefined;
  /** The message that led to this one, which takes on its correlation and is a child in its trace. */
  readonly causedBy?: OutboxCause | undefined;
  /** Where the publisher stands in a distributed trace. @default a child of that of `causedBy` */
  readonly trace?: OutboxTrace | undefined;
}

/** What a relay needs of a message bus: any `MessageBus` of `keelson/messaging` fits. */
export interface OutboxBus {
  /** Resolves when the broker has the message. */
  publish(topic: OutboxTopic<unknown>, data: unknown, options?: OutboxMessageFacts): Promise<unknown>;
}

/** The topic of a message that was checked when it was written. */
export function writtenTopic(name: string, version: number): OutboxTopic<unknown> {
  return {
    name,
    version,
    oldest: version,
    check: () => {},
    keyOf: () => undefined,
    read: data => data,
    describe: () => ({ topic: name, version, oldest: version }),
  };
}
