import { checkKeys, checkNumber, refuse } from '../kernel/options.js';
import type { Random } from '../kernel/random.js';
import type { IncomingCall } from './gateway-request.js';
import { textOf } from './text-of.js';
import { planUpstream, type UpstreamPlan, type UpstreamProxy, type UpstreamService } from './upstream.js';

/** Sends copies of requests to another upstream as well, whose answers nobody gets. */
export interface RouteMirror {
  /** Where copies go: an origin, or a service. */
  readonly upstream: string | UpstreamProxy | UpstreamService;
  /** The share of requests that are copied, 0..1, by chance. @default 1 */
  readonly ratio?: number;
  /**
   * Which methods are copied. What others do would be done twice: name them only where that is meant.
   * @default ['GET', 'HEAD', 'OPTIONS']
   */
  readonly methods?: readonly string[];
  /** Copies of this route that are under way at a time; no more are made meanwhile. @default 16 */
  readonly maxInFlight?: number;
  /** The largest body that is copied, in bytes; it is kept until it is there as a whole. @default 65_536 */
  readonly maxBodyBytes?: number;
  /** How long a copy may take until the head of its answer is there, in ms. @default 10_000 */
  readonly timeoutMs?: number;
}

/** A checked mirror. */
export interface MirrorPlan {
  readonly upstream: UpstreamPlan & { readonly kind: 'origin' | 'service' };
  readonly ratio: number;
  readonly methods: readonly string[];
  readonly maxInFlight: number;
  readonly maxBodyBytes: number;
  readonly timeoutMs: number;
}

const known = ['upstream', 'ratio', 'methods', 'maxInFlight', 'maxBodyBytes', 'timeoutMs'];

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function planMirror(
  owner: string,
  mirror: RouteMirror,
  services: Readonly<Record<string, UpstreamProxy>>,
): MirrorPlan {
  const own = `${owner}: mirror`;
  checkKeys(own, mirror, known);
  const upstream = planUpstream(own, mirror.upstream, services);
  if (upstream.kind !== 'origin' && upstream.kind !== 'service')
    refuse(own, 'upstream', 'an origin or a service', mirror.upstream);
  const { ratio = 1, methods = ['GET', 'HEAD', 'OPTIONS'], maxInFlight = 16 } = mirror;
  const { maxBodyBytes = 65_536, timeoutMs = 10_000 } = mirror;
  const fits = (method: unknown): boolean => typeof method === 'string' && /^[A-Z][A-Z-]*$/.test(method);
  if (!Array.isArray(methods) || !methods.every(fits))
    refuse(own, 'methods', 'a list of methods in upper case', textOf(methods));
  return {
    upstream,
    methods,
    ratio: checkNumber(own, 'ratio', ratio, { min: 0, max: 1 }),
    maxInFlight: checkNumber(own, 'maxInFlight', maxInFlight, { min: 1, max: 10_000, integer: true }),
    maxBodyBytes: checkNumber(own, 'maxBodyBytes', maxBodyBytes, { min: 0, max: 2 ** 26, integer: true }),
    timeoutMs: checkNumber(own, 'timeoutMs', timeoutMs, { above: 0, max: 2 ** 31 - 1 }),
  };
}

/** Whether a request is one of those that are copied. */
export function isMirrored({ methods, ratio }: MirrorPlan, call: IncomingCall, random: Random): boolean {
  const isMeant = [call.method, ...call.facts.overrides].every(method => methods.includes(method));
  return isMeant && (ratio === 1 || random() < ratio);
}
