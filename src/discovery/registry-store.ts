import type { RegisteredInstance, ServiceInstance } from './service-instance.js';

/**
 * What became of a registration. `stale`: a greater incarnation is known, or this one was ended. `full`: no
 * room is left of what the option of this name bounds.
 */
export type RegisterAnswer =
  | { readonly kind: 'registered' }
  | { readonly kind: 'stale'; readonly incarnation: number }
  | { readonly kind: 'full'; readonly option: string; readonly limit: number };

/** How far somebody has read of a service. */
export interface StorePosition {
  /** Changes when a store has lost what it held, and begins anew. */
  readonly epoch: string;
  /** Goes up with every change of the service. */
  readonly revision: number;
}

/** The instances of a service: all of them, or what has changed since a position; `same` when nothing has. */
export type StoreView = StorePosition &
  (
    | { readonly kind: 'same' }
    | { readonly kind: 'all'; readonly instances: readonly RegisteredInstance[] }
    | {
        readonly kind: 'changes';
        readonly put: readonly RegisteredInstance[];
        readonly removed: readonly string[];
      }
  );

/** An instance, by the names it has. */
export interface InstanceKey {
  /** The service. */
  readonly service: string;
  /** The id, within the service. */
  readonly id: string;
}

/**
 * Holds instances under leases: what an adapter implements, and `StoredRegistry` makes a registry of. Each
 * method is atomic. One that rejects may have had its effect; all of them are safe to repeat.
 *
 * A lease is over at exactly its end, by the clock of the store: whoever asks afterwards does not see it. Of
 * one id the greatest incarnation that ever asked has its way. What was deregistered with an incarnation does
 * not come back with that one or a smaller, for at least as long as a message may be under way.
 */
export interface RegistryStore {
  /** How often to look for changes, in ms; what is told of in time may be `Infinity`. */
  readonly pollMs: number;
  /** Takes an instance until `ttlMs` from now, or changes it. */
  register(instance: ServiceInstance, incarnation: number, ttlMs: number): Promise<RegisterAnswer>;
  /** Makes its lease end `ttlMs` from now. `unknown`: it has to be registered again. */
  renew(key: InstanceKey, incarnation: number, ttlMs: number): Promise<'renewed' | 'unknown' | 'stale'>;
  /** Takes it out: this incarnation of it, or whichever is there where none is named. */
  deregister(key: InstanceKey, incarnation: number | undefined): Promise<'removed' | 'unknown' | 'stale'>;
  /** The instances of a service; what has changed since `since`, where the store knows. */
  read(service: string, since: StorePosition | undefined): Promise<StoreView>;
  /** The services that have instances, in the order of their names. */
  services(): Promise<readonly string[]>;
  /**
   * Calls `hint` when something has changed, of one service, or of any where none is named; until what it
   * answers is called. A hint may come late, twice, or not at all.
   */
  follow?(hint: (service: string | undefined) => void): () => void;
  /** Lets go of what it holds; what the caller made stays. */
  close?(): Promise<void>;
}
