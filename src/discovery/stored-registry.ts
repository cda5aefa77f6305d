import { type Clock, systemClock } from '../kernel/clock.js';
import { onAbort } from '../kernel/on-abort.js';
import { checkKeys, checkNumber, given, refuse } from '../kernel/options.js';
import { newId, type Random, systemRandom } from '../kernel/random.js';
import { answerInTime } from './answer-in-time.js';
import { type InstanceQuery, readQuery } from './instance-query.js';
import { checkInstance, checkService } from './instance-rules.js';
import { HeldRegistration } from './registration.js';
import { checkRegister } from './registration-rules.js';
import { RegistryClosedError, RegistryFullError, unavailable } from './registry-errors.js';
import type { RegistryStore } from './registry-store.js';
import { type FeedParts, ServiceFeed } from './service-feed.js';
import type { NewInstance, RegisteredInstance } from './service-instance.js';
import type {
  ChangeListener,
  RegisterOptions,
  Registration,
  ServiceRegistry,
  ServiceWatch,
  WatchOptions,
} from './service-registry.js';
import { HeldWatch } from './service-watch.js';

/** How a directory over a store is made. */
export interface DirectoryOptions {
  /** Shown in errors. @default 'registry' */
  readonly name?: string;
  /** So many watches at a time. @default 10000 */
  readonly maxWatches?: number;
  /** How long the store may take to answer, in ms. @default 5000 */
  readonly answerTimeoutMs?: number;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
  /** The source of chance, for jitter. @default systemRandom */
  readonly random?: Random;
}

/** How a registry over a store is made. */
export interface RegistryOptions extends DirectoryOptions {
  /** So many registrations at a time. @default 1000 */
  readonly maxRegistrations?: number;
  /** The largest metadata of one instance, names and values together, in bytes. @default 4096 */
  readonly maxMetadataBytes?: number;
}

/** What stands where an option was left out. */
export const registryDefaults: Required<Omit<RegistryOptions, 'clock' | 'random'>> =
  /* @__PURE__ */ Object.freeze({
    name: 'registry',
    maxRegistrations: 1_000,
    maxWatches: 10_000,
    maxMetadataBytes: 4_096,
    answerTimeoutMs: 5_000,
  });

/** The options that every registry has. */
export const registryOptions: readonly string[] = [
  ...['name', 'maxRegistrations', 'maxWatches', 'maxMetadataBytes', 'answerTimeoutMs', 'clock', 'random'],
];

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function checkRegistry(owner: string, options: RegistryOptions): Required<RegistryOptions> {
  checkKeys(owner, options, registryOptions);
  const all = { clock: systemClock, random: systemRandom, ...registryDefaults, ...given(options) };
  const most = { max: 2 ** 30, integer: true };
  checkNumber(owner, 'maxRegistrations', all.maxRegistrations, { min: 1, ...most });
  checkNumber(owner, 'maxWatches', all.maxWatches, { min: 1, ...most });
  checkNumber(owner, 'maxMetadataBytes', all.maxMetadataBytes, { min: 0, ...most });
  checkNumber(owner, 'answerTimeoutMs', all.answerTimeoutMs, { min: 1, max: 2 ** 40 });
  return all;
}

/**
 * A registry over a store: heartbeats, watches and what they need, the same for every store. An adapter
 * writes a {@link RegistryStore} and has a registry.
 */
