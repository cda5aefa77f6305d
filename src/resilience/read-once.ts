/** What those get who would be handed a value that {@link isReadOnce}, as an answer of the policy `name`. */
export function readOnceError(name: string): TypeError {
  return new TypeError(`${name}: the answer can be read only once; read it inside the operation`);
}

/**
 * Whether a value yields what it holds to one reader only: a stream, an iterator, or what has a body that
 * nobody has read yet, such as the `Response` of a fetch. The second to be handed it would find it empty.
 */
export function isReadOnce(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  try {
    return yieldsOnce(value);
  } catch {
    // One that throws when asked says nothing.
    return false;
  }
}

function yieldsOnce(value: object): boolean {
  const it = value as {
    readonly body?: unknown;
    readonly bodyUsed?: unknown;
    readonly next?: unknown;
  };
  return isStream(it) || typeof it.next === 'function' || (isStream(it.body) && it.bodyUsed !== true);
}

function isStream(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const stream = value as { readonly getReader?: unknown; readonly pipe?: unknown };
  return typeof stream.getReader === 'function' || typeof stream.pipe === 'function';
}
