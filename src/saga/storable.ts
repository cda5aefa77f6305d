import { isUnsafeName } from '../kernel/options.js';

/** Data is at most so deep: deeper may be a circle. */
const DEEPEST = 64;

/** One copying of a value. It knows where it is, but makes words of that only when something is wrong. */
class Copying {
  /** Characters that are left, about as JSON counts them. */
  left: number;
  readonly #what: string;
  readonly #path: (string | number)[] = [];

  constructor(what: string, mostCharacters: number) {
    this.#what = what;
    this.left = mostCharacters;
  }

  copy(value: unknown): unknown {
    if (this.left < 0) return undefined; // Too large already: whoever began says so.
    if (this.#path.length > DEEPEST) this.#refuse(`more than ${DEEPEST} deep`);
    switch (typeof value) {
      case 'string':
        this.left -= value.length + 2;
        return value;
      case 'number':
        this.left -= 8;
        // JSON has no negative zero.
        return Number.isFinite(value) ? value + 0 : this.#refuse(String(value));
      case 'boolean':
        this.left -= 5;
        return value;
      case 'object':
        this.left -= value === null ? 4 : 2;
        if (value === null) return null;
        return Array.isArray(value) ? this.#list(value) : this.#fields(value);
      case 'undefined':
        return undefined;
      default:
        return this.#refuse(typeof value === 'function' ? 'a function' : `a ${typeof value}`);
    }
  }

  #list(list: readonly unknown[]): unknown {
    this.left -= list.length;
    if (this.left < 0) return undefined;
    const items: unknown[] = [];
    // By their places: there may be holes.
    for (let at = 0; at < list.length; at++) items.push(this.#part(at, list[at]) ?? null);
    return Object.freeze(items);
  }

  #fields(value: object): unknown {
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      this.#refuse(`an object of class ${String(prototype.constructor?.name)}`);
    }
    const fields: Record<string, unknown> = {};
    for (const name of Object.keys(value)) {
      const field = (value as Record<string, unknown>)[name];
      if (isUnsafeName(name)) {
        this.#path.push(name);
        this.#refuse('a name that objects inherit');
      }
      if (field === undefined) continue;
      this.left -= name.length + 2;
      fields[name] = this.#part(name, field);
    }
    return Object.freeze(fields);
  }

  #part(name: string | number, value: unknown): unknown {
    this.#path.push(name);
    const copied = this.copy(value);
    this.#path.pop();
    return copied;
  }

  #refuse(what: string): never {
    const path = this.#path.map(part => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
    throw new TypeError(`${this.#what}${path} is ${what}, which JSON cannot hold`);
  }
}

/**
 * A frozen copy of what a store can keep: what is written down is never changed by whoever answered it.
 * Fields that are `undefined` are left out, as JSON does.
 *
 * @throws TypeError that names the place of what is no JSON data, RangeError when it is too large.
 */
export function storable(value: unknown, what: string, mostCharacters: number): unknown {
  const copying = new Copying(what, mostCharacters);
  const copied = copying.copy(value);
  if (copying.left < 0) {
    throw new RangeError(`${what} is larger than ${mostCharacters} characters of JSON`);
  }
  return copied;
}

/** Freezes data through and through: what comes from a store is no more anybody's than what goes there. */
export function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
