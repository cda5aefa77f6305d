import type { ServiceRegistry } from '../../discovery/service-registry.js';
import { type RegistryOptions, StoredRegistry } from '../../discovery/stored-registry.js';
import { given } from '../../kernel/options.js';
import { isNatsRegistryOption, type NatsRegistryStoreOptions } from './registry-options.js';
import { natsRegistryStore } from './registry-store.js';

/** How a registry over NATS is made. */
export interface NatsRegistryOptions extends NatsRegistryStoreOptions, Omit<RegistryOptions, 'clock'> {}

/**
 * A service registry in a key-value bucket of NATS, server 2.9 or later with JetStream, for all processes
 * that reach it. What the server forgets its instances register again at their next heartbeat.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 *
 * @example
 * ```ts
 * import { natsRegistry } from 'keelson/nats';
 * import { connect } from '@nats-io/transport-node';
 *
 * const client = await connect({ servers: 'nats.example', maxReconnectAttempts: -1 });
 * const registry = natsRegistry({ client });
 * const cart = registry.register({ service: 'cart', address: 'http://10.0.0.5:8080' });
 * await cart.ready;
 * ```
 */
export function natsRegistry(options: NatsRegistryOptions): ServiceRegistry {
  const entries = Object.entries(options ?? {});
  const isOwn = ([name]: readonly [string, unknown]): boolean => isNatsRegistryOption(name);
  const own = Object.fromEntries(entries.filter(isOwn)) as unknown as NatsRegistryStoreOptions;
  const rest = Object.fromEntries(entries.filter(entry => !isOwn(entry))) as RegistryOptions;
  const clock = given({ clock: own.clock }) as Pick<RegistryOptions, 'clock'>;
  return new StoredRegistry(natsRegistryStore(own), { name: 'nats', ...rest, ...clock });
}
