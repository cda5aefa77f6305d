import { checkKeys, checkNumber, isData, refuse, show } from '../kernel/options.js';
import { InboxMessageError, InboxResultError } from './inbox-errors.js';

/** A message as an inbox keeps it, in the words of those stores: a step of a saga that is named by an id. */
export interface InboxRow {
  /** That of the message. */
  readonly saga: string;
  /** Which consumer. */
  readonly step: string;
}

/**
 * Keeps what was handled, in the transactions in which that was done. Every store of a `ParticipantBarrier`
 * is one: a message is a step that is done and never undone.
 */
export interface InboxStore<in Transaction> {
  /** Takes the row of a message until the transaction ends; whoever else wants it waits. */
  claim(
    transaction: Transaction,
    row: InboxRow,
    epoch: undefined,
  ): Promise<{ readonly forward: 'none' | 'done'; readonly forwardResult: string | undefined }>;
  /** Writes down what came of it, as JSON. */
  mark(
    transaction: Transaction,
    row: InboxRow,
    mark: { readonly direction: 'forward'; readonly mark: 'done'; readonly result: string | undefined },
  ): Promise<void>;
  /**
   * Deletes rows of a step that nothing was written to for `retentionMs`, at most `limit`; how many it
   * deleted.
   */
  purge(retentionMs: number, limit: number, step: string): Promise<number>;
}

/** How an `Inbox` is made. */
export interface InboxOptions<Transaction> {
  /** Where it is kept what was handled: in the database of the business data, and nowhere else. */
  readonly store: InboxStore<Transaction>;
  /** Who handles, of 1 to 100 characters: each consumer of a database handles a message once. */
  readonly consumer: string;
  /**
   * The longest time after which a message may come again, in ms: redeliveries, what the broker keeps,
   * replays of dead letters.
   */
  readonly redeliveryMs: number;
  /** For how long a message is known again, in ms; at least `redeliveryMs`. @default 604800000 */
  readonly retentionMs?: number;
  /** The largest result that is kept, as JSON, in bytes. @default 65536 */
  readonly maxResultBytes?: number;
  /** How many rows one `purge` deletes at most, an integer >= 1. @default 5000 */
  readonly purgeLimit?: number;
}

/** What became of a message: it was handled just now, or before, and `result` is what that returned. */
export interface InboxAnswer<Result> {
  /** Whether the handler ran. */
  readonly outcome: 'done' | 'duplicate';
  /** What it returned. */
  readonly result: Result;
}

/** The numbers of an inbox. */
export interface InboxDefaults {
  /** For how long a message is known again, in ms. */
  readonly retentionMs: number;
  /** The largest result that is kept, in bytes. */
  readonly maxResultBytes: number;
  /** How many rows one `purge` deletes at most. */
  readonly purgeLimit: number;
}

/** How an inbox was made. */
export interface InboxDescription extends InboxDefaults {
  /** What this is. */
  readonly kind: 'inbox';
  /** Who handles. */
  readonly consumer: string;
  /** The longest time after which a message may come again, in ms. */
  readonly redeliveryMs: number;
}

const defaults: InboxDefaults = /* @__PURE__ */ Object.freeze({
  retentionMs: 604_800_000,
  maxResultBytes: 65_536,
  purgeLimit: 5_000,
});

const owner = 'Inbox';
const known = ['store', 'consumer', 'redeliveryMs', 'retentionMs', 'maxResultBytes', 'purgeLimit'];
const LONGEST_CONSUMER = 100;
const LONGEST_ID = 255;
const LONGEST_MS = 2 ** 43;

/**
 * Makes the effect of a message happen once, however often it comes: what the handler writes and that it was
 * handled are one transaction.
 *
 * @example
 * ```ts
 * import { Inbox } from 'keelson/data';
 * import { InMemoryBarrierStore } from 'keelson/saga';
 *
 * const store = new InMemoryBarrierStore();
 * const inbox = new Inbox({ store, consumer: 'billing', redeliveryMs: 86_400_000 });
 * const handle = () => store.transaction(tx => inbox.run(tx, 'm-1', () => 'invoice-7'));
 * await handle(); // => { outcome: 'done', result: 'invoice-7' }
 * await handle(); // => { outcome: 'duplicate', result: 'invoice-7' }
 * ```
 */
