import { backgroundContext, contextOf, noOperation } from '../kernel/call-options.js';
import type { Clock } from '../kernel/clock.js';
import type { CallContext, CallOptions, Context } from '../kernel/context.js';
import type { Listener, Observable } from '../kernel/events.js';
import type { InOf, OutOf } from '../kernel/pipeline.js';
import type { Guard, Operation, Policy } from '../kernel/policy.js';
import { checkedKey, type KeyedDescription, type KeyedEvents, type KeyedSnapshot } from './keyed-options.js';
import type { KeyedInstance, KeyedTable } from './keyed-table.js';

/** What can be done with the policies of a keyed policy. */
export interface Keyed<V> extends Observable<KeyedEvents<V>>, Iterable<[key: string, instance: V]> {
  /** Shown in events and `describe()`. */
  readonly name: string;
  /** How many keys have a policy of their own now. */
  readonly size: number;
  /** The policy of `key`, made if there is none: a use of the key. Where there is no room, the shared one. */
  get(key: string): V;
  /** The policy of `key`, if it has one; no use of the key. */
  peek(key: string): V | undefined;
  /** How it stands at this moment. */
  snapshot(): KeyedSnapshot;
  /** How it was made. */
  describe(): KeyedDescription;
}

/** A policy for each key, which is a guard. */
export interface KeyedGuard<G extends Guard = Guard> extends Keyed<G>, Guard, Policy {}

/** A policy for each key. */
export interface KeyedPolicy<P extends Policy<never, unknown>> extends Keyed<P>, Policy<InOf<P>, OutOf<P>> {}

/** What both kinds of keyed policies have. */
export abstract class PerKey<V extends object> implements Keyed<V> {
  readonly name: string;
  readonly clock: Clock;
  protected readonly table: KeyedTable<V>;

  constructor(table: KeyedTable<V>) {
    this.table = table;
    this.name = table.plan.name;
    this.clock = table.clock;
  }

  get size(): number {
    return this.table.size;
  }

  get(key: string): V {
    return this.table.use(checkedKey(this.name, key)).instance;
  }

  peek(key: string): V | undefined {
    return this.table.peek(key);
  }

  [Symbol.iterator](): Iterator<[key: string, instance: V]> {
    return this.table[Symbol.iterator]();
  }

  on<Name extends keyof KeyedEvents<V>>(event: Name, listener: Listener<KeyedEvents<V>[Name]>): () => void {
    return this.table.on(event, listener);
  }

  snapshot(): KeyedSnapshot {
    return this.table.snapshot();
  }

  describe(): KeyedDescription {
    return this.table.describe();
  }

  protected find(call: Context): KeyedInstance<V> {
    const { key, name } = this.table.plan;
    return this.table.use(checkedKey(name, key(call)));
  }
}

/** A keyed policy of policies that run operations their own way. */
export class PolicyPerKey extends PerKey<Policy> implements Policy {
  readonly #background: CallContext;

  constructor(table: KeyedTable<Policy>) {
    super(table);
    this.#background = backgroundContext(this.clock);
  }

  execute<T>(operation: Operation<T>, options?: CallOptions | Context): Promise<T> {
    if (typeof operation !== 'function') return Promise.reject(noOperation('execute', operation));
    let call = this.#background;
    let kept: KeyedInstance<Policy>;
    try {
      if (options !== undefined) call = contextOf(options, this.clock);
      if (call.cancelled) return Promise.reject(call.reason);
      kept = this.find(call);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#run(kept, operation, call);
  }

  #run<T>(kept: KeyedInstance<Policy>, operation: Operation<T>, call: CallContext): Promise<T> {
    const leave = (): void => this.table.leave(kept);
    kept.inFlight++;
    let answer: Promise<T>;
    try {
      answer = Promise.resolve(kept.instance.execute(operation, call));
    } catch (error) {
      answer = Promise.reject(error);
    }
    return answer.then(
      value => {
        leave();
        return value;
      },
      error => {
        leave();
        throw error;
      },
    );
  }
}
