import type { CacheSnapshot } from './cache-ask.js';
import type { GatewayShell } from './gateway-shell.js';
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
  /** Answers that routes keep. */
  readonly cache: CacheSnapshot;
  /** Whether it takes no more. */
  readonly closing: boolean;
}

/** How a gateway stands now. */
export function snapshotOf({
  front,
  inFlight,
  tunnels,
  mirrors,
  cache,
  closing,
}: GatewayShell): GatewaySnapshot {
  const { name } = front.plan;
  return {
    ...{ name, inFlight: inFlight - tunnels.size, tunnels: tunnels.size, closing },
    ...{ mirrors: mirrors.snapshot(), cache: cache.snapshot() },
  };
}