export class StoredRegistry implements ServiceRegistry {
  readonly name: string;
  readonly #store: RegistryStore;
  readonly #rules: Required<RegistryOptions>;
  readonly #parts: FeedParts;
  readonly #registrations = new Set<Registration>();
  readonly #feeds = new Map<string, ServiceFeed>();
  #watches = 0;
  #unfollow: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(store: RegistryStore, options: RegistryOptions = {}) {
    const owner = 'StoredRegistry';
    if (typeof store?.register !== 'function' || typeof store.read !== 'function') {
      refuse(owner, 'store', 'a RegistryStore', store);
    }
    this.#store = store;
    this.#rules = checkRegistry(owner, options);
    this.name = this.#rules.name;
    const { clock, random, answerTimeoutMs: answerMs } = this.#rules;
    this.#parts = { registry: this.name, store, clock, random, answerMs };
  }

  register(instance: NewInstance, options: RegisterOptions = {}): Registration {
    const rules = checkRegister(options);
    const { maxMetadataBytes, maxRegistrations, clock, random } = this.#rules;
    const named = { ...instance, id: instance?.id ?? newId() };
    const checked = checkInstance(named, maxMetadataBytes);
    if (this.#closing !== undefined) throw new RegistryClosedError(this.name);
    if (this.#registrations.size >= maxRegistrations) {
      throw new RegistryFullError(this.name, 'maxRegistrations', maxRegistrations);
    }
    const onClosed = (over: Registration): void => void this.#registrations.delete(over);
    const own = { registry: this.name, store: this.#store, clock, random, maxMetadataBytes, onClosed };
    const registration = new HeldRegistration(own, checked, rules);
    this.#registrations.add(registration);
    return registration;
  }

  async instances(query: InstanceQuery | string): Promise<readonly RegisteredInstance[]> {
    const { service, matches } = readQuery('instances', query);
    const view = await this.#ask('read', () => this.#store.read(service, undefined));
    return view.kind === 'all' ? view.instances.filter(matches) : [];
  }

  services(): Promise<readonly string[]> {
    return this.#ask('services', () => this.#store.services());
  }

  async deregister(service: string, id: string): Promise<boolean> {
    checkService(service);
    const ask = () => this.#store.deregister({ service, id }, undefined);
    return (await this.#ask('deregister', ask)) === 'removed';
  }

  watch(service: string, options: WatchOptions | ChangeListener = {}): ServiceWatch {
    const owner = 'watch';
    const own: WatchOptions = typeof options === 'function' ? { onChange: options } : options;
    checkKeys(owner, own, ['onChange', 'onContact', 'signal']);
    const { onChange, onContact, signal } = own;
    for (const [name, listener] of Object.entries({ onChange, onContact })) {
      if (listener !== undefined && typeof listener !== 'function')
        refuse(owner, name, 'a function', listener);
    }
    checkService(service);
    if (this.#closing !== undefined) throw new RegistryClosedError(this.name);
    const { maxWatches } = this.#rules;
    if (this.#watches >= maxWatches) throw new RegistryFullError(this.name, 'maxWatches', maxWatches);
    const feed = this.#feedOf(service);
    let off: (() => void) | undefined;
    const watch = new HeldWatch(feed, own, ended => {
      off?.();
      this.#end(feed, ended);
    });
    this.#watches++;
    feed.add(watch);
    if (signal?.aborted) watch.close();
    else off = signal && onAbort(signal, () => watch.close());
    return watch;
  }

  /** How many of each it holds. */
  snapshot(): { readonly registrations: number; readonly watches: number; readonly services: number } {
    return { registrations: this.#registrations.size, watches: this.#watches, services: this.#feeds.size };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** As `close()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#registrations].map(registration => registration.close()));
    const closed = new RegistryClosedError(this.name);
    for (const feed of [...this.#feeds.values()]) feed.end(closed);
    await this.#store.close?.();
  }

  #feedOf(service: string): ServiceFeed {
    let feed = this.#feeds.get(service);
    if (feed === undefined) {
      feed = new ServiceFeed(service, this.#parts);
      this.#feeds.set(service, feed);
      this.#unfollow ??= this.#store.follow?.(changed => this.#hint(changed));
    }
    return feed;
  }

  #hint(service: string | undefined): void {
    if (service !== undefined) this.#feeds.get(service)?.poke();
    else for (const feed of this.#feeds.values()) feed.poke();
  }

  #end(feed: ServiceFeed, watch: HeldWatch): void {
    this.#watches--;
    feed.remove(watch);
    if (feed.watches > 0) return;
    feed.close();
    this.#feeds.delete(feed.service);
    if (this.#feeds.size > 0) return;
    this.#unfollow?.();
    this.#unfollow = undefined;
  }

  async #ask<T>(what: string, call: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw new RegistryClosedError(this.name);
    const { clock, answerTimeoutMs } = this.#rules;
    try {
      return await answerInTime(clock, answerTimeoutMs, `${this.name}: ${what}`, call);
    } catch (error) {
      throw unavailable(this.name, what, error);
    }
  }
}
