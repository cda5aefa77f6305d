import { checkPattern, checkTopic, matchesPattern } from '../core/topic-pattern.js';
import { ResilienceError } from '../kernel/errors.js';
import { onAbort } from '../kernel/on-abort.js';
import { refuse } from '../kernel/options.js';
import { EventOverflowError } from './event-errors.js';
import type { Call } from './event-listener.js';
import { ListenerTable, Subscription } from './listener-table.js';

const nothing = (): void => {};

/** What a subscription goes by. */
export interface Listening {
  /** Who asks, for errors. */
  readonly owner: string;
  readonly pattern: string;
  readonly call: Call;
  readonly signal: AbortSignal | undefined;
  readonly once?: boolean;
  /** Whether a policy runs it. */
  readonly deferred?: boolean;
  /** Called once when it ends, however it does. */
  readonly onEnd?: () => void;
}

/** Who listens, from when until when: by signals, once, or until the bus is closed. */
export class ListenerRoll {
  readonly #bus: string;
  readonly #maxListeners: number;
  readonly #names: ReadonlySet<string> | undefined;
  readonly #table: ListenerTable;
  closed = false;

  /** `names` are those of all events; where they are not known, any may come. */
  constructor(bus: string, maxListeners: number, names: ReadonlySet<string> | undefined) {
    this.#bus = bus;
    this.#maxListeners = maxListeners;
    this.#names = names;
    this.#table = new ListenerTable(maxListeners);
  }

  get size(): number {
    return this.#table.size;
  }

  /** How many there are of each pattern. */
  counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = Object.create(null) as Record<string, number>;
    for (const { pattern } of this.#table.all()) counts[pattern] = (counts[pattern] ?? 0) + 1;
    return counts;
  }

  /** Those who listen to `name` now: a list that does not change. */
  of(name: string): readonly Subscription[] {
    if (this.closed) throw this.closedError();
    const known = this.#table.known(name);
    if (known !== undefined) return known;
    const wrong = checkTopic(name);
    if (wrong !== undefined) refuse('emit', 'name', wrong, name);
    if (this.#names?.has(name) === false) refuse('emit', 'name', 'an event of the registry', name);
    return this.#table.list(name);
  }

  /** The function returned ends it. */
  listen({ owner, pattern, call, signal, once = false, deferred = false, onEnd }: Listening): () => void {
    const wrong = checkPattern(pattern);
    if (wrong !== undefined) refuse(owner, 'pattern', wrong, pattern);
    if (this.#names !== undefined && ![...this.#names].some(name => matchesPattern(pattern, name))) {
      refuse(owner, 'pattern', 'one that matches an event of the registry', pattern);
    }
    if (this.closed) throw this.closedError();
    if (signal?.aborted) return nothing;
    const subscription = new Subscription(pattern, call, once, deferred);
    if (!this.#table.add(subscription)) throw this.#fullError();
    let unlink = nothing;
    const end = (): void => {
      if (!subscription.active) return;
      this.#table.remove(subscription);
      unlink();
      onEnd?.();
    };
    subscription.onEnd = end;
    if (signal !== undefined) unlink = onAbort(signal, end);
    return end;
  }

  /** Ends all. */
  clear(): void {
    for (const subscription of this.#table.all()) subscription.onEnd!();
  }

  closedError(): ResilienceError {
    return new ResilienceError('ERR_BUS_CLOSED', `${this.#bus}: it is closed`, { policy: this.#bus });
  }

  #fullError(): EventOverflowError {
    const full = `\`maxListeners\` is ${this.#maxListeners}, and there are as many; is each taken off?`;
    const message = `${this.#bus}: ${full}`;
    return new EventOverflowError(message, { policy: this.#bus });
  }
}
