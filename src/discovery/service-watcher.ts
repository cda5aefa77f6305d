import { type Clock, systemClock, type Timer } from '../kernel/clock.js';
import { factOf } from '../kernel/errors.js';
import { Emitter, type Listener, type Observable } from '../kernel/events.js';
import { type InstanceMatch, matchOf } from './instance-query.js';
import type { RegisteredInstance } from './service-instance.js';
import type { ServiceChange, ServiceWatch } from './service-registry.js';
import {
  checkWatcher,
  type ServiceWatcherEvents,
  type ServiceWatcherOptions,
  type ServiceWatcherSnapshot,
  type WatcherRules,
  watcherDefaults,
} from './service-watcher-options.js';

/** So many are kept at a time: a registry that forgets again and again does not fill the memory. */
const MOST_SUSPECTS = 100_000;

/** One that went with too many others. */
interface Suspect {
  readonly instance: RegisteredInstance;
  readonly until: number;
}

/**
 * The instances of one service, at hand without waiting, whatever becomes of the registry: what was known
 * last stays known, and says how old it is. For balancers, and for whoever calls a service.
 *
 * @example
 * ```ts
 * import { InMemoryRegistry, ServiceWatcher } from 'keelson/discovery';
 *
 * const registry = new InMemoryRegistry();
 * await registry.register({ service: 'cart', id: 'c1', address: 'http://10.0.0.5:8080' }).ready;
 * const cart = new ServiceWatcher({ registry, service: 'cart' });
 * await cart.ready;
 * cart.usable().map(({ address }) => address); // => ['http://10.0.0.5:8080']
 * cart.close();
 * ```
 */
export class ServiceWatcher implements Observable<ServiceWatcherEvents> {
  /** The service. */
  readonly service: string;
  /** Resolves when the registry has answered for the first time. Rejects when either is closed before. */
  readonly ready: Promise<void>;
  readonly #rules: WatcherRules;
  readonly #clock: Clock;
  readonly #matches: InstanceMatch;
  readonly #isHealthy: ((instance: RegisteredInstance) => boolean) | undefined;
  readonly #emitter = new Emitter<ServiceWatcherEvents>(['changed', 'stale', 'fresh', 'suspected']);
  readonly #suspects = new Map<string, Suspect>();
  readonly #watch: ServiceWatch;
  #settleReady!: { readonly resolve: () => void; readonly reject: (error: unknown) => void };
  #there: readonly RegisteredInstance[] = [];
  #known: readonly RegisteredInstance[] = [];
  #up: readonly RegisteredInstance[] = [];
  /** Those of them whose leases have not ended. */
  #sound: readonly RegisteredInstance[] = [];
  #revision: number | undefined;
  #timer: Timer | undefined;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: ServiceWatcherOptions) {
    this.#rules = checkWatcher(options);
    const { registry, service, filter = {}, isHealthy, clock = systemClock } = options;
    this.#matches = matchOf('ServiceWatcher', { ...filter, status: 'any' });
    this.#isHealthy = isHealthy;
    this.#clock = clock;
    this.service = service;
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = { resolve, reject };
    });
    // Whoever does not look at it must not be ended by it.
    this.ready.catch(() => {});
    this.#watch = registry.watch(service, {
      onChange: change => this.#heed(change),
      onContact: ({ lost, error }) => {
        const at = clock.wall();
        if (lost) {
          // Nobody will be heard any more, so nobody is to wait for it.
          if (factOf(error, 'code') === 'ERR_REGISTRY_CLOSED') this.#settleReady.reject(error);
          this.#emitter.emit('stale', { error, at });
        } else this.#emitter.emit('fresh', { at });
      },
    });
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof watcherDefaults {
    return watcherDefaults;
  }

  /** All that are known, whatever they say of themselves; one array until something changes. */
  get instances(): readonly RegisteredInstance[] {
    return this.#known;
  }

  /** For how long the registry has not answered, in ms; 0 while it does. */
  get staleMs(): number {
    return this.#watch.staleMs;
  }

  /** Whether too few are healthy, so that all that are up are used. */
  get panicking(): boolean {
    const [up, healthy] = this.#health();
    return healthy.length < up.length && healthy.length < this.#rules.panicRatio * up.length;
  }

  /**
   * Those to call: that are up and healthy, and whose leases have not ended. All that are up when that is too
   * small a share of them.
   */
  usable(): readonly RegisteredInstance[] {
    const [up, healthy] = this.#health();
    return healthy.length < this.#rules.panicRatio * up.length ? up : healthy;
  }

  on<Name extends keyof ServiceWatcherEvents>(
    event: Name,
    listener: Listener<ServiceWatcherEvents[Name]>,
  ): () => void {
    return this.#emitter.on(event, listener);
  }

  /** What it knows. */
  snapshot(): ServiceWatcherSnapshot {
    const { service, staleMs, panicking } = this;
    const counts = { instances: this.#known.length, suspects: this.#suspects.size };
    const usable = this.usable().length;
    return { service, revision: this.#revision ?? null, ...counts, usable, panicking, staleMs };
  }

  /** Ends the watch. What is known stays as it is. */
  close(): void {
    this.#timer?.cancel();
    this.#watch.close();
    this.#settleReady.reject(new Error(`ServiceWatcher: closed before ${this.service} was heard of`));
  }

  /** As `close()`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #health(): [up: readonly RegisteredInstance[], healthy: readonly RegisteredInstance[]] {
    const isHealthy = this.#isHealthy;
    return [this.#up, isHealthy === undefined ? this.#sound : this.#sound.filter(each => isHealthy(each))];
  }

  #heed({ instances, removed, revision }: ServiceChange): void {
    const before = this.#there;
    this.#there = instances.filter(this.#matches);
    this.#revision = revision;
    for (const { id } of this.#there) this.#suspects.delete(id);
    this.#suspect(removed.filter(this.#matches), before.length);
    this.#show();
    this.#settleReady.resolve();
  }

  #suspect(removed: readonly RegisteredInstance[], before: number): void {
    const { suspectRatio, suspectFrom, suspectMs } = this.#rules;
    // One that has said that it goes is believed.
    const silent = removed.filter(({ status }) => status !== 'draining' && status !== 'down');
    if (before < suspectFrom || silent.length <= suspectRatio * before) return;
    if (this.#suspects.size + silent.length > MOST_SUSPECTS) return;
    const until = this.#clock.now() + suspectMs;
    const kept = silent.map(instance => Object.freeze({ ...instance, preserved: true }));
    for (const instance of kept) this.#suspects.set(instance.id, { instance, until });
    this.#emitter.emit('suspected', { instances: kept, at: this.#clock.wall() });
    this.#await();
  }

  /** Those whose time is over go. They came in order, and all with the same time. */
  #await(): void {
    this.#timer?.cancel();
    const [first] = this.#suspects.values();
    if (first === undefined) return;
    this.#timer = this.#clock.schedule(first.until - this.#clock.now(), () => {
      const now = this.#clock.now();
      for (const [id, { until }] of this.#suspects) if (until <= now) this.#suspects.delete(id);
      this.#show();
      this.#await();
    });
  }

  #show(): void {
    const suspects = [...this.#suspects.values()].map(({ instance }) => instance);
    this.#known = Object.freeze([...this.#there, ...suspects]);
    this.#up = Object.freeze(this.#known.filter(({ status }) => status === 'up'));
    this.#sound = Object.freeze(this.#up.filter(({ preserved }) => !preserved));
    if (!this.#emitter.has('changed')) return;
    this.#emitter.emit('changed', { instances: this.#known, at: this.#clock.wall() });
  }
}
