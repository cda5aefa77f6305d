import { checkTopic } from '../core/topic-pattern.js';
import { refuse } from '../kernel/options.js';
import type { StandardSchema } from '../kernel/standard-schema.js';

/** The versions of one event, without a gap, and what leads from one to the next. */
export interface EventChain {
  readonly name: string;
  readonly oldest: number;
  readonly current: number;
  readonly schemas: ReadonlyMap<number, StandardSchema<unknown, unknown>>;
  readonly upcasters: ReadonlyMap<number, (data: unknown) => unknown>;
}

const owner = 'defineEvents';
const HIGHEST_VERSION = 999;
const MOST_EVENTS = 10_000;

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(option: string, value: unknown): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    refuse(owner, option, 'an object', value);
  }
  return Object.entries(value as Fields);
}

function versionsOf(name: string, definition: unknown): Map<number, StandardSchema> {
  const schemas = new Map<number, StandardSchema>();
  for (const [key, schema] of fieldsOf(name, definition)) {
    const version = Number(key);
    if (!/^[1-9]\d*$/.test(key) || version > HIGHEST_VERSION) {
      refuse(owner, `${name}.${key}`, `a version, an integer from 1 to ${HIGHEST_VERSION}`, key);
    }
    const standard = (schema as Partial<StandardSchema> | null | undefined)?.['~standard'];
    if (standard?.version !== 1 || typeof standard.validate !== 'function') {
      refuse(owner, `${name}.${key}`, 'a schema that speaks Standard Schema, version 1', schema);
    }
    schemas.set(version, schema as StandardSchema);
  }
  if (schemas.size === 0) refuse(owner, name, 'an object with a schema for each version', definition);
  return schemas;
}

function chainOf(name: string, definition: unknown, upcast: unknown): EventChain {
  const schemas = versionsOf(name, definition);
  const versions = [...schemas.keys()].sort((a, b) => a - b);
  const [oldest, current] = [versions[0]!, versions.at(-1)!];
  const upcasters = new Map<number, (data: unknown) => unknown>();
  const steps = new Map(upcast === undefined ? [] : fieldsOf(`upcast.${name}`, upcast));
  for (let version = oldest; version < current; version++) {
    if (!schemas.has(version)) {
      const rule = `without a gap: version ${version} is missing between ${oldest} and ${current}`;
      refuse(owner, name, rule, versions.join(', '));
    }
    const step = steps.get(String(version));
    if (typeof step !== 'function') {
      const rule = `a function that makes version ${version + 1} of version ${version}`;
      refuse(owner, `upcast.${name}.${version}`, rule, step);
    }
    upcasters.set(version, step as (data: unknown) => unknown);
    steps.delete(String(version));
  }
  for (const [key, step] of steps) {
    const rule = `left out: there is no version after ${key} that is defined`;
    refuse(owner, `upcast.${name}.${key}`, rule, step);
  }
  return { name, oldest, current, schemas, upcasters };
}

/**
 * The chains of all events.
 * @throws TypeError that names the event, the rule and the value.
 */
export function chainsOf(definitions: unknown, upcast: unknown): ReadonlyMap<string, EventChain> {
  const events = fieldsOf('events', definitions);
  if (events.length > MOST_EVENTS) refuse(owner, 'events', `at most ${MOST_EVENTS} events`, events.length);
  const steps = new Map(upcast === undefined ? [] : fieldsOf('upcast', upcast));
  const chains = new Map<string, EventChain>();
  for (const [name, definition] of events) {
    const wrong = checkTopic(name);
    if (wrong !== undefined) refuse(owner, 'events', `named by ${wrong}`, name);
    chains.set(name, chainOf(name, definition, steps.get(name)));
    steps.delete(name);
  }
  for (const name of steps.keys()) refuse(owner, 'upcast', 'about events that are defined', name);
  return chains;
}
