import { PatternTable } from '../core/pattern-table.js';
import { hasWildcard } from '../core/topic-pattern.js';
import type { Call, EventInfo } from './event-listener.js';

/** One subscription. */
export class Subscription {
  readonly pattern: string;
  readonly call: Call;
  readonly once: boolean;
  /** Whether a policy runs it, so that it cannot answer at once. */
  readonly deferred: boolean;
  /** Whether it still hears of events: it may end while one is told. */
  active = true;
  /** What is to be done once when it ends. */
  onEnd: (() => void) | undefined;

  constructor(pattern: string, call: Call, once: boolean, deferred: boolean) {
    this.pattern = pattern;
    this.call = call;
    this.once = once;
    this.deferred = deferred;
  }

  /** Tells the listener, who must be active. */
  tell(payload: unknown, info: EventInfo): unknown {
    if (this.once) this.onEnd?.();
    return this.call(payload, info);
  }
}

/** For so many names the list of their listeners is kept; names may be made of ids. */
const MOST_LISTS = 1000;

/**
 * Who listens to what. The list for a name is made once and never changed: who holds it holds a snapshot.
 */
export class ListenerTable {
  readonly #patterns: PatternTable<Subscription>;
  readonly #lists = new Map<string, readonly Subscription[]>();

  constructor(maxListeners: number) {
    this.#patterns = new PatternTable(maxListeners);
  }

  get size(): number {
    return this.#patterns.size;
  }

  /** `false` when there is no room. */
  add(subscription: Subscription): boolean {
    if (!this.#patterns.add(subscription.pattern, subscription)) return false;
    this.#forget(subscription.pattern);
    return true;
  }

  remove(subscription: Subscription): void {
    subscription.active = false;
    if (this.#patterns.remove(subscription.pattern, subscription)) this.#forget(subscription.pattern);
  }

  /** The listeners of a name, in the order in which they came; `undefined` where the list is not made yet. */
  known(name: string): readonly Subscription[] | undefined {
    return this.#lists.get(name);
  }

  /** Makes the list for a valid name. */
  list(name: string): readonly Subscription[] {
    const list = this.#patterns.find(name);
    if (this.#lists.size >= MOST_LISTS) this.#lists.clear();
    this.#lists.set(name, list);
    return list;
  }

  /** All of them. */
  all(): readonly Subscription[] {
    return this.#patterns.values();
  }

  #forget(pattern: string): void {
    if (hasWildcard(pattern)) this.#lists.clear();
    else this.#lists.delete(pattern);
  }
}
