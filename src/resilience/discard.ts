/** What an answer that nobody will read may know about being let go. */
interface Discardable {
  [Symbol.asyncDispose]?(): PromiseLike<void>;
  [Symbol.dispose]?(): void;
  readonly body?: { cancel?(): PromiseLike<void> } | null;
  // A web stream has both.
  readonly getReader?: unknown;
  cancel?(): PromiseLike<void>;
}

/**
 * Lets go of an answer that nobody will read: by `onDiscard` if given, else by its own dispose method, else
 * by cancelling it as a web stream, or the body that it has as a fetch response. What goes wrong meanwhile
 * goes to `onError`.
 */
export function discard<T>(
  value: T,
  onDiscard: ((value: T) => unknown) | undefined,
  onError: (error: unknown) => void,
): void {
  try {
    const done = onDiscard === undefined ? disposeOf(value) : onDiscard(value);
    Promise.resolve(done).then(undefined, onError);
  } catch (error) {
    onError(error);
  }
}

function disposeOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const it = value as Discardable;
  if (typeof it[Symbol.asyncDispose] === 'function') return it[Symbol.asyncDispose]!();
  if (typeof it[Symbol.dispose] === 'function') return it[Symbol.dispose]!();
  if (typeof it.getReader === 'function' && typeof it.cancel === 'function') return it.cancel();
  return typeof it.body?.cancel === 'function' ? it.body.cancel() : undefined;
}
