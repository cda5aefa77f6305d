import { readVersion } from '../core/version-range.js';
import { isRecord, isUnsafeName } from '../kernel/options.js';
import { addressRule, isAddress } from './address.js';
import { InvalidInstanceError } from './registry-errors.js';
import type { InstanceStatus, NewInstance, ServiceInstance } from './service-instance.js';

/** Names of services and ids, as every registry can keep them: they become parts of keys and of paths. */
const SERVICE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const ID = /^[A-Za-z0-9][A-Za-z0-9._:@+=-]{0,199}$/;
/** Anything but control characters and half characters. */
const TEXT = /^[^\p{Cc}\p{Cs}\u2028\u2029]*$/u;
const MOST_TAGS = 64;
const MOST_ENTRIES = 64;
const LONGEST_TEXT = 200;
const LARGEST_WEIGHT = 1_000_000;

export const statuses: readonly InstanceStatus[] = ['starting', 'up', 'draining', 'down'];

const fields: readonly string[] = [
  ...['service', 'id', 'address', 'version', 'zone', 'weight', 'tags', 'metadata', 'status'],
];

function check(holds: boolean, field: string, rule: string, value: unknown): void {
  if (!holds) throw new InvalidInstanceError(field, rule, value);
}

const isText = (value: unknown, longest = LONGEST_TEXT): value is string =>
  typeof value === 'string' && value !== '' && value.length <= longest && TEXT.test(value);

/** @throws InvalidInstanceError for a name that not every registry can keep. */
export function checkService(service: unknown): string {
  const rule = '1 to 128 characters of A-Z a-z 0-9 . _ -, the first a letter or digit';
  check(typeof service === 'string' && SERVICE.test(service), 'service', rule, service);
  return service as string;
}

function checkMetadata(metadata: unknown, maxBytes: number): Readonly<Record<string, string>> {
  check(isRecord(metadata), 'metadata', 'an object of strings', metadata);
  const entries = Object.entries(metadata as Record<string, unknown>);
  check(entries.length <= MOST_ENTRIES, 'metadata', `of at most ${MOST_ENTRIES} entries`, entries.length);
  let bytes = 0;
  for (const [key, value] of entries) {
    const named = isText(key, 128) && !isUnsafeName(key);
    check(named, 'metadata', 'of names of 1 to 128 characters that are safe', key);
    const isFine = typeof value === 'string' && TEXT.test(value);
    check(isFine, `metadata.${key}`, 'a string without control characters', value);
    bytes += new TextEncoder().encode(key + (value as string)).length;
  }
  check(bytes <= maxBytes, 'metadata', `of at most ${maxBytes} bytes (\`maxMetadataBytes\`)`, bytes);
  return Object.freeze(Object.fromEntries(entries)) as Readonly<Record<string, string>>;
}

/**
 * The instance that is meant, with what stands for what it leaves out; frozen, and with nothing in it that is
 * shared with the caller.
 *
 * @throws InvalidInstanceError that names the field, the rule and the value.
 */
export function checkInstance(given: NewInstance, maxMetadataBytes: number): ServiceInstance {
  check(isRecord(given), 'instance', 'an object', given);
  for (const name of Object.keys(given)) {
    check(fields.includes(name), name, `one of ${fields.join(', ')}`, 'another field');
  }
  const { id, address, version, zone, weight = 1, tags = [], metadata = {}, status = 'up' } = given;
  const service = checkService(given.service);
  const idRule = '1 to 200 characters of A-Z a-z 0-9 . _ : @ + = -, the first a letter or digit';
  check(typeof id === 'string' && ID.test(id), 'id', idRule, id);
  check(typeof address === 'string' && isAddress(address), 'address', addressRule, address);
  const known = version === undefined || (typeof version === 'string' && readVersion(version) !== undefined);
  check(known, 'version', 'a version of semver.org, as 1.2.3', version);
  check(zone === undefined || isText(zone), 'zone', `1 to ${LONGEST_TEXT} printable characters`, zone);
  const weighs = typeof weight === 'number' && weight >= 0 && weight <= LARGEST_WEIGHT;
  check(weighs, 'weight', `a number from 0 to ${LARGEST_WEIGHT}`, weight);
  check(Array.isArray(tags) && tags.length <= MOST_TAGS, 'tags', `at most ${MOST_TAGS} texts`, tags);
  for (const tag of tags) check(isText(tag), 'tags', `of 1 to ${LONGEST_TEXT} printable characters`, tag);
  check(statuses.includes(status), 'status', statuses.map(one => `'${one}'`).join(' or '), status);
  return Object.freeze({
    ...{ service, id: id as string, address, version, zone, weight },
    ...{ tags: Object.freeze([...new Set(tags)]), status },
    metadata: checkMetadata(metadata, maxMetadataBytes),
  });
}

/** What a store holds, if it is an instance: others may write there, too. */
export function readInstance(value: unknown, maxMetadataBytes: number): ServiceInstance | undefined {
  try {
    return checkInstance(value as NewInstance, maxMetadataBytes);
  } catch {
    return undefined;
  }
}
