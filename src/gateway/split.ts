import { isFieldName } from '../core/request-fields.js';
import { checkKeys, checkNumber, isRecord, refuse } from '../kernel/options.js';
import type { Policy } from '../kernel/policy.js';
import type { GatewayRequest } from './gateway-request.js';
import { planPolicy } from './route-policy.js';
import {
  type GatewayReply,
  planUpstream,
  type UpstreamPlan,
  type UpstreamProxy,
  type WholeUpstream,
} from './upstream.js';

/**
 * What keeps a client on one side: its address (each /64 of IPv6 as one), who it is, a field or a cookie of
 * its requests, or what a function answers. A request that has none of it goes by chance.
 */
export type SplitBy =
  | 'ip'
  | 'identity'
  | { readonly header: string }
  | { readonly cookie: string }
  | ((request: GatewayRequest) => string | undefined);

/** One of the upstreams of a split. */
export interface UpstreamSide {
  /** Shown in `completed`. Clients stay where they are for as long as it is called so. */
  readonly name: string;
  /** Its part of the clients, in proportion to the weights of the others; 0 for none. */
  readonly weight: number;
  /** Where its requests go. */
  readonly upstream: WholeUpstream;
  /** What its requests run through, so that each side has its own failures. @default that of the route */
  readonly policy?: Policy<Response, GatewayReply | Response>;
}

/** Several upstreams, each for a part of the clients: a canary, or an experiment. */
export interface UpstreamSplit {
  /** The sides; at least two. */
  readonly split: readonly UpstreamSide[];
  /** What keeps a client on one side. @default 'ip' */
  readonly by?: SplitBy;
}

/** Where requests go: to one upstream, or each to one of several. */
export type Upstream = WholeUpstream | UpstreamSplit;

/** A checked side. */
export interface SidePlan {
  readonly name: string;
  readonly weight: number;
  readonly upstream: UpstreamPlan;
  readonly policy: Policy<unknown, unknown> | undefined;
}

/** A checked split. */
export interface SplitPlan {
  readonly by: SplitBy;
  readonly sides: readonly SidePlan[];
}

export const isSplit = (upstream: unknown): upstream is UpstreamSplit =>
  isRecord(upstream) && 'split' in upstream;

function checkBy(owner: string, by: unknown): SplitBy {
  const rule = "'ip', 'identity', { header }, { cookie } or a function";
  if (by === 'ip' || by === 'identity' || typeof by === 'function') return by as SplitBy;
  if (!isRecord(by)) return refuse(owner, 'upstream.by', rule, by);
  checkKeys(`${owner}: \`upstream.by\``, by, ['header', 'cookie']);
  const { header, cookie } = by;
  const name = header ?? cookie;
  const isOne = (header === undefined) !== (cookie === undefined);
  if (!isOne || typeof name !== 'string' || !isFieldName(name)) refuse(owner, 'upstream.by', rule, by);
  return by as SplitBy;
}

/** @throws TypeError or RangeError that names the option, the rule and the value. */
export function planSplit(
  owner: string,
  upstream: UpstreamSplit,
  services: Readonly<Record<string, UpstreamProxy>>,
): SplitPlan {
  checkKeys(`${owner}: \`upstream\``, upstream, ['split', 'by']);
  const { split, by = 'ip' } = upstream;
  if (!Array.isArray(split) || split.length < 2)
    refuse(owner, 'upstream.split', 'a list of two sides or more', split);
  const sides = (split as readonly UpstreamSide[]).map(side => {
    checkKeys(`${owner}: \`upstream.split\``, side, ['name', 'weight', 'upstream', 'policy']);
    const { name } = side;
    if (typeof name !== 'string' || name === '')
      refuse(owner, 'upstream.split.name', 'a text that is not empty', name);
    const weight = checkNumber(owner, 'upstream.split.weight', side.weight, { min: 0, max: 1e9 });
    return {
      ...{ name, weight, upstream: planUpstream(owner, side.upstream, services) },
      policy: planPolicy(owner, side.policy),
    };
  });
  if (new Set(sides.map(({ name }) => name)).size < sides.length) {
    refuse(owner, 'upstream.split', 'of sides with names of their own', sides.map(({ name }) => name).join());
  }
  if (sides.every(({ weight }) => weight === 0))
    refuse(owner, 'upstream.split', 'of sides of which one has a weight', 0);
  return { by: checkBy(owner, by), sides };
}
