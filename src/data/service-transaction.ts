import type { Context } from '../kernel/context.js';
import type { Inbox, InboxAnswer } from './inbox.js';
import type { Outbox } from './outbox.js';
import type { OutboxEvent } from './outbox-message.js';

/** Publishes as a part of the transaction that it belongs to. */
export interface TransactionOutbox {
  /** Writes a message; resolves with its id. See {@link Outbox.publish}. */
  publish<In>(event: OutboxEvent<In>): Promise<{ readonly id: string }>;
  /** Writes many, in their order: all of them or none. */
  publishAll<In>(events: readonly OutboxEvent<In>[]): Promise<readonly { readonly id: string }[]>;
}

/** Makes the effect of a message happen once, in the transaction that it belongs to. */
export interface TransactionInbox {
  /** Runs `work` unless the message was handled before. See {@link Inbox.run}. */
  run<Result>(
    message: string | { readonly id: string },
    work: () => Result | Promise<Result>,
  ): Promise<InboxAnswer<Result>>;
}

/** An open transaction of a service, and what is a part of it. */
export interface ServiceTransaction<Transaction> {
  /** What runs SQL within it: a client as the driver of the database hands it out. */
  readonly sql: Transaction;
  /** For messages that are sent when it commits. Throws where the database was made without an `outbox`. */
  readonly outbox: TransactionOutbox;
  /** For messages that are handled by it. Throws where the database was made without an `inbox`. */
  readonly inbox: TransactionInbox;
  /** Aborted when nobody waits for it any more: it then rolls back. */
  readonly signal: AbortSignal;
  /** The ms left until its deadline; `Infinity` without one. */
  remainingMs(): number;
}

/** What a transaction is made of. */
interface Parts<Transaction> {
  readonly name: string;
  readonly outbox: Outbox<Transaction> | undefined;
  readonly inbox: Inbox<Transaction> | undefined;
}

/** A transaction while it is open; `over` afterwards. */
export class OpenServiceTransaction<Transaction> implements ServiceTransaction<Transaction> {
  readonly #parts: Parts<Transaction>;
  readonly #sql: Transaction;
  readonly #context: Context;
  #isOver = false;

  constructor(parts: Parts<Transaction>, sql: Transaction, context: Context) {
    this.#parts = parts;
    this.#sql = sql;
    this.#context = context;
  }

  get sql(): Transaction {
    return this.#open();
  }

  get signal(): AbortSignal {
    return this.#context.signal;
  }

  remainingMs(): number {
    return this.#context.remainingMs();
  }

  get outbox(): TransactionOutbox {
    const outbox = this.#part('outbox');
    return {
      publish: async event => outbox.publish(this.#open(), event),
      publishAll: async events => outbox.publishAll(this.#open(), events),
    };
  }

  get inbox(): TransactionInbox {
    const inbox = this.#part('inbox');
    return { run: async (message, work) => inbox.run(this.#open(), message, work) };
  }

  /** From now on whoever has kept it gets nothing: its client is somebody else's. */
  over(): void {
    this.#isOver = true;
  }

  #part<Name extends 'outbox' | 'inbox'>(name: Name): NonNullable<Parts<Transaction>[Name]> {
    const part = this.#parts[name];
    if (part === undefined) throw new TypeError(`${this.#parts.name}: it was made without an \`${name}\``);
    return part;
  }

  #open(): Transaction {
    if (this.#isOver) throw new TypeError(`${this.#parts.name}: the transaction is over; await all of it`);
    return this.#sql;
  }
}
