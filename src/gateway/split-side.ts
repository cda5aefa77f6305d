import { cookieValue } from '../core/cookie.js';
import { ipKey } from '../core/ip-range.js';
import { sideByChance, sideOfKey } from '../core/route-split.js';
import type { Random } from '../kernel/random.js';
import type { IncomingCall } from './gateway-request.js';
import type { RoutePlan } from './route-plan.js';
import type { SplitBy } from './split.js';
import type { OnUserFailure } from './user-failure.js';

function keyOf(by: SplitBy, call: IncomingCall, onFailure: OnUserFailure): string | undefined {
  if (by === 'ip') return call.address === undefined ? undefined : ipKey(call.address);
  if (by === 'identity') return call.identity?.subject;
  if (typeof by !== 'function') {
    return 'header' in by ? call.header(by.header) : cookieValue(call.header('cookie'), by.cookie);
  }
  try {
    const key: unknown = by(call);
    return typeof key === 'string' && key !== '' ? key : undefined;
  } catch (error) {
    onFailure({ kind: 'split', name: call.route, part: 'by' }, call, error);
    return undefined;
  }
}

/** The route as it is for one request: that of its side, where there are several. */
export function sideOf(
  plan: RoutePlan,
  call: IncomingCall,
  random: Random,
  onFailure: OnUserFailure,
): RoutePlan {
  if (plan.end.kind !== 'split') return plan;
  const { by, sides } = plan.end.split;
  const key = keyOf(by, call, onFailure);
  const side = (key === undefined ? sideByChance(sides, random()) : sideOfKey(sides, key))!;
  call.side = side.name;
  return { ...plan, end: { kind: 'upstream', upstream: side.upstream }, policy: side.policy ?? plan.policy };
}
