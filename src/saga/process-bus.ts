import type { ProcessTopic } from './process-definition.js';
import type { ProcessCause } from './process-step.js';

/** A message of the bus, as far as a process needs it. */
export interface BusMessage extends ProcessCause {
  /** What was published, as the topic reads it. */
  readonly data: unknown;
  /** When it was published, epoch ms, where that is said. */
  readonly time: number | undefined;
  /** What the publisher gave. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A subscription of the bus, as far as a process needs it. */
export interface ProcessSubscription {
  /** Resolves when messages come; rejects when they never will. */
  readonly ready: Promise<void>;
  /** Ends it, and waits for what is being handled. */
  close(): Promise<void>;
}

/** What is said of a message that a process sends. */
export interface ProcessPublishOptions {
  /** The same id again is the same message. */
  readonly id?: string | undefined;
  /** What it is kept in order by. */
  readonly key?: string | undefined;
  /** Names of `a-z 0-9 -`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** What all that follows from one beginning shares. */
  readonly correlationId?: string | undefined;
  /** The message that led to it; `undefined` for what a timeout led to. */
  readonly causedBy?: ProcessCause | undefined;
}

/** What a process needs of a message bus: any `MessageBus` of `keelson/messaging` fits. */
export interface ProcessBus<SubscribeOptions> {
  /** Resolves when the broker has the message. */
  publish(topic: ProcessTopic<unknown>, data: unknown, options?: ProcessPublishOptions): Promise<unknown>;
  /** Handles what is published to a topic. */
  subscribe(
    topic: ProcessTopic<never>,
    options: SubscribeOptions,
    handler: (message: BusMessage) => unknown,
  ): ProcessSubscription;
}
