import { ipKey } from '../core/ip-range.js';
import type { Clock } from '../kernel/clock.js';
import { checkKeys, checkNumber, checkOneOf, refuse } from '../kernel/options.js';
import type { RateLimitDecision, RateLimitStore } from '../resilience/rate-limit-store.js';
import { checkRate } from '../resilience/rate-limiter-options.js';
import type { GatewayRequest, IncomingCall } from './gateway-request.js';
import { type GatewayAnswer, problem } from './problem.js';
import { sha256Hex } from './sha256-hex.js';
import type { OnUserFailure } from './user-failure.js';

/** Whom a limit counts: one for the route, one for each client, for each identity, or for what you say. */
export type LimitBy = 'route' | 'ip' | 'identity' | ((request: GatewayRequest) => string | undefined);

/** How often a route may be asked. */
export interface RouteLimit {
  /** Shown in `RateLimit`; letters, digits, `_` and `-`. Limits of one name are counted together. */
  readonly name: string;
  /** How much may pass in each `perMs`; an integer >= 1. */
  readonly limit: number;
  /** The span that `limit` is for, in ms. */
  readonly perMs: number;
  /** How much may pass at once after a rest. @default limit */
  readonly burst?: number;
  /**
   * Whom it counts. `ip`: each address of IPv4, each /64 of IPv6. `identity`: each subject. A function
   * answers a key; a request without one is refused. A key of more than 256 characters is counted by its
   * SHA-256.
   * @default 'ip'
   */
  readonly by?: LimitBy;
  /** Where it is counted. @default in memory, that of the gateway */
  readonly store?: RateLimitStore;
  /** What happens to requests of which the store says nothing. @default 'allow' */
  readonly onStoreError?: 'allow' | 'deny';
}

/** A checked limit. */
export interface LimitPlan {
  readonly name: string;
  readonly rule: { readonly limit: number; readonly perMs: number; readonly burst: number };
  readonly by: LimitBy;
  readonly store: RateLimitStore;
  readonly onStoreError: 'allow' | 'deny';
  readonly policy: string;
}

/** So long a store may take. */
const STORE_MS = 500;
/** Who is counted may choose the key, as by a field: a longer one would fill what remembers it. */
const LONGEST_KEY = 256;

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function planLimit(owner: string, options: RouteLimit, memory: RateLimitStore): LimitPlan {
  const known = ['name', 'limit', 'perMs', 'burst', 'by', 'store', 'onStoreError'];
  checkKeys(`${owner}: \`limits\``, options, known);
  const { name, limit, perMs, burst, by = 'ip', store = memory, onStoreError = 'allow' } = options;
  if (typeof name !== 'string' || !/^[\w-]{1,64}$/.test(name)) {
    refuse(owner, 'limits.name', '1 to 64 letters, digits, `_` or `-`', name);
  }
  if (typeof by !== 'function') checkOneOf(owner, 'limits.by', by, ['route', 'ip', 'identity']);
  if (typeof store?.take !== 'function') refuse(owner, 'limits.store', 'a RateLimitStore', store);
  checkOneOf(owner, 'limits.onStoreError', onStoreError, ['allow', 'deny']);
  const rule = checkRate({ limit, perMs, burst }, 'token-bucket', owner);
  checkNumber(owner, 'limits.perMs', perMs, { min: 1 });
  const policy = `"${name}";q=${limit};w=${Math.max(1, Math.ceil(perMs / 1000))}`;
  return { name, rule, by, store, onStoreError, policy };
}

const bounded = async (key: string): Promise<string> =>
  key.length <= LONGEST_KEY ? key : `sha256:${await sha256Hex(key)}`;

/** Whose request it is, for a limit; `undefined` where nobody can tell. */
function keyOf({ by }: LimitPlan, call: IncomingCall): string | undefined {
  if (by === 'route') return call.route;
  if (by === 'ip') return call.address === undefined ? undefined : ipKey(call.address);
  if (by === 'identity') return call.identity?.subject;
  const key: unknown = by(call);
  return typeof key === 'string' && key !== '' ? key : undefined;
}

/** Whether it has to be known first who asks. */
export const isAfterAuth = ({ by }: LimitPlan): boolean => by === 'identity' || typeof by === 'function';

/** Counts a request; answers it where it is one too many. */
export async function takeLimit(
  plan: LimitPlan,
  call: IncomingCall,
  clock: Clock,
  onFailure: OnUserFailure,
): Promise<GatewayAnswer | undefined> {
  let key: string | undefined;
  try {
    key = keyOf(plan, call);
  } catch (error) {
    onFailure({ kind: 'limit', name: plan.name, part: 'by' }, call, error);
  }
  if (key === undefined) return problem(403, `the limit "${plan.name}" cannot tell whom to count`);
  const { rule, name } = plan;
  const take = { key: `${name}:${await bounded(key)}`, rule, cost: 1, maxWaitMs: 0 };
  const found = await inTime(plan, take, clock, error =>
    onFailure({ kind: 'limit', name, part: 'store' }, call, error),
  );
  if (found === undefined) {
    return plan.onStoreError === 'allow'
      ? undefined
      : problem(503, 'limits cannot be counted now', { retryAfterMs: 1_000 });
  }
  const fullMs = ((rule.burst - found.remaining) * rule.perMs) / rule.limit;
  const resetS = Math.ceil((found.allowed ? fullMs : found.retryAfterMs) / 1000);
  call.extra.push('RateLimit-Policy', plan.policy, 'RateLimit', `"${name}";r=${found.remaining};t=${resetS}`);
  if (found.allowed) return undefined;
  return problem(429, `more than the limit "${name}" allows`, {
    retryAfterMs: found.retryAfterMs,
    more: {
      type: 'https://iana.org/assignments/http-problem-types#quota-exceeded',
      'violated-policies': [name],
    },
  });
}

async function inTime(
  { store }: LimitPlan,
  take: Parameters<RateLimitStore['take']>[0],
  clock: Clock,
  onFailure: (error: unknown) => void,
): Promise<RateLimitDecision | undefined> {
  let stop = (): void => {};
  const late = new Promise<never>((_, reject) => {
    const timer = clock.schedule(STORE_MS, () => reject(new Error(`no word for ${STORE_MS} ms`)));
    stop = () => timer.cancel();
  });
  try {
    return await Promise.race([store.take(take), late]);
  } catch (error) {
    onFailure(error);
    return undefined;
  } finally {
    stop();
  }
}
