import { isRecord, show } from '../kernel/options.js';

/** Whether it is an object of the copied config, and not one of a class, which is nobody's to take apart. */
export function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return isRecord(value) && Object.getPrototypeOf(value) === Object.prototype;
}

/** JSON has no Infinity: null stands for it. */
export function unlimited(value: unknown): unknown {
  if (value === null) return Infinity;
  if (!isFields(value)) return value;
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

/** A value in a message. */
export function inWords(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return isRecord(value) && !isFields(value) ? 'an object of a class' : show(value);
}
