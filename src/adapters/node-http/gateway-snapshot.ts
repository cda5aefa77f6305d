import type { MirrorSnapshot } from './mirrors.js';

/** How a gateway stands. */
export interface GatewaySnapshot {
  /** Its option of that name. */
  readonly name: string;
  /** Requests under way, tunnels not counted. */
  readonly inFlight: number;
  /** Connections that speak another protocol now. */
  readonly tunnels: number;
  /** Copies of requests. */
  readonly mirrors: MirrorSnapshot;
  /** Whether it takes no more. */
  readonly closing: boolean;
}
