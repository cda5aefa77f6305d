import { cookieValue } from '../core/cookie.js';
import { ipKey } from '../core/ip-range.js';
import { sideByChance, sideOfKey } from '../core/route-split.js';
import type { Random } from '../kernel/random.js';
import type { IncomingCall } from './gateway-request.js';
import type { RoutePlan } from './route-plan.js';
import type { SplitBy } from './split.js';

function keyOf(by: SplitBy, call: IncomingCall): string | undefined {
  if (by === 'ip') return call.address === undefined ? undefined : ipKey(call.address);
  if (by === 'identity') return call.identity?.subject;
  if (typeof by !== 'function') {
    return 'header' in by ? call.header(by.header) : cookieValue(call.header('cookie'), by.cookie);
  }
  try {
    const key: unknown = by(call);
    return typeof key === 'string' && key !== '' ? key : undefined;
  } catch (error) {
    console.error(`keelson: \`by\` of the split of ${call.route} failed`, error);
    return undefined;
  }
}

/** The route as it is for one request: that of its side, where there are several. */
export function sideOf(plan: RoutePlan, call: IncomingCall, random: Random): RoutePlan {
  if (plan.end.kind !== 'split') return plan;
  const { by, sides } = plan.end.split;
  const key = keyOf(by, call);
  const side = (key === undefined ? sideByChance(sides, random()) : sideOfKey(sides, key))!;
  call.side = side.name;
  return { ...plan, end: { kind: 'upstream', upstream: side.upstream }, policy: side.policy ?? plan.policy };
}
