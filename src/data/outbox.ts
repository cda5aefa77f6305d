import { type Clock, systemClock } from '../kernel/clock.js';
import { Emitter, type Listener, type Observable } from '../kernel/events.js';
import { checkKeys, checkNumber, refuse } from '../kernel/options.js';
import { messageOf, type OutboxEvent } from './outbox-message.js';
import type { BucketLag, DiscardedMessage, OutboxStore, ParkedKey } from './outbox-store.js';

/** How an `Outbox` is made. */
export interface OutboxOptions<Transaction> {
  /** Where messages wait: in the database of the business data, and nowhere else. */
  readonly store: OutboxStore<Transaction>;
  /** The largest data of one message, as JSON, in bytes. @default 262144 */
  readonly maxBodyBytes?: number;
  /** How many messages one `publishAll` takes at most, an integer >= 1. @default 1000 */
  readonly maxMessages?: number;
  /** Shown in errors and `describe()`. @default 'outbox' */
  readonly name?: string;
  /** The source of time, for stamps of events. @default systemClock */
  readonly clock?: Clock;
}

/** What an outbox tells. `at` is epoch ms. */
export interface OutboxEvents {
  /** Somebody decided that a parked key goes on from where it stood. */
  retried: { readonly outbox: string; readonly key: string; readonly at: number };
  /** Somebody decided that a message is never published. */
  discarded: DiscardedMessage & { readonly outbox: string; readonly reason: string; readonly at: number };
}

/** How an outbox was made. */
export interface OutboxDescription {
  /** What this is. */
  readonly kind: 'outbox';
  /** Shown in errors. */
  readonly name: string;
  /** The largest data of one message, in bytes. */
  readonly maxBodyBytes: number;
  /** How many messages one `publishAll` takes. */
  readonly maxMessages: number;
}

/** How an outbox stands. All ages are in ms, by the clock of the store. */
export interface OutboxLag {
  /** The messages that wait, those of parked keys included. */
  readonly messages: number;
  /** The age of the oldest; 0 where there is none. */
  readonly oldestMs: number;
  /** The age of the oldest that nobody has to decide about: large when no relay gets on. */
  readonly stuckMs: number;
  /** The messages of keys that are parked. */
  readonly parked: number;
  /** The buckets in which anything waits. */
  readonly buckets: readonly BucketLag[];
}

const defaults: Omit<OutboxDescription, 'kind'> = /* @__PURE__ */ Object.freeze({
  maxBodyBytes: 262_144,
  maxMessages: 1_000,
  name: 'outbox',
});

const owner = 'Outbox';
const methods = ['add', 'parked', 'retry', 'discard', 'purge', 'lag'] as const;

/**
 * Publishes in your own transaction: what was published is there when that commits, and never was when it
 * rolls back. An {@link OutboxRelay} hands it to the bus.
 *
 * @example
 * ```ts
 * import { InMemoryOutboxStore, Outbox } from 'keelson/data';
 * import { topic } from 'keelson/messaging';
 *
 * const placed = topic<{ id: string }>('orders.placed', { key: order => order.id });
 * const store = new InMemoryOutboxStore();
 * const outbox = new Outbox({ store });
 * await store.transaction(tx => outbox.publish(tx, { topic: placed, data: { id: 'o-1' } }));
 * (await outbox.lag()).messages; // => 1
 * ```
 */
export class Outbox<Transaction> implements Observable<OutboxEvents> {
  readonly #store: OutboxStore<Transaction>;
  readonly #clock: Clock;
  readonly #events = new Emitter<OutboxEvents>(['retried', 'discarded']);
  readonly #rules: Omit<OutboxDescription, 'kind'>;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: OutboxOptions<Transaction>) {
    checkKeys(owner, options, ['store', 'maxBodyBytes', 'maxMessages', 'name', 'clock']);
    const { store, clock = systemClock, ...rules } = { ...defaults, ...options };
    for (const method of methods) {
      if (typeof store?.[method] !== 'function')
        refuse(owner, 'store', `an OutboxStore with ${method}`, store);
    }
    checkNumber(owner, 'maxBodyBytes', rules.maxBodyBytes, { min: 1, max: 2 ** 26, integer: true });
    checkNumber(owner, 'maxMessages', rules.maxMessages, { min: 1, max: 100_000, integer: true });
    this.#store = store;
    this.#clock = clock;
    this.#rules = rules;
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  on<Name extends keyof OutboxEvents>(event: Name, listener: Listener<OutboxEvents[Name]>): () => void {
    return this.#events.on(event, listener);
  }

