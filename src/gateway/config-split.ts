import { isRecord } from '../kernel/options.js';
import type { Policy } from '../kernel/policy.js';
import { type ConfigRoom, type Fields, fieldsOf } from './config-room.js';
import type { RouteMirror } from './mirror.js';
import type { Upstream } from './split.js';
import { textOf } from './text-of.js';

/** What the sides of a split, and a mirror, are read with. */
export interface SplitRoom extends ConfigRoom {
  readonly upstreamOf: (value: unknown, path: string) => Upstream | undefined;
  readonly policyOf: (value: unknown, path: string, side: string) => Policy | undefined;
}

const mirrorFields = ['upstream', 'ratio', 'methods', 'maxInFlight', 'maxBodyBytes', 'timeoutMs'];

/** A split of data, whose sides have upstreams and policies of data; what is wrong with them is told. */
export function splitOf(value: Fields, path: string, room: SplitRoom): Fields | undefined {
  const { problems } = room;
  const before = problems.told;
  const fields = fieldsOf(value, path, ['split', 'by'], problems);
  const sides: unknown = fields?.['split'];
  if (!Array.isArray(sides)) return fields;
  const split = sides.map((side, at) => sideOf(side, `${path}.split[${at}]`, room));
  return problems.told > before ? undefined : { ...fields, split };
}

function sideOf(value: unknown, path: string, room: SplitRoom): Fields | undefined {
  const fields = fieldsOf(value, path, ['name', 'weight', 'upstream', 'policy'], room.problems);
  if (fields === undefined) return undefined;
  const { policy, ...rest } = fields;
  const made =
    policy === undefined ? undefined : room.policyOf(policy, `${path}.policy`, textOf(rest['name']));
  const upstream = room.upstreamOf(rest['upstream'], `${path}.upstream`);
  return { ...rest, upstream, ...(made !== undefined && { policy: made }) };
}

/** A mirror of data. */
export function mirrorOf(value: unknown, path: string, room: SplitRoom): RouteMirror | undefined {
  const fields = fieldsOf(value, path, mirrorFields, room.problems);
  if (fields === undefined) return undefined;
  const { upstream } = fields;
  if (!isRecord(upstream)) return fields as unknown as RouteMirror;
  const found = room.upstreamOf(upstream, `${path}.upstream`);
  return found === undefined ? undefined : ({ ...fields, upstream: found } as RouteMirror);
}
