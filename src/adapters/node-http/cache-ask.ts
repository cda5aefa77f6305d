import type { IncomingMessage } from 'node:http';
import type { CacheDirectives } from '../../core/http-cache-control.js';
import type { ForwardContext } from '../../gateway/forward-context.js';
import type { CacheVerdict } from '../../gateway/gateway-events.js';
import type { IncomingCall } from '../../gateway/gateway-request.js';
import type { CachePlan, CacheSubject } from '../../gateway/route-cache.js';
import type { RoutePlan } from '../../gateway/route-plan.js';

/** How the cache of a gateway stands. */
export interface CacheSnapshot {
  /** Answers that are kept. */
  readonly entries: number;
  /** What they take, in bytes, about. */
  readonly bytes: number;
  /** Requests for each way in which they were answered. */
  readonly answered: Readonly<Record<CacheVerdict, number>>;
}

/** A request that is to be answered. */
export interface CacheAsk {
  readonly call: IncomingCall;
  readonly plan: RoutePlan;
  readonly context: ForwardContext;
  readonly request: IncomingMessage;
}

/** Asks the upstream, by a route that may have more to say than the first one. */
export type Run = (plan: RoutePlan) => Promise<unknown>;

/** A request, with all that the cache has found out of it. */
export interface Sought extends CacheAsk {
  readonly subject: CacheSubject;
  readonly cache: CachePlan;
  readonly asked: CacheDirectives;
  /** Whether the client of it is not waiting. */
  readonly isApart: boolean;
}
