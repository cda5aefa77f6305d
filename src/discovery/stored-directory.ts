import type { InstanceQuery } from './instance-query.js';
import type { RegistryStore } from './registry-store.js';
import type { RegisteredInstance } from './service-instance.js';
import type { ChangeListener, ServiceDirectory, ServiceWatch, WatchOptions } from './service-registry.js';
import { type DirectoryOptions, StoredRegistry } from './stored-registry.js';

/** What a directory reads: the half of a `RegistryStore` that changes nothing. */
export type DirectoryStore = Pick<RegistryStore, 'pollMs' | 'read' | 'services' | 'follow' | 'close'>;

const refuse = (): Promise<never> => Promise.reject(new TypeError('nobody registers in a directory'));

/** A directory over a store: watches and what they need, as a registry has them. */
export class StoredDirectory implements ServiceDirectory {
  readonly name: string;
  readonly #registry: StoredRegistry;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(store: DirectoryStore, options: DirectoryOptions = {}) {
    const whole: RegistryStore = {
      pollMs: store.pollMs,
      register: refuse,
      renew: refuse,
      deregister: refuse,
      read: (service, since) => store.read(service, since),
      services: () => store.services(),
      follow: hint => store.follow?.(hint) ?? (() => {}),
      close: async () => store.close?.(),
    };
    this.#registry = new StoredRegistry(whole, options);
    this.name = this.#registry.name;
  }

  instances(query: InstanceQuery | string): Promise<readonly RegisteredInstance[]> {
    return this.#registry.instances(query);
  }

  watch(service: string, options?: WatchOptions | ChangeListener): ServiceWatch {
    return this.#registry.watch(service, options);
  }

  services(): Promise<readonly string[]> {
    return this.#registry.services();
  }

  close(): Promise<void> {
    return this.#registry.close();
  }

  /** As `close()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
