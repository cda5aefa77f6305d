import type { RegistryStore, StorePosition, StoreView } from '../../discovery/registry-store.js';
import type { RegisteredInstance, ServiceInstance } from '../../discovery/service-instance.js';
import { StoredRegistry } from '../../discovery/stored-registry.js';
import { type Clock, systemClock } from '../../kernel/clock.js';
import { type Demand, type Law, law } from '../law.js';

/** A store of instances to be checked, in which there is nothing yet. */
export interface RegistrySubject {
  /** The store. */
  readonly store: RegistryStore;
  /** Another one over the same instances, as another process has it. @default `store` itself */
  readonly other?: RegistryStore;
  /** Lets so much time pass, for the store: moves its clock, or sleeps. */
  readonly advance: (ms: number) => Promise<void>;
  /** The clock for what is built over it. @default systemClock */
  readonly clock?: Clock;
  /** The shortest lease that it keeps to, in ms: laws wait for its end. @default 200 */
  readonly shortMs?: number;
  /** Lets go of it, after each law. */
  readonly close?: () => Promise<void>;
}

/** Makes an empty store, anew for each law. */
export type MakeRegistry = () => RegistrySubject | Promise<RegistrySubject>;

/** A law of a store of instances. */
export interface RegistryLaw extends Law {
  /** What to call it by: its chapter and a word. */
  readonly id: string;
}

/** A law, to be checked on a scene of its own. */
export interface RegistrySceneLaw {
  readonly id: string;
  /** A sentence in the present tense: what a store that keeps it has proved. */
  readonly proves: string;
  readonly check: (scene: RegistryScene, demand: Demand) => Promise<void>;
}

/** Longer than any law takes. */
export const LONG = 3_600_000;
const DEFAULT_SHORT_MS = 200;
/** How often, and how much later each time, it is looked whether something has come. */
const LOOKS = 200;
const LOOK_MS = 20;

/** What a law does with a store, in fewer words. */
export class RegistryScene {
  readonly store: RegistryStore;
  readonly other: RegistryStore;
  readonly advance: (ms: number) => Promise<void>;
  readonly shortMs: number;
  readonly demand: Demand;
  readonly #clock: Clock;
  readonly #open: StoredRegistry[] = [];

  constructor(subject: RegistrySubject, demand: Demand) {
    this.store = subject.store;
    this.other = subject.other ?? subject.store;
    this.advance = subject.advance;
    this.shortMs = subject.shortMs ?? DEFAULT_SHORT_MS;
    this.#clock = subject.clock ?? systemClock;
    this.demand = demand;
  }

  /** An instance of `cart`, unless a law says otherwise. */
  instance(id: string, fields: Partial<ServiceInstance> = {}): ServiceInstance {
    return {
      ...{ service: 'cart', id, address: `10.0.0.1:${8_000 + id.length}`, version: '1.2.3', zone: 'z1' },
      ...{ weight: 1, tags: ['blue'], metadata: { build: '7' }, status: 'up' },
      ...fields,
    };
  }

  /** Registers it for long. */
  async put(id: string, incarnation = 1, fields: Partial<ServiceInstance> = {}): Promise<void> {
    const answer = await this.store.register(this.instance(id, fields), incarnation, LONG);
    this.demand(answer.kind === 'registered', `${id} to be registered`, answer);
  }

  /** Registers it for as short as can be. */
  async putShort(id: string, incarnation = 1): Promise<void> {
    const answer = await this.store.register(this.instance(id), incarnation, this.shortMs);
    this.demand(answer.kind === 'registered', `${id} to be registered`, answer);
  }

  renew(id: string, incarnation = 1, ttlMs = LONG): Promise<string> {
    return this.store.renew({ service: 'cart', id }, incarnation, ttlMs);
  }

  deregister(id: string, incarnation: number | undefined): Promise<string> {
    return this.store.deregister({ service: 'cart', id }, incarnation);
  }

  /** What there is of a service, as another process sees it. */
  async read(since?: StorePosition, service = 'cart'): Promise<StoreView> {
    return this.other.read(service, since);
  }

  async there(service = 'cart'): Promise<readonly RegisteredInstance[]> {
    const view = await this.read(undefined, service);
    this.demand(view.kind === 'all', 'all of it to whoever has read nothing', view.kind);
    return view.kind === 'all' ? view.instances : [];
  }

  /** The ids that are there, in order. */
  async ids(service = 'cart'): Promise<string> {
    return (await this.there(service))
      .map(({ id }) => id)
      .sort()
      .join(' ');
  }

  async expect(ids: string, what: string): Promise<void> {
    const got = await this.ids();
    this.demand(got === ids, what, got);
  }

  /** A registry over the store, or over the other one; closed when the law is over. */
  registry(store = this.store): StoredRegistry {
    const registry = new StoredRegistry(store, { clock: this.#clock });
    this.#open.push(registry);
    return registry;
  }

  /** Lets time pass until something holds, for so long at the most. */
  async until(holds: () => boolean | Promise<boolean>, what: string, got: () => unknown): Promise<void> {
    for (let looks = 0; looks < LOOKS; looks++) {
      if (await holds()) return;
      await this.advance(LOOK_MS);
    }
    this.demand(false, what, got());
  }

  /** Lets a lease of `shortMs` end. */
  async outlive(): Promise<void> {
    await this.advance(this.shortMs + LOOK_MS);
  }

  async clear(): Promise<void> {
    const closing = this.#open.map(registry => registry.close());
    let closed = false;
    const all = Promise.all(closing).then(() => {
      closed = true;
    });
    while (!closed) await this.advance(LOOK_MS);
    await all;
  }
}

/** The law for one store, which is closed whatever comes. */
export function onRegistryScene(make: MakeRegistry, { id, proves, check }: RegistrySceneLaw): RegistryLaw {
  const checked = law(`${id}: ${proves}`, async demand => {
    const subject = await make();
    const scene = new RegistryScene(subject, demand);
    try {
      await check(scene, demand);
    } finally {
      await scene.clear();
      await subject.close?.();
    }
  });
  return { id, ...checked };
}
