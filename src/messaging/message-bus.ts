import type { Observable } from '../kernel/events.js';
import type { StandardSchema } from '../kernel/standard-schema.js';
import type { Capabilities, Where } from './capabilities.js';
import type { Drained, SubscriptionEvents } from './consumer-events.js';
import type { DeadLetters } from './dead-letters.js';
import type { Handler } from './handling.js';
import type { MessageFacts } from './message.js';
import type { Published } from './pending-publish.js';
import type { SqlTransaction } from './sql-transaction.js';
import type { SubscribeOptions } from './subscribe-options.js';
import type { Topic } from './topic.js';

/** What a publisher may say of one message, as far as the broker can do it. */
export type PublishOptions<C extends Capabilities = Capabilities> = MessageFacts &
  Where<
    C['delayedPublish'],
    'none',
    { /** Nobody gets it earlier, in ms from now. */ readonly delayMs?: number }
  > &
  Where<C['ttl'], 'none', { /** Nobody gets it later, in ms from now. */ readonly ttlMs?: number }> &
  Where<
    C['priorities'],
    0,
    {
      /** From 0 to one less than the broker has; a larger one goes first. @default 0 */
      readonly priority?: number;
    }
  > &
  (C extends { readonly transactionalPublish: true }
    ? {
        /**
         * An open transaction that the message becomes a part of: it is there when that commits, and never
         * was when it rolls back. `publish` then resolves when it is written, not when it is confirmed.
         */
        readonly transaction?: SqlTransaction;
      }
    : { readonly transaction?: never });

/** What a requester may say. */
export interface RequestOptions<Out> extends MessageFacts {
  /** How long to wait for the answer, in ms. @default 10000 */
  readonly timeoutMs?: number;
  /** Gives the request up when it aborts. */
  readonly signal?: AbortSignal;
  /** Checks the answer. */
  readonly schema?: StandardSchema<unknown, Out>;
}

/** What came of one message of many. */
export type PublishResult =
  | ({ readonly ok: true } & Published)
  | { readonly ok: false; readonly error: unknown };

/** How a subscription stands at a moment. */
export interface SubscriptionSnapshot {
  /** The topic or the pattern. */
  readonly pattern: string;
  /** `null` for one that gets everything. */
  readonly group: string | null;
  /** `paused`: by a verb, or because the policy refuses. */
  readonly state: 'connecting' | 'consuming' | 'paused' | 'draining' | 'closed';
  /** The messages that this process holds. */
  readonly held: number;
  /** Those that are being handled. */
  readonly running: number;
}

/** What a subscription is. */
export interface SubscriptionDescription {
  /** What this is. */
  readonly kind: 'subscription';
  /** The topic or the pattern, with the group or `fan-out` in brackets. */
  readonly name: string;
  /** The topic or the pattern. */
  readonly pattern: string;
  /** `null` for one that gets everything. */
  readonly group: string | null;
  /** `group`: its members share what comes; `fan-out`: it gets everything, while it is there. */
  readonly delivery: 'group' | 'fan-out';
  /** How many messages are handled at a time. */
  readonly concurrency: number;
  /** How many are held at a time. */
  readonly prefetch: number;
  /** What stays in order. */
  readonly order: 'none' | 'key' | 'topic';
}

/** A subscription of this process. */
export interface Subscription extends Observable<SubscriptionEvents>, AsyncDisposable {
  /** Resolves when the broker hands over; rejects when it never will. */
  readonly ready: Promise<void>;
  /** How it stands at this moment. */
  snapshot(): SubscriptionSnapshot;
  /** What it is. */
  describe(): SubscriptionDescription;
  /** Begins no handler until `resume`. */
  pause(): void;
  /** Begins handlers again. */
  resume(): void;
  /**
   * Ends it: takes in no more, gives back what has not begun, lets handlers come to their end within
   * `timeoutMs`, by default 30000; then their signals abort, and their messages are given back too.
   */
  drain(options?: { readonly timeoutMs?: number }): Promise<Drained>;
  /** Drains with the default. */
  close(): Promise<void>;
}

/** How a bus stands at a moment. */
export interface BusSnapshot {
  /** That of the bus. */
  readonly name: string;
  /** That of its driver. */
  readonly driver: string;
  /** Whether it has been closed. */
  readonly closed: boolean;
  /** The messages that wait for an answer of the broker. */
  readonly publishing: number;
  /** The requests that wait for their answers. */
  readonly requesting: number;
  /** Those that are not closed. */
  readonly subscriptions: readonly SubscriptionSnapshot[];
}

/** What a bus tells. */
export interface BusEvents {
  /** The broker has a message. */
  published: { readonly at: number; readonly id: string; readonly topic: string };
  /** A message could not be published, or nobody knows whether it was. */
  publishFailed: {
    readonly at: number;
    readonly id: string;
    readonly topic: string;
    readonly error: unknown;
  };
}

/**
 * What programs publish to and consume from, whatever broker stands behind it: at least once, in order where
 * that is asked for, and never an option that is ignored.
 */
export interface MessageBus<C extends Capabilities = Capabilities>
  extends Observable<BusEvents>,
    AsyncDisposable {
  /** What the broker can do. */
  readonly capabilities: C;
  /** Connects now; otherwise the first use does. */
  connect(): Promise<void>;
  /**
   * Resolves when the broker has confirmed the message.
   *
   * @throws InvalidMessageError, UnsupportedCapabilityError, RecordTooLargeError: nothing was sent.
   * PublishError: it was refused, or nobody knows; `maybeStored` says which. BusClosedError.
   */
  publish<In>(topic: Topic<In>, data: In, options?: PublishOptions<C>): Promise<Published>;
  /** Publishes many, and says of each what came of it, in their order. Rejects for none of them. */
  publishAll<In>(
    topic: Topic<In>,
    data: readonly In[],
    options?: Omit<PublishOptions<C>, 'id' | 'idempotencyKey' | 'key'>,
  ): Promise<readonly PublishResult[]>;
  /** Handles what is published to a topic. What the handler throws, or rejects with, is its failure. */
  subscribe<Out>(topic: Topic<never, Out>, options: SubscribeOptions<C>, handler: Handler<Out>): Subscription;
  /** Handles what is published to any topic of a pattern: `*` is one word, `>` the rest. */
  subscribe(
    pattern: C['wildcards'] extends false ? never : string,
    options: SubscribeOptions<C>,
    handler: Handler<unknown>,
  ): Subscription;
  /**
   * Publishes a message and waits for its answer.
   *
   * @throws TimeoutError when none comes in time; RequestFailedError with what the other side threw.
   */
  request<In, Out = unknown>(topic: Topic<In>, data: In, options?: RequestOptions<Out>): Promise<Out>;
  /** Handles requests; what the handler returns, or throws, goes back to whoever asks. */
  respond<Out>(topic: Topic<never, Out>, options: SubscribeOptions<C>, handler: Handler<Out>): Subscription;
  /** The messages of a group that could not be handled. */
  deadLetters<Out>(topic: Topic<never, Out>, group: string): DeadLetters;
  /** How it stands at this moment. */
  snapshot(): BusSnapshot;
  /** What it is. */
  describe(): {
    readonly kind: 'message-bus';
    readonly name: string;
    readonly driver: string;
    readonly capabilities: C;
  };
  /** Drains all subscriptions, waits for what is being published, and lets go of the driver. */
  close(): Promise<void>;
}
