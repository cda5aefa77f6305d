/**
 * Whether a value yields what it holds to one reader only: a stream, an iterator, or what has a body that
 * nobody has read yet, such as the `Response` of a fetch. The second to be handed it would find it empty.
 */
export function isReadOnce(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
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
