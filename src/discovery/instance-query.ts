import { isInRange, readRange, readVersion, type VersionRange } from '../core/version-range.js';
import { checkKeys, checkOneOf, refuse } from '../kernel/options.js';
import { checkService, statuses } from './instance-rules.js';
import type { InstanceStatus, RegisteredInstance } from './service-instance.js';

/** Which instances of a service are wanted. */
export interface InstanceFilter {
  /**
   * Only those whose version is in this range, as npm reads it: `^1.2.0`, `~1.2`, `1.x`, `>=1.2.0 <2.0.0`,
   * `1.x || 3.x`; not the form with a hyphen. An instance without a version is in none. @default any
   */
  readonly version?: string;
  /** Only those with this tag, or with all of these. @default any */
  readonly tags?: string | readonly string[];
  /** Only those in this zone. @default any */
  readonly zone?: string;
  /** Only those that say this of themselves; `'any'` takes all. @default 'up' */
  readonly status?: InstanceStatus | 'any';
}

/** Which instances are wanted, of which service. */
export interface InstanceQuery extends InstanceFilter {
  /** The service. */
  readonly service: string;
}

/** Whether an instance is wanted. */
export type InstanceMatch = (instance: RegisteredInstance) => boolean;

function checkTags(owner: string, tags: unknown): readonly string[] {
  const all = typeof tags === 'string' ? [tags] : tags;
  if (!Array.isArray(all) || !all.every(tag => typeof tag === 'string')) {
    refuse(owner, 'tags', 'a string or strings', tags);
  }
  return all as readonly string[];
}

function checkVersion(owner: string, version: unknown): VersionRange {
  const range = typeof version === 'string' ? readRange(version) : undefined;
  return range ?? refuse(owner, 'version', 'a range of versions, as ^1.2.0', version);
}

/** @throws TypeError that names the option, the rule and the value. */
export function matchOf(owner: string, filter: InstanceFilter): InstanceMatch {
  checkKeys(owner, filter, ['version', 'tags', 'zone', 'status']);
  const { zone, status = 'up' } = filter;
  const range = filter.version === undefined ? undefined : checkVersion(owner, filter.version);
  const tags = filter.tags === undefined ? [] : checkTags(owner, filter.tags);
  if (zone !== undefined && typeof zone !== 'string') refuse(owner, 'zone', 'a string', zone);
  checkOneOf(owner, 'status', status, [...statuses, 'any']);
  const inRange = (version: string | undefined): boolean => {
    const read = version === undefined ? undefined : readVersion(version);
    return range === undefined || (read !== undefined && isInRange(read, range));
  };
  return instance =>
    (status === 'any' || instance.status === status) &&
    (zone === undefined || instance.zone === zone) &&
    tags.every(tag => instance.tags.includes(tag)) &&
    inRange(instance.version);
}

/** A query, or a service by its name alone, with what to look for. */
export function readQuery(
  owner: string,
  query: InstanceQuery | string,
): { readonly service: string; readonly matches: InstanceMatch } {
  const { service, ...filter } = typeof query === 'string' ? { service: query } : query;
  return { service: checkService(service), matches: matchOf(owner, filter) };
}
