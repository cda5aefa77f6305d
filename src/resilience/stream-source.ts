import type { Streamable } from './stream-options.js';

/** Where the chunks of a stream come from. */
export interface ChunkSource {
  /** The next chunk, or the end. May throw at once, like anything of the user's. */
  next(): PromiseLike<IteratorResult<unknown, unknown>>;
  /** Nobody wants any more of it. What goes wrong with that concerns nobody either. */
  cancel(reason: unknown): void;
}

const ignore = (): void => {};

export function isResponse(value: unknown): value is Response {
  const it = value as Partial<Response> | null | undefined;
  return typeof it?.status === 'number' && typeof it.headers === 'object' && 'body' in it;
}

export function isReadable(value: unknown): value is ReadableStream<unknown> {
  return typeof (value as Partial<ReadableStream> | null | undefined)?.getReader === 'function';
}

/**
 * Where the chunks of `value` come from; `undefined` for a response without a body.
 * @throws TypeError when it has none, or is being read already.
 */
export function sourceOf(owner: string, value: Streamable): ChunkSource | undefined {
  if (isResponse(value)) return value.body === null ? undefined : readerSource(value.body);
  if (isReadable(value)) return readerSource(value);
  if (typeof (value as Partial<AsyncIterable<unknown>> | undefined)?.[Symbol.asyncIterator] === 'function') {
    return iteratorSource(value[Symbol.asyncIterator]());
  }
  const got = value === null ? 'null' : typeof value;
  throw new TypeError(`${owner}: the operation must answer a Response, a stream or an iterable, got ${got}`);
}

function readerSource(stream: ReadableStream<unknown>): ChunkSource {
  const reader = stream.getReader();
  return {
    next: () => reader.read() as Promise<IteratorResult<unknown, unknown>>,
    cancel: reason => {
      reader.cancel(reason).catch(ignore);
    },
  };
}

function iteratorSource(iterator: AsyncIterator<unknown, unknown>): ChunkSource {
  return {
    next: () => iterator.next(),
    cancel() {
      try {
        Promise.resolve(iterator.return?.()).catch(ignore);
      } catch {
        // As above: it is over in any case.
      }
    },
  };
}