  /**
   * Writes a message as a part of `transaction`, which you have opened and will commit. Resolves with its id,
   * when it is written and not yet published.
   *
   * @throws OutboxMessageError when it cannot be kept, and what its topic says of its data: nothing was
   * written, and the transaction may go on. What the database throws.
   */
  async publish<In>(transaction: Transaction, event: OutboxEvent<In>): Promise<{ readonly id: string }> {
    const { name, maxBodyBytes } = this.#rules;
    const message = await messageOf(name, event as unknown as OutboxEvent, maxBodyBytes);
    await this.#store.add(transaction, [message]);
    return { id: message.id };
  }

  /** The same of many, in their order and in one statement: all of them, or none. */
  async publishAll<In>(
    transaction: Transaction,
    events: readonly OutboxEvent<In>[],
  ): Promise<readonly { readonly id: string }[]> {
    const { name, maxBodyBytes, maxMessages } = this.#rules;
    if (!Array.isArray(events) || events.length > maxMessages) {
      refuse(name, 'events', `an array of at most ${maxMessages}`, events?.length);
    }
    const made = events.map(event => messageOf(name, event as unknown as OutboxEvent, maxBodyBytes));
    const messages = await Promise.all(made);
    if (messages.length > 0) await this.#store.add(transaction, messages);
    return messages.map(({ id }) => ({ id }));
  }

  /** Tells relays that there is something: after a commit it saves the wait until they look. */
  wake(): void {
    this.#store.wake?.();
  }

  /** How it stands. Counts all that waits: not for each request. */
  async lag(): Promise<OutboxLag> {
    const buckets = await this.#store.lag();
    const sum = (of: 'messages' | 'parked'): number => buckets.reduce((all, each) => all + each[of], 0);
    const most = (of: 'oldestMs' | 'stuckMs'): number => Math.max(0, ...buckets.map(each => each[of]));
    const ages = { oldestMs: most('oldestMs'), stuckMs: most('stuckMs') };
    return { messages: sum('messages'), ...ages, parked: sum('parked'), buckets };
  }

  /** The keys that stand still until somebody decides, by their names: `limit` of those after `after`. */
  parked(limit = 100, after?: string): Promise<readonly ParkedKey[]> {
    checkNumber(this.#rules.name, 'limit', limit, { min: 1, max: 10_000, integer: true });
    return this.#store.parked(limit, after);
  }

  /** A parked key goes on, from the message that stood in the way; whether it was parked. */
  async retry(key: string): Promise<boolean> {
    const was = await this.#store.retry(key);
    if (!was) return false;
    this.wake();
    if (this.#events.has('retried')) {
      this.#events.emit('retried', { outbox: this.#rules.name, key, at: this.#clock.wall() });
    }
    return true;
  }

  /**
   * Gives up the message that a parked key stands still for, and goes on with those after it. Answers with
   * the message, for whoever keeps books; `undefined` when the key was not parked.
   */
  async discard(key: string, reason: string): Promise<DiscardedMessage | undefined> {
    const { name } = this.#rules;
    if (typeof reason !== 'string' || reason === '') refuse(name, 'reason', 'words, and not none', reason);
    const gone = await this.#store.discard(key);
    if (gone === undefined) return undefined;
    this.wake();
    if (this.#events.has('discarded')) {
      this.#events.emit('discarded', { outbox: name, ...gone, reason, at: this.#clock.wall() });
    }
    return gone;
  }

  /**
   * Deletes all messages of keys that have been parked for longer than `parkedMs`, of at most `limit` keys.
   * Nothing else is ever deleted that no bus has. How many keys it were.
   */
  purge(parkedMs: number, limit = 1_000): Promise<number> {
    checkNumber(this.#rules.name, 'parkedMs', parkedMs, { min: 0, max: 2 ** 43 });
    checkNumber(this.#rules.name, 'limit', limit, { min: 1, max: 10_000, integer: true });
    return this.#store.purge(parkedMs, limit);
  }

  /** How it was made. */
  describe(): OutboxDescription {
    return { kind: 'outbox', ...this.#rules };
  }
}
