import { isUnsafeName } from '../kernel/options.js';
import { fieldOf } from './config-problems.js';

/** Objects and lists inside each other, at most: what reads them calls itself that often. */
const MOST_DEPTH = 100;
/** Values in all, at most. Those that stand in several places count in each. */
const MOST_VALUES = 100_000;

type Tell = (path: string, says: string) => undefined;

/**
 * A copy of a config that nobody else can change. What is more than data, as functions are, stays what it
 * is. What nests or grows without end, and names by which objects inherit, are told and left out.
 */
export function copyOfData(value: unknown, tell: Tell): unknown {
  return new Copier(tell).copy(value, '', []);
}

class Copier {
  readonly #tell: Tell;
  #values = 0;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  /** `around` are the objects and lists that it stands in. */
  copy(value: unknown, path: string, around: readonly unknown[]): unknown {
    this.#values++;
    if (this.#values > MOST_VALUES) return this.#endAt(path);
    if (!Array.isArray(value) && !isPlain(value)) return value;
    if (around.includes(value)) return this.#tell(path, 'must not stand in itself');
    if (around.length === MOST_DEPTH) {
      return this.#tell(path, `must not be nested deeper than ${MOST_DEPTH} objects and lists`);
    }
    const inside = [...around, value];
    return Array.isArray(value) ? this.#list(value, path, inside) : this.#record(value, path, inside);
  }

  #list(list: readonly unknown[], path: string, inside: readonly unknown[]): unknown {
    const copied: unknown[] = [];
    for (let place = 0; place < list.length && this.#values <= MOST_VALUES; place++) {
      copied.push(this.copy(list[place], `${path}[${place}]`, inside));
    }
    return copied;
  }

  #record(record: object, path: string, inside: readonly unknown[]): unknown {
    const fields: [string, unknown][] = [];
    for (const [name, value] of Object.entries(record)) {
      if (this.#values > MOST_VALUES) break;
      const place = fieldOf(path, name);
      if (isUnsafeName(name)) this.#tell(place, 'is no name for data: objects inherit by it');
      else fields.push([name, this.copy(value, place, inside)]);
    }
    return Object.fromEntries(fields);
  }

  /** Told once: who asks for more looks whether there is room. */
  #endAt(path: string): undefined {
    return this.#tell(path, `is one too many: a config holds at most ${MOST_VALUES} values`);
  }
}

/** Whether it is made of fields and nothing else, in whichever realm. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
