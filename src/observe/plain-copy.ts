import { errorText } from '../kernel/error-words.js';
import { isUnsafeName } from '../kernel/options.js';

/** How much of a value is copied; the rest is left out and said to be. */
export interface CopyBounds {
  readonly maxDepth: number;
  /** Values of all levels together. */
  readonly maxValues: number;
  readonly maxText: number;
}

/** Of the payload of an event. */
export const eventBounds: CopyBounds = /* @__PURE__ */ Object.freeze({
  maxDepth: 6,
  maxValues: 500,
  maxText: 2_000,
});

/** Of what a thing says of itself: a balancer has many instances. */
export const thingBounds: CopyBounds = /* @__PURE__ */ Object.freeze({
  maxDepth: 10,
  maxValues: 20_000,
  maxText: 2_000,
});

/** A text that is no longer than `most`; never with half a character at its end. */
export function shortText(text: string, most: number): string {
  if (text.length <= most) return text;
  const last = text.charCodeAt(most - 1);
  const isHalf = last >= 0xd800 && last <= 0xdbff;
  return `${text.slice(0, isHalf ? most - 1 : most)}…`;
}

/** Copies one value; what is left to copy is a count that all its parts share. */
class PlainCopier {
  readonly #bounds: CopyBounds;
  #left: number;

  constructor(bounds: CopyBounds) {
    this.#bounds = bounds;
    this.#left = bounds.maxValues;
  }

  copy(value: unknown, depth: number): unknown {
    this.#left--;
    switch (typeof value) {
      case 'string':
        return shortText(value, this.#bounds.maxText);
      case 'number':
        return Number.isFinite(value) ? value : null;
      case 'boolean':
      case 'undefined':
        return value;
      case 'bigint':
      case 'symbol':
        return shortText(String(value), this.#bounds.maxText);
      case 'function':
        return shortText(value.name || 'anonymous', this.#bounds.maxText);
      default:
        return value === null ? null : this.#object(value as object, depth);
    }
  }

  #object(value: object, depth: number): unknown {
    try {
      if (value instanceof Error) return errorText(value);
      if (depth >= this.#bounds.maxDepth || this.#left <= 0) return '…';
      if (Array.isArray(value)) return this.#list(value, depth);
      if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
      if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
      if (value instanceof Set) return this.#list(value, depth);
      if (value instanceof Map) return this.#fields(value, depth);
      const { describe, toJSON } = value as { describe?: unknown; toJSON?: unknown };
      // A primitive in a payload, such as one that was made for a key, says best itself what it is.
      if (typeof describe === 'function') return this.copy(describe.call(value), depth + 1);
      if (typeof toJSON === 'function') return this.copy(toJSON.call(value, ''), depth + 1);
      return this.#fields(
        Object.keys(value).map(key => [key, value] as const),
        depth,
      );
    } catch (error) {
      return { error: errorText(error) };
    }
  }

  #list(values: Iterable<unknown>, depth: number): unknown[] {
    const list: unknown[] = [];
    for (const value of values) {
      if (this.#left <= 0) {
        list.push('…');
        break;
      }
      list.push(this.copy(value, depth + 1) ?? null);
    }
    return list;
  }

  /** Of a map, or of names with the object that has them: what a getter throws is told in its place. */
  #fields(fields: Iterable<readonly [name: unknown, of: unknown]>, depth: number): Record<string, unknown> {
    const copy: Record<string, unknown> = {};
    for (const [key, of] of fields) {
      const name = shortText(String(key), this.#bounds.maxText);
      if (isUnsafeName(name)) continue;
      if (this.#left <= 0) {
        copy['…'] = '…';
        break;
      }
      const value = fields instanceof Map ? this.copy(of, depth + 1) : this.#field(of, key as never, depth);
      if (value !== undefined) copy[name] = value;
    }
    return copy;
  }

  #field(of: unknown, key: never, depth: number): unknown {
    try {
      return this.copy((of as object)[key], depth + 1);
    } catch (error) {
      return { error: errorText(error) };
    }
  }
}

/**
 * A copy that JSON holds, of any value whatsoever: circles, getters that throw, errors, a million entries.
 * It never throws and never grows beyond its bounds; what is left out is a `…`. Errors are their name,
 * message and code, without a stack.
 */
export function plainCopy(value: unknown, bounds: CopyBounds = eventBounds): unknown {
  return new PlainCopier(bounds).copy(value, 0);
}
