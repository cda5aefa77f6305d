import { isRecord } from '../kernel/options.js';

/** JSON has no Infinity: null stands for it. */
export function unlimited(value: unknown): unknown {
  if (value === null) return Infinity;
  if (!isRecord(value) || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, unlimited(part)]));
}

/** A name inside `keyed`: its `*` is the key. */
export function namedFor(key: string | undefined, name: unknown): unknown {
  return key === undefined || typeof name !== 'string' ? name : name.replaceAll('*', () => key);
}

/** Whether an option that may be a function is one, by its name or as a list of names. */
export function isNamed(value: unknown, hasOwnLists: boolean): boolean {
  return typeof value === 'string' || (Array.isArray(value) && !hasOwnLists);
}

/** The same function under the name that the config has for it, so that `describe()` tells that one. */
export function withName(name: string, named: (...all: readonly unknown[]) => unknown): unknown {
  return { [name]: (...all: readonly unknown[]) => named(...all) }[name];
}
