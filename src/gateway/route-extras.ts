import { checkNumber } from '../kernel/options.js';
import { planRenames, planStatuses, type Renames, type StatusMap } from './answer-changes.js';
import { type BodyPlan, planBody } from './body-rules.js';
import { planRequestRenames } from './forward-fields.js';
import type { GatewayPlan } from './gateway-options.js';
import type { GatewayRoute } from './gateway-route.js';
import { checkMaintenance, type MaintenanceSwitch } from './maintenance.js';
import { type MirrorPlan, planMirror } from './mirror.js';
import { type CachePlan, planCache } from './route-cache.js';

/** What a route does besides handing a request on. */
export interface RouteExtras {
  readonly mirror: MirrorPlan | undefined;
  readonly cache: CachePlan | undefined;
  readonly body: BodyPlan | undefined;
  readonly priority: number;
  readonly maintenance: MaintenanceSwitch | undefined;
  readonly requestRenames: Renames;
  readonly answerRenames: Renames;
  readonly answerStatus: StatusMap;
}

/** The options that {@link planExtras} reads. */
export const extraOptions = [
  ...['mirror', 'cache', 'body', 'priority', 'maintenance'],
  ...['renameRequestHeaders', 'renameAnswerHeaders', 'answerStatus'],
];

/** @throws TypeError or RangeError that names the route, the option, the rule and the value. */
export function planExtras(owner: string, route: GatewayRoute, gateway: GatewayPlan): RouteExtras {
  const { mirror, cache, body, priority = 0, maintenance, maxBodyBytes = gateway.maxBodyBytes } = route;
  return {
    mirror: mirror === undefined ? undefined : planMirror(owner, mirror, gateway.services),
    cache: cache === undefined ? undefined : planCache(owner, cache),
    body: body === undefined ? undefined : planBody(owner, body, maxBodyBytes),
    priority: checkNumber(owner, 'priority', priority, {}),
    maintenance: checkMaintenance(owner, maintenance),
    requestRenames: planRequestRenames(owner, route.renameRequestHeaders, gateway.rules),
    answerRenames: planRenames(owner, 'renameAnswerHeaders', route.renameAnswerHeaders),
    answerStatus: planStatuses(owner, route.answerStatus),
  };
}
