export type { EtcdCredentials, EtcdRegistryStoreOptions } from './adapters/etcd/etcd-options.js';
export { type EtcdRegistryOptions, etcdRegistry } from './adapters/etcd/registry.js';
export { etcdRegistryStore } from './adapters/etcd/registry-store.js';