export class Inbox<Transaction> {
  readonly #store: InboxStore<Transaction>;
  readonly #rules: Omit<InboxDescription, 'kind'>;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: InboxOptions<Transaction>) {
    checkKeys(owner, options, known);
    const { store, ...rules } = { ...defaults, ...options };
    for (const method of ['claim', 'mark', 'purge'] as const) {
      if (typeof store?.[method] !== 'function')
        refuse(owner, 'store', `an InboxStore with ${method}`, store);
    }
    const { consumer } = rules;
    if (typeof consumer !== 'string' || consumer === '' || consumer.length > LONGEST_CONSUMER) {
      refuse(owner, 'consumer', `a text of 1 to ${LONGEST_CONSUMER} characters`, consumer);
    }
    checkNumber(owner, 'redeliveryMs', rules.redeliveryMs, { min: 0, max: LONGEST_MS });
    // What is forgotten too early is done again, and nobody notices.
    checkNumber(owner, 'retentionMs', rules.retentionMs, { min: rules.redeliveryMs, max: LONGEST_MS });
    checkNumber(owner, 'maxResultBytes', rules.maxResultBytes, { min: 0, max: 2 ** 26, integer: true });
    checkNumber(owner, 'purgeLimit', rules.purgeLimit, { min: 1, max: 1_000_000, integer: true });
    this.#store = store;
    this.#rules = rules;
  }

  /** What stands where an option was left out. */
  static get defaults(): InboxDefaults {
    return defaults;
  }

  /**
   * Runs `work` unless the message was handled before, in `transaction`, which you have opened and will
   * commit; acknowledge the message after that. One that comes while another is under way waits for its end.
   *
   * Roll back when it rejects. What `work` throws passes through: nothing is kept, and a later delivery runs
   * anew.
   *
   * @param message Its id, or what has it.
   * @throws InboxMessageError without an id; InboxResultError when `work` returned what cannot be kept; what
   * `work` or the database throws.
   */
  async run<Result>(
    transaction: Transaction,
    message: string | { readonly id: string },
    work: () => Result | Promise<Result>,
  ): Promise<InboxAnswer<Result>> {
    const { consumer } = this.#rules;
    const id: unknown = typeof message === 'string' ? message : message?.id;
    if (typeof id !== 'string' || id === '' || id.length > LONGEST_ID) {
      const rule = `an id of 1 to ${LONGEST_ID} characters`;
      throw new InboxMessageError(`${consumer}: a message must have ${rule}, got ${show(id)}`);
    }
    const row = { saga: id, step: this.#step };
    const { forward, forwardResult } = await this.#store.claim(transaction, row, undefined);
    if (forward === 'done') {
      const kept: unknown = forwardResult === undefined ? undefined : JSON.parse(forwardResult);
      return { outcome: 'duplicate', result: kept as Result };
    }
    const result = await work();
    const written = { direction: 'forward', mark: 'done', result: this.#written(id, result) } as const;
    await this.#store.mark(transaction, row, written);
    return { outcome: 'done', result };
  }

  /** Forgets what was handled longer than `retentionMs` ago, at most `purgeLimit` of it; how many it were. */
  purge(): Promise<number> {
    return this.#store.purge(this.#rules.retentionMs, this.#rules.purgeLimit, this.#step);
  }

  /** No step of a saga has a colon in its name, so that both may share a table. */
  get #step(): string {
    return `inbox:${this.#rules.consumer}`;
  }

  /** How it was made. */
  describe(): InboxDescription {
    return { kind: 'inbox', ...this.#rules };
  }

  #written(id: string, result: unknown): string | undefined {
    if (result === undefined) return undefined;
    const { consumer, maxResultBytes } = this.#rules;
    const what = `${consumer}: the result of ${show(id)}`;
    if (!isData(result)) {
      throw new InboxResultError(`${what} must be JSON data or undefined, got ${show(result)}`);
    }
    const text = JSON.stringify(result);
    const bytes = new TextEncoder().encode(text).length;
    if (bytes <= maxResultBytes) return text;
    throw new InboxResultError(`${what} has ${bytes} bytes, \`maxResultBytes\` is ${maxResultBytes}`);
  }
}
