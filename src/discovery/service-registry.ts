import type { Listener } from '../kernel/events.js';
import type { InstanceQuery } from './instance-query.js';
import type { NewInstance, RegisteredInstance, ServiceInstance } from './service-instance.js';

/** How an instance is kept in a registry. */
export interface RegisterOptions {
  /** How long the registry believes that it is there without a word of it, in ms. @default 30000 */
  readonly ttlMs?: number;
  /** How often it says that it is there, in ms; at most half of `ttlMs`. @default a third of `ttlMs` */
  readonly heartbeatMs?: number;
  /** So much of `heartbeatMs` is left out by chance, each time anew, from 0 to 0.9. @default 0.2 */
  readonly jitterRatio?: number;
  /**
   * How long it is there as `draining` before it is taken out, in ms, when it is closed: until then who has
   * not heard of it may still come. @default 5000
   */
  readonly drainMs?: number;
  /**
   * Which life of the instance this is: of two with one id the greater has it. Where it is left out, it is
   * the time, or one more than that of whoever went by this id before.
   * @default the time, in epoch ms
   */
  readonly incarnation?: number;
}

/** What stands of an instance with its registry. */
export type RegistrationState = 'registering' | 'registered' | 'lost' | 'superseded' | 'closing' | 'closed';

/** What may change of an instance while it is registered. */
export type InstanceChanges = Partial<
  Pick<ServiceInstance, 'status' | 'weight' | 'zone' | 'tags' | 'metadata' | 'version' | 'address'>
>;

/** What can be listened to at a registration. */
export interface RegistrationEvents {
  /** The registry has it; `again`: it had forgotten it, or did not answer for as long as the lease was. */
  readonly registered: { readonly incarnation: number; readonly again: boolean; readonly at: number };
  /** A call to the registry failed; it is tried again. */
  readonly failed: { readonly error: unknown; readonly at: number };
  /** No word has reached the registry for `ttlMs`: it has to be believed that nobody finds it any more. */
  readonly lost: { readonly error: unknown; readonly at: number };
  /** Another one has its id, or somebody has deregistered it: it says no more. */
  readonly superseded: { readonly incarnation: number; readonly at: number };
}

/**
 * An instance that is registered. It says by itself that it is there until it is closed, and registers itself
 * again where it was forgotten, however long the registry was away.
 */
export interface Registration {
  /** The instance, as it is now. */
  readonly instance: ServiceInstance;
  /** Which life of it this is; each change is another. */
  readonly incarnation: number;
  /** What stands of it. */
  readonly state: RegistrationState;
  /**
   * Resolves when the registry has it. Rejects with `ERR_SUPERSEDED`, `ERR_REGISTRY_FULL`, or
   * `ERR_REGISTRY_CLOSED` when it was closed before.
   */
  readonly ready: Promise<void>;
  /**
   * Changes it; resolves when the registry knows.
   * @throws InvalidInstanceError when it would not be an instance any more.
   */
  update(changes: InstanceChanges): Promise<void>;
  /** `update({ status: 'draining' })`: it takes no new calls. */
  drain(): Promise<void>;
  /**
   * Drains it, waits, and deregisters it. Never rejects: where the registry does not answer, the lease ends
   * by itself.
   */
  close(options?: { readonly drainMs?: number }): Promise<void>;
  /** Listens to one event; the function returned stops it. */
  on<Name extends keyof RegistrationEvents>(
    event: Name,
    listener: Listener<RegistrationEvents[Name]>,
  ): () => void;
  /** As `close()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * What has changed of a service, and what is there now. The first one of a watch has all that is there as
 * `added`. Each leads from `previous` to `revision`, and `previous` is what the one before led to: there is
 * no gap. A watcher that is slow gets what happened meanwhile as one.
 */
export interface ServiceChange {
  /** The service. */
  readonly service: string;
  /** What it leads to. It goes up, except after a `resync`. */
  readonly revision: number;
  /** What it leads from; `undefined` for the first. */
  readonly previous: number | undefined;
  /** Whether the registry began anew, so that it was found out by comparison what has changed. */
  readonly resync: boolean;
  /** Those that were not there. */
  readonly added: readonly RegisteredInstance[];
  /** Those that are not there any more, as they were. */
  readonly removed: readonly RegisteredInstance[];
  /** Those that are there in another way, as they are now. */
  readonly changed: readonly RegisteredInstance[];
  /** All that are there now. */
  readonly instances: readonly RegisteredInstance[];
}

/** Gets the changes of a service. While what it returns is pending it is not called again. */
// biome-ignore lint/suspicious/noConfusingVoidType: a listener that returns nothing, or a promise.
export type ChangeListener = (change: ServiceChange) => void | PromiseLike<unknown>;

/** A watch over one service: to be read with `for await`, or by the listener it was given. */
export interface ServiceWatch extends AsyncIterableIterator<ServiceChange, undefined> {
  /** The service. */
  readonly service: string;
  /** How long ago the store last answered, in ms, while it does not; 0 while it does. */
  readonly staleMs: number;
  /** Why the store does not answer; `undefined` while it does. */
  readonly error: unknown;
  /** Ends it: `next()` answers that it is done. */
  close(): void;
  /** As `close()`. */
  return(): Promise<IteratorResult<ServiceChange, undefined>>;
  /** As `close()`. */
  [Symbol.dispose](): void;
  /** As `close()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** How a watch is told of what it has to know besides the changes. */
export interface WatchOptions {
  /** Called with each change, in place of reading the watch. What it throws is reported on the console. */
  readonly onChange?: ChangeListener;
  /** Called when the store answers no more, and when it answers again. */
  readonly onContact?: (contact: { readonly lost: boolean; readonly error: unknown }) => void;
  /** Ends the watch. */
  readonly signal?: AbortSignal;
}

/** Knows which instances of a service there are, and takes none: what a caller needs of a registry. */
export interface ServiceDirectory {
  /** Shown in errors. */
  readonly name: string;
  /**
   * The instances of a service, as the store has them now.
   *
   * @throws RegistryUnavailableError when it does not answer.
   */
  instances(query: InstanceQuery | string): Promise<readonly RegisteredInstance[]>;
  /**
   * Watches a service, which need not be there. It does not end by itself, whatever becomes of the store.
   *
   * @throws RegistryFullError where there are as many watches as there may be.
   * @throws RegistryClosedError when it is closed.
   */
  watch(service: string, options?: WatchOptions | ChangeListener): ServiceWatch;
  /**
   * The names of the services that have instances.
   *
   * @throws RegistryUnavailableError when the store does not answer.
   */
  services(): Promise<readonly string[]>;
  /** Closes all registrations, then all watches. What the caller made, such as a client, stays open. */
  close(): Promise<void>;
  /** As `close()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Knows which instances of a service there are, and takes those that register. */
export interface ServiceRegistry extends ServiceDirectory {
  /**
   * Registers an instance, for as long as the registration is not closed.
   *
   * @throws InvalidInstanceError, TypeError or RangeError that names the field, the rule and the value.
   * @throws RegistryFullError where it has as many registrations as it may.
   * @throws RegistryClosedError when it is closed.
   */
  register(instance: NewInstance, options?: RegisterOptions): Registration;
  /**
   * Takes an instance out, whoever registered it: it does not come back by itself. Whether it was there.
   *
   * @throws RegistryUnavailableError when the store does not answer.
   */
  deregister(service: string, id: string): Promise<boolean>;
}
