import type { GatewayPlan } from './gateway-options.js';
import type { GatewayRoute } from './gateway-route.js';
import { type MirrorPlan, planMirror } from './mirror.js';

/** What a route does besides handing a request on. */
export interface RouteExtras {
  readonly mirror: MirrorPlan | undefined;
}

/** The options that {@link planExtras} reads. */
export const extraOptions = ['mirror'];

/** @throws TypeError or RangeError that names the route, the option, the rule and the value. */
export function planExtras(owner: string, route: GatewayRoute, gateway: GatewayPlan): RouteExtras {
  const { mirror } = route;
  return {
    mirror: mirror === undefined ? undefined : planMirror(owner, mirror, gateway.services),
  };
}
