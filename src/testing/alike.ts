type Pairs = Map<object, Set<object>>;

/**
 * Whether two values are the same, part by part: numbers as by `Object.is`, objects by their prototype and
 * what they hold, `Map` and `Set` in any order, circles included. Functions, promises and what is weak are
 * the same only where they are one.
 */
export function alike(a: unknown, b: unknown, under: Pairs = new Map()): boolean {
  if (Object.is(a, b)) return true;
  if (!isObject(a) || !isObject(b)) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  // On the way round a circle: it is judged where it began.
  const met = under.get(a) ?? new Set();
  if (met.has(b)) return true;
  under.set(a, met.add(b));
  const same = sameInside(a, b, under) && sameParts(a, b, under);
  met.delete(b);
  return same;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const tagOf = (value: object): string => Object.prototype.toString.call(value).slice(8, -1);

/** Own parts, with those of symbols; an error has some that are not listed. */
function keysOf(value: object): PropertyKey[] {
  const listed = Reflect.ownKeys(value).filter(key => Object.prototype.propertyIsEnumerable.call(value, key));
  const ofErrors = ['name', 'message', 'cause', 'errors'].filter(key => Object.hasOwn(value, key));
  return value instanceof Error ? [...new Set([...listed, ...ofErrors])] : listed;
}

function sameParts(a: object, b: object, under: Pairs): boolean {
  // The elements of typed arrays are compared as bytes.
  if (ArrayBuffer.isView(a)) return true;
  const keys = keysOf(a);
  if (keys.length !== keysOf(b).length) return false;
  if (Array.isArray(a) && a.length !== (b as unknown[]).length) return false;
  const of = (value: object, key: PropertyKey) => (value as Record<PropertyKey, unknown>)[key];
  return keys.every(key => Object.hasOwn(b, key) && alike(of(a, key), of(b, key), under));
}

/** What stands in no property. Both have one prototype, but a copy of it may be made by anybody. */
function sameInside(a: object, b: object, under: Pairs): boolean {
  const tag = tagOf(a);
  if (tag !== tagOf(b)) return false;
  if (a instanceof Map) return b instanceof Map && sameMembers([...a], [...b], under);
  if (a instanceof Set) return b instanceof Set && sameMembers([...a], [...b], under);
  if (ArrayBuffer.isView(a)) return ArrayBuffer.isView(b) && sameBytes(bytesOf(a), bytesOf(b));
  if (a instanceof ArrayBuffer) return b instanceof ArrayBuffer && sameBytes(bytesOf(a), bytesOf(b));
  if (a instanceof RegExp)
    return b instanceof RegExp && String(a) === String(b) && a.lastIndex === b.lastIndex;
  if (boxes.some(box => a instanceof box && tag === box.name)) return Object.is(a.valueOf(), b.valueOf());
  return !closed.some(kind => a instanceof kind);
}

/** What holds one plain value, and what nobody can look into. */
const boxes = [Date, Number, String, Boolean, BigInt, Symbol];
const closed = [Promise, WeakMap, WeakSet, WeakRef];

const bytesOf = (value: ArrayBuffer | ArrayBufferView): Uint8Array =>
  ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value);

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** Each of one side has a partner of its own on the other. */
function sameMembers(a: readonly unknown[], b: readonly unknown[], under: Pairs): boolean {
  if (a.length !== b.length) return false;
  const left = [...b];
  return a.every(member => {
    const at = left.findIndex(other => alike(member, other, under));
    if (at < 0) return false;
    left.splice(at, 1);
    return true;
  });
}
