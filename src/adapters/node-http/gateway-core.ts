import type { GatewayEvents } from '../../gateway/gateway-events.js';
import type { GatewayFront } from '../../gateway/gateway-front.js';
import type { Emitter } from '../../kernel/events.js';
import type { DueTimer } from '../../resilience/due-timer.js';
import type { UpstreamEngine } from './upstream-engine.js';

/** What somebody needs of a gateway who sends requests to upstreams. */
export interface GatewayCore {
  readonly front: GatewayFront;
  readonly engine: UpstreamEngine;
  readonly events: Emitter<GatewayEvents> | undefined;
  readonly due: DueTimer<() => void>;
}
