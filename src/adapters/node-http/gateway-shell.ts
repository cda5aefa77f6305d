import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { GatewayEvents } from '../../gateway/gateway-events.js';
import type { GatewayFront } from '../../gateway/gateway-front.js';
import type { GatewayAnswer } from '../../gateway/problem.js';
import type { Emitter } from '../../kernel/events.js';
import type { DueTimer } from '../../resilience/due-timer.js';
import type { UpstreamEngine } from './upstream-engine.js';

/** A request that is not over. */
export interface OpenExchange {
  readonly socket: Socket;
  /** What has come of it is no HTTP any more. */
  refuse(answer: GatewayAnswer): void;
  /** Ends it now, as it is. */
  cut(): void;
}

/** What a request needs of the gateway that it came to. */
export interface GatewayShell {
  readonly front: GatewayFront;
  readonly engine: UpstreamEngine;
  readonly events: Emitter<GatewayEvents> | undefined;
  readonly due: DueTimer<() => void>;
  readonly closing: boolean;
  readonly inFlight: number;
  /** Connections of which nothing more is taken: what comes next on them may be anything. */
  readonly doomed: WeakSet<Socket>;
  /** Connections that speak another protocol now. */
  readonly tunnels: Set<Duplex>;
  ended(exchange: OpenExchange): void;
  /** Hands an interim answer on. */
  inform(response: ServerResponse, status: number, fields: readonly string[]): void;
}
