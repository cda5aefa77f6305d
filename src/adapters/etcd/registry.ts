import type { ServiceRegistry } from '../../discovery/service-registry.js';
import { type RegistryOptions, StoredRegistry } from '../../discovery/stored-registry.js';
import { given } from '../../kernel/options.js';
import { type EtcdRegistryStoreOptions, isEtcdOption } from './etcd-options.js';
import { etcdRegistryStore } from './registry-store.js';

/** How a registry over etcd is made. */
export interface EtcdRegistryOptions extends EtcdRegistryStoreOptions, Omit<RegistryOptions, 'clock'> {}

/**
 * A service registry in etcd 3.4 or later, for all processes that reach it. It needs no client: it speaks to
 * the JSON gateway that each member has, over connections of its own, which `close()` ends.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 *
 * @example
 * ```ts
 * import { etcdRegistry } from 'keelson/etcd';
 *
 * const registry = etcdRegistry({ endpoints: ['http://10.0.0.5:2379', 'http://10.0.0.6:2379'] });
 * const cart = registry.register({ service: 'cart', address: 'http://10.0.0.5:8080' });
 * await cart.ready;
 * ```
 */
export function etcdRegistry(options: EtcdRegistryOptions): ServiceRegistry {
  const entries = Object.entries(options ?? {});
  const isOwn = ([name]: readonly [string, unknown]): boolean => isEtcdOption(name);
  const own = Object.fromEntries(entries.filter(isOwn)) as unknown as EtcdRegistryStoreOptions;
  const rest = Object.fromEntries(entries.filter(entry => !isOwn(entry))) as RegistryOptions;
  const clock = given({ clock: own?.clock }) as Pick<RegistryOptions, 'clock'>;
  return new StoredRegistry(etcdRegistryStore(own), { name: 'etcd', ...rest, ...clock });
}
