import type { RoutePattern } from '../core/route-pattern.js';
import type { Context } from '../kernel/context.js';
import { checkNumber, readRefusal } from '../kernel/options.js';
import type { Policy } from '../kernel/policy.js';
import { type Aggregate, aggregate } from '../proxy/aggregate.js';
import { optional, type Parts, part } from '../proxy/part.js';
import { makeOf } from '../resilience/config-making.js';
import { type ConfigRoom, entriesOf, type Fields, fieldsOf, tellValue } from './config-room.js';
import { type ForwardRules, requestFields } from './forward-fields.js';
import type { IncomingCall } from './gateway-request.js';
import { partFetch } from './part-fetch.js';
import { planRewrite, type Rewrite } from './rewrite.js';
import { planUpstream, type UpstreamPlan, type UpstreamProxy } from './upstream.js';

const partNames = ['upstream', 'path', 'optional', 'otherwise', 'timeoutMs', 'policy', 'maxBytes'];

/** What parts of an answer are read with, besides. */
export interface AggregateRoom extends ConfigRoom {
  readonly services: Readonly<Record<string, UpstreamProxy>>;
  readonly rules: ForwardRules;
  /** The policy of a part. */
  policyOf(value: unknown, path: string): Policy | undefined;
}

/** An aggregate of a route, whose parts are JSON of other upstreams. */
export function aggregateOf(
  value: unknown,
  path: string,
  pattern: RoutePattern,
  room: AggregateRoom,
): Aggregate | undefined {
  const fields = fieldsOf(value, path, ['parts', 'timeoutMs', 'concurrency'], room.problems);
  if (fields === undefined) return undefined;
  const { parts: list, ...options } = fields;
  const before = room.problems.told;
  if (list === undefined) tellValue(room, `${path}.parts`, 'an object of parts by name', list);
  const parts: [string, unknown][] = [];
  for (const [name, entry, place] of entriesOf(list, `${path}.parts`, room)) {
    const one = partOf(entry, place, pattern, room);
    if (one !== undefined) parts.push([name, one]);
  }
  if (room.problems.told > before) return undefined;
  const { clock } = room.extras;
  const make = (left: Fields): Aggregate =>
    aggregate<Parts>(Object.fromEntries(parts) as Parts, { ...left, ...(clock && { clock }) });
  return makeOf({ options: { ...options }, entry: fields, path, make }, room.problems);
}

function partOf(entry: unknown, path: string, pattern: RoutePattern, room: AggregateRoom): unknown {
  const fields = fieldsOf(entry, path, partNames, room.problems);
  if (fields === undefined) return undefined;
  const { optional: mayLack = false, otherwise, timeoutMs, policy: named, maxBytes = 1_048_576 } = fields;
  if (typeof mayLack !== 'boolean') {
    return tellValue(room, `${path}.optional`, 'true or false', mayLack);
  }
  if (otherwise !== undefined && !mayLack) {
    return room.problems.tell(`${path}.otherwise`, 'is only for a part with `optional: true`');
  }
  const upstream = upstreamOf(fields['upstream'], path, room);
  const rewrite = rewriteOf(fields['path'], path, pattern, room);
  const policy = named === undefined ? undefined : room.policyOf(named, `${path}.policy`);
  if (upstream === undefined || rewrite === undefined) return undefined;
  const { rules } = room;
  const make = (left: Fields): unknown => {
    const limit = checkNumber('part', 'maxBytes', maxBytes, { min: 1, integer: true });
    const ask = partFetch(upstream, limit, rules);
    const run = (context: Context, call: IncomingCall): Promise<unknown> =>
      ask(context, rewrite(call.path) + call.query, requestFields(call, rules));
    const one = part(run, { ...left, ...(policy && { policy }) } as object);
    return mayLack ? optional(one, { otherwise }) : one;
  };
  const options = timeoutMs === undefined ? {} : { timeoutMs };
  return makeOf({ options, entry: fields, path, make }, room.problems);
}

type PartUpstream = Extract<UpstreamPlan, { readonly kind: 'origin' | 'service' }>;

function upstreamOf(value: unknown, path: string, room: AggregateRoom): PartUpstream | undefined {
  const isOne = typeof value === 'string' || (value as Fields | null | undefined)?.['service'] !== undefined;
  if (!isOne) return tellValue(room, `${path}.upstream`, 'an origin, or { service }', value);
  const make = (): UpstreamPlan => planUpstream('part', value as never, room.services);
  const entry = { upstream: value };
  return makeOf({ options: {}, entry, path, make }, room.problems) as PartUpstream | undefined;
}

function rewriteOf(
  value: unknown,
  path: string,
  pattern: RoutePattern,
  room: AggregateRoom,
): Rewrite | undefined {
  if (typeof value !== 'string') return tellValue(room, `${path}.path`, 'a path', value);
  try {
    return planRewrite('part', value, pattern);
  } catch (error) {
    const { message } = error as Error;
    return room.problems.tell(`${path}.path`, readRefusal(message)?.says ?? `is refused: ${message}`);
  }
}
