import { show } from '../kernel/options.js';
import { type ConfigProblems, fieldOf } from '../resilience/config-problems.js';
import { inWords, isFields } from '../resilience/config-values.js';
import type { ConfigReferences } from './config-references.js';
import type { GatewayExtras } from './gateway-extras.js';
import type { KeptParts } from './kept-parts.js';

export type Fields = Readonly<Record<string, unknown>>;

/** What all parts of a config are read with. */
export interface ConfigRoom {
  readonly extras: GatewayExtras;
  readonly problems: ConfigProblems;
  readonly references: ConfigReferences;
  readonly kept: KeptParts;
}

/** The object, without fields that nobody knows, which are told; `undefined` for what is no object. */
export function fieldsOf(
  value: unknown,
  path: string,
  known: readonly string[],
  problems: ConfigProblems,
): Fields | undefined {
  if (!isFields(value)) {
    return problems.tell(path, `must be an object, ${value === undefined ? 'and is missing' : got(value)}`);
  }
  for (const field of Object.keys(value)) {
    if (!known.includes(field)) problems.unknown(path, field, known);
  }
  return Object.fromEntries(Object.entries(value).filter(([field]) => known.includes(field)));
}

const got = (value: unknown): string => `got ${inWords(value)}`;

/** Told of a value that is not what it has to be. */
export function tellValue(room: ConfigRoom, path: string, rule: string, value: unknown): undefined {
  return room.problems.tell(path, `must be ${rule}, ${value === undefined ? 'and is missing' : got(value)}`);
}

/** Each entry of an object by name; nothing where it is left out. */
export function entriesOf(value: unknown, path: string, room: ConfigRoom): [string, unknown, string][] {
  if (value === undefined) return [];
  if (!isFields(value)) {
    tellValue(room, path, 'an object', value);
    return [];
  }
  return Object.entries(value).map(([name, one]) => [name, one, fieldOf(path, name)]);
}

/** What a name stands for; told where it stands for nothing. `where` says where it was looked for. */
export function namedOf<T>(
  name: unknown,
  known: Readonly<Record<string, T>>,
  where: string,
  path: string,
  room: ConfigRoom,
): T | undefined {
  if (typeof name === 'string' && Object.hasOwn(known, name)) return known[name];
  if (typeof name !== 'string') return tellValue(room, path, 'a name', name);
  const names = Object.keys(known).map(one => `'${one}'`);
  const holds = names.length === 0 ? 'nothing' : names.join(', ');
  return room.problems.tell(path, `names ${show(name)}, but ${where} holds ${holds}`);
}

/** What `make` makes; the words of what it throws are those of one option, as `makeOf` reads them. */
export function plainly<T>(make: () => T, plain = (message: string): string => message): T {
  try {
    return make();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new TypeError(plain(message).replace(/`([\w.]+)`: `options` (?=must)/, '`$1` '));
  }
}
