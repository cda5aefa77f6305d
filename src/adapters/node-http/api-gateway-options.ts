import type { TlsOptions } from 'node:tls';
import { type GatewayOptions, gatewayDefaults } from '../../gateway/gateway-options.js';
import { type ServerLimits, serverLimits } from './server-limits.js';
import type { UpstreamEngine } from './upstream-engine.js';

/** How a gateway on `node:http` is set up. */
export interface ApiGatewayOptions extends GatewayOptions {
  /** What speaks to upstreams. @default a new HttpEngine */
  readonly engine?: UpstreamEngine;
  /** What the server of `listen` takes of its clients. @default those of `ServerLimits` */
  readonly limits?: ServerLimits;
  /** Key and certificate, for a server that speaks TLS. @default plain HTTP */
  readonly tls?: TlsOptions;
  /** Whether `listen` speaks HTTP/2 as well, which needs `tls`. @default false */
  readonly http2?: boolean;
}

/** What stands where an option was left out. */
export const apiGatewayDefaults = /* @__PURE__ */ Object.freeze({
  ...gatewayDefaults,
  http2: false,
  'limits.headersTimeoutMs': serverLimits.headersTimeoutMs,
  'limits.requestTimeoutMs': serverLimits.requestTimeoutMs,
  'limits.keepAliveTimeoutMs': serverLimits.keepAliveTimeoutMs,
  'limits.sendTimeoutMs': serverLimits.sendTimeoutMs,
  'limits.maxConnections': serverLimits.maxConnections,
  'limits.maxRequestsPerConnection': serverLimits.maxRequestsPerConnection,
  'limits.maxStreamsPerConnection': serverLimits.maxStreamsPerConnection,
});

/** Where a gateway listens. */
export interface GatewayListenOptions {
  /** 0 for any that is free. */
  readonly port: number;
  /** The address, or its name. @default all addresses */
  readonly host?: string;
}

/** How a gateway is closed. */
export interface CloseOptions {
  /** How long requests under way may still take, in ms; then they are cut off. @default 10_000 */
  readonly graceMs?: number;
  /**
   * How long WebSockets may still take, in ms: their clients are told at once that the server goes away
   * (1001); those that are still there then are cut off.
   * @default half of graceMs
   */
  readonly tunnelGraceMs?: number;
}
