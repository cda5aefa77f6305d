import { KeptKey, KeptKeys } from '../core/kept-keys.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import { Emitter, type Listener, namesOf, type Observable } from '../kernel/events.js';
import { isAtRest, isGuard, isPolicy, sharesAnswers } from '../kernel/is-guard.js';
import { functionName, orNull } from '../kernel/options.js';
import type { Guard } from '../kernel/policy.js';
import { describeInside } from './inside-description.js';
import {
  checkKeyed,
  type KeyedDescription,
  type KeyedEvents,
  type KeyedOptions,
  type KeyedPlan,
  type KeyedSnapshot,
  keyOfCall,
} from './keyed-options.js';

/** Under this key the policy is made that stands in where there is no room. */
export const SHARED = '*';

/** A policy with its key, and the calls that are in it. */
export class KeyedInstance<V> extends KeptKey {
  readonly instance: V;
  inFlight = 0;
  /** The permit that calls share: while one is in flight it stays the same. Guards alone have one. */
  permit: unknown = undefined;

  constructor(key: string, instance: V) {
    super(key);
    this.instance = instance;
  }
}

const atRest = ({ inFlight, instance }: KeyedInstance<unknown>): boolean =>
  inFlight === 0 && isAtRest(instance);

/** The policies of a keyed policy. */
export class KeyedTable<V extends object> implements Observable<KeyedEvents<V>> {
  readonly plan: KeyedPlan;
  readonly clock: Clock;
  /** Stands in for keys for which there is no room; it is also the first made, and the sample of all. */
  readonly shared: KeyedInstance<V>;
  readonly #factory: (key: string) => V;
  readonly #kept: KeptKeys<KeyedInstance<V>>;
  readonly #timed: boolean;
  #events: Emitter<KeyedEvents<V>> | undefined;
  #made = 0;
  #evicted = 0;
  #overflowed = 0;

  constructor(factory: (key: string) => V, options: KeyedOptions) {
    if (typeof factory !== 'function') {
      throw new TypeError(`keyed: the factory must be a function, got ${typeof factory}`);
    }
    this.plan = checkKeyed(options);
    this.#factory = factory;
    const sample = factory(SHARED);
    if (!isGuard(sample) && !isPolicy(sample)) {
      throw new TypeError(`keyed: the factory must answer a policy or a guard, got ${typeof sample}`);
    }
    if (sharesAnswers(sample)) {
      // Keys without room share one policy: one tenant would be handed the answers of another.
      const rule =
        'must answer what shares no answers; put a cache outside, with a `key` that tells them apart';
      throw new TypeError(`keyed: the factory ${rule}, got ${functionName(sample.constructor)}`);
    }
    this.shared = new KeyedInstance(SHARED, sample);
    this.clock = this.plan.clock ?? (sample as { readonly clock?: Clock }).clock ?? systemClock;
    this.#timed = this.plan.idleMs < Infinity;
    this.#kept = new KeptKeys(this.plan);
  }

  get size(): number {
    return this.#kept.size;
  }

  peek(key: string): V | undefined {
    return this.#kept.peek(key)?.instance;
  }

  *[Symbol.iterator](): Generator<[string, V]> {
    for (const { key, instance } of this.#kept) yield [key, instance];
  }

  /** The policy of `key`, made if there is none; the shared one where there is no room. */
  use(key: string): KeyedInstance<V> {
    const found = this.#kept.peek(key);
    if (found !== undefined && !this.#timed) {
      this.#kept.touch(found, 0);
      return found;
    }
    const now = this.#now();
    if (found !== undefined) this.#kept.touch(found, now);
    if (this.#timed) this.#expire(now);
    return found ?? this.#make(key, now);
  }

  /** A call has ended: only then does its key begin to be idle. */
  leave(kept: KeyedInstance<V>): void {
    kept.inFlight--;
    if (kept.inFlight === 0 && kept !== this.shared) this.#kept.touch(kept, this.#timed ? this.#now() : 0);
  }

  on<Name extends keyof KeyedEvents<V>>(event: Name, listener: Listener<KeyedEvents<V>[Name]>): () => void {
    this.#events ??= new Emitter(namesOf<KeyedEvents<V>>({ made: true, evicted: true, overflowed: true }));
    return this.#events.on(event, listener);
  }

  snapshot(): KeyedSnapshot {
    const { name, maxKeys } = this.plan;
    const counts = { made: this.#made, evicted: this.#evicted, overflowed: this.#overflowed };
    return { name, size: this.size, maxKeys, ...counts };
  }

  describe(): KeyedDescription {
    const { name, maxKeys, idleMs, key } = this.plan;
    const policy = describeInside(this.shared.instance);
    const told = { kind: 'keyed' as const, name, maxKeys, idleMs: orNull(idleMs), policy };
    return key === keyOfCall ? told : { ...told, key: functionName(key)! };
  }

  #now(): number {
    return this.#timed ? this.clock.coarse() : 0;
  }

  #expire(now: number): void {
    const idle = this.#kept.expire(now, atRest);
    if (idle !== undefined) this.#tellEvicted(idle, 'idle');
  }

  #make(key: string, now: number): KeyedInstance<V> {
    if (!this.#hasRoom()) return this.#overflow(key);
    const made = new KeyedInstance(key, this.#checked(this.#factory(key)));
    // The factory, and who heard of an eviction, may have asked for a key themselves.
    const other = this.#kept.peek(key);
    if (other !== undefined) return other;
    if (!this.#hasRoom()) return this.#overflow(key);
    this.#kept.add(made, now);
    this.#made++;
    if (this.#events?.has('made')) {
      const { instance } = made;
      this.#events.emit('made', { policy: this.plan.name, at: this.clock.wall(), key, instance });
    }
    return made;
  }

  #hasRoom(): boolean {
    if (!this.#kept.isFull) return true;
    const evicted = this.#kept.makeRoom(atRest);
    if (evicted === undefined) return false;
    this.#tellEvicted(evicted, 'full');
    return !this.#kept.isFull;
  }

  /** All must be of one kind, for a pipeline is compiled before the second is made. */
  #checked(made: V): V {
    const sample = this.shared.instance as Partial<Guard>;
    const part = made as Partial<Guard> | null;
    const alike = isGuard(sample)
      ? isGuard(part) && (part.givesUp === true) === (sample.givesUp === true)
      : isPolicy(part);
    if (alike) return made;
    throw new TypeError('keyed: the factory must answer the same kind of policy for each key');
  }

  #overflow(key: string): KeyedInstance<V> {
    this.#overflowed++;
    if (this.#events?.has('overflowed')) {
      this.#events.emit('overflowed', { policy: this.plan.name, at: this.clock.wall(), key });
    }
    return this.shared;
  }

  #tellEvicted({ key, instance }: KeyedInstance<V>, reason: 'idle' | 'full'): void {
    this.#evicted++;
    if (!this.#events?.has('evicted')) return;
    this.#events.emit('evicted', { policy: this.plan.name, at: this.clock.wall(), key, instance, reason });
  }
}
