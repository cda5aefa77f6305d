export { type JetStreamOptions, jetStream } from './adapters/nats/jetstream.js';
export type { JetStreamCapabilities } from './adapters/nats/jetstream-capabilities.js';
export { type NatsRegistryOptions, natsRegistry } from './adapters/nats/registry.js';
export type { NatsRegistryStoreOptions } from './adapters/nats/registry-options.js';
export { natsRegistryStore } from './adapters/nats/registry-store.js';
