import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { GatewayAnswer } from '../../gateway/problem.js';
import type { GatewayCore } from './gateway-core.js';
import type { Mirrors } from './mirrors.js';
import type { ResponseCache } from './response-cache.js';
import type { Sending } from './sending.js';
import type { Tunnel } from './tunnel.js';

/** A request that is not over. */
export interface OpenExchange {
  readonly socket: Socket;
  readonly sending: Sending;
  /** What has come of it is no HTTP any more. */
  refuse(answer: GatewayAnswer): void;
  /** Ends it now, as it is. */
  cut(): void;
  /** Its connection is at its end. */
  closed(): void;
}

/** What a request needs of the gateway that it came to. */
export interface GatewayShell extends GatewayCore {
  readonly closing: boolean;
  readonly inFlight: number;
  /** Connections of which nothing more is taken: what comes next on them may be anything. */
  readonly doomed: WeakSet<Socket>;
  /** Connections that speak another protocol now. */
  readonly tunnels: Set<Tunnel>;
  readonly mirrors: Mirrors;
  readonly cache: ResponseCache;
  ended(exchange: OpenExchange): void;
  /** Hands an interim answer on. */
  inform(response: ServerResponse, status: number, fields: readonly string[]): void;
}
