import { type IpRange, readIp } from '../core/ip-range.js';
import { checkFlag, checkKeys, checkNumber, isRecord, refuse } from '../kernel/options.js';
import type { IncomingCall } from './gateway-request.js';
import { type GatewayAnswer, problem } from './problem.js';
import { readRanges, within } from './trusted-peers.js';

/** How a {@link MaintenanceSwitch} is made. */
export interface MaintenanceOptions {
  /** Whether it is on from the start. @default false */
  readonly active?: boolean;
  /** Who is let through: addresses and ranges, such as `10.0.0.0/8`. @default [] */
  readonly allow?: readonly string[];
  /** When to come again, in ms; becomes `Retry-After`. @default 60_000 */
  readonly retryAfterMs?: number;
  /** What clients are told. @default 'the service is being worked on' */
  readonly detail?: string;
}

/** Turns a gateway, or those routes that were given it, away while it is on. */
export interface MaintenanceSwitch {
  /** Whether it is on: it can be set at any time, and counts from the next request. */
  active: boolean;
  /** The answer to a request, where it is not let through. */
  refusal(ip: string): { readonly retryAfterMs: number; readonly detail: string } | undefined;
}

const owner = 'maintenanceSwitch';

/**
 * A switch for a gateway, for some of its routes, or for several gateways at a time.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 * @example
 * ```ts
 * import { ApiGateway, maintenanceSwitch } from 'keelson/gateway';
 *
 * const works = maintenanceSwitch({ allow: ['10.0.0.0/8'] });
 * const gateway = new ApiGateway({ maintenance: works, routes: [{ path: '/*', reply: { body: 'ok' } }] });
 * const { url } = await gateway.listen({ port: 0, host: '127.0.0.1' });
 * works.active = true;
 * (await fetch(url)).status; // => 503
 * await gateway.close();
 * ```
 */
export function maintenanceSwitch(options: MaintenanceOptions = {}): MaintenanceSwitch {
  checkKeys(owner, options, ['active', 'allow', 'retryAfterMs', 'detail']);
  const { allow = [], retryAfterMs = 60_000, detail = 'the service is being worked on' } = options;
  let active = checkFlag(owner, 'active', options.active ?? false);
  if (typeof detail !== 'string') refuse(owner, 'detail', 'a text', detail);
  checkNumber(owner, 'retryAfterMs', retryAfterMs, { min: 0, max: 86_400_000 });
  const ranges: readonly IpRange[] = readRanges(owner, 'allow', allow);
  const answer = Object.freeze({ retryAfterMs, detail });
  return {
    get active() {
      return active;
    },
    set active(on) {
      active = checkFlag(owner, 'active', on);
    },
    refusal(ip) {
      const address = active ? readIp(ip) : undefined;
      return !active || (address !== undefined && within(ranges, address)) ? undefined : answer;
    },
  };
}

/** @throws TypeError that names the option. */
export function checkMaintenance(who: string, given: unknown): MaintenanceSwitch | undefined {
  if (given === undefined) return undefined;
  const fits =
    isRecord(given) && typeof given['active'] === 'boolean' && typeof given['refusal'] === 'function';
  return fits
    ? (given as unknown as MaintenanceSwitch)
    : refuse(who, 'maintenance', 'made by maintenanceSwitch', given);
}

/** The answer to a request that one of them turns away. */
export function turnedAway(
  call: IncomingCall,
  ...switches: readonly (MaintenanceSwitch | undefined)[]
): GatewayAnswer | undefined {
  for (const one of switches) {
    const refusal = one?.active === true ? one.refusal(call.ip) : undefined;
    if (refusal === undefined) continue;
    return problem(503, refusal.detail, { retryAfterMs: refusal.retryAfterMs });
  }
  return undefined;
}
