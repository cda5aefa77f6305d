export { type DnsDirectoryOptions, type DnsPlace, dnsDirectory } from './adapters/node/dns-directory.js';
export { type FileDirectoryOptions, fileDirectory } from './adapters/node/file-directory.js';
export { type HttpRegistryOptions, httpRegistry } from './adapters/node/http-registry.js';
export {
  type RegistryServer,
  type ServeRegistryOptions,
  serveRegistry,
} from './adapters/node/registry-server.js';
export { type TcpCheckOptions, tcpCheck } from './adapters/node/tcp-check.js';
