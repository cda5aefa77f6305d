import type { Streamable } from './stream-options.js';
import { isReadable, isResponse } from './stream-source.js';

/** Where the chunks of a guarded stream are asked for. */
export interface ChunkReader {
  read(): Promise<IteratorResult<unknown, unknown>>;
  leave(cause?: unknown): void;
}

/** A stream of the same kind as `value`, whose chunks come from `reader`. */
export function guardedOf(value: Streamable, reader: ChunkReader): Streamable {
  if (isResponse(value)) return responseOf(value, readableOf(reader));
  return isReadable(value) ? readableOf(reader) : generatorOf(reader);
}

/** Asks for a chunk when one is read, and never before. */
function readableOf(reader: ChunkReader): ReadableStream<unknown> {
  return new ReadableStream<unknown>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel: reason => reader.leave(reason),
    },
    { highWaterMark: 0 },
  );
}

/** The same answer with another body. The constructor knows no `url`, `redirected` and `type`. */
function responseOf(from: Response, body: ReadableStream<unknown>): Response {
  const { status, statusText, headers, url, redirected, type } = from;
  const response = new Response(body as ReadableStream<Uint8Array>, { status, statusText, headers });
  return Object.defineProperties(response, {
    url: { value: url },
    redirected: { value: redirected },
    type: { value: type },
  });
}

/**
 * Written out, for a real generator would not hear of a `return` before its first chunk, nor while it waits
 * for the next one.
 */
function generatorOf(reader: ChunkReader): AsyncGenerator<unknown, unknown, unknown> {
  const generator = {
    next: () => reader.read(),
    return: (value?: unknown) => {
      reader.leave();
      return Promise.resolve({ done: true as const, value });
    },
    throw: (error: unknown) => {
      reader.leave(error);
      return Promise.reject(error);
    },
    [Symbol.asyncIterator]: () => generator,
    // Where the runtime has no such symbol, a property of another name.
    [Symbol.asyncDispose ?? '@@asyncDispose']: async () => reader.leave(),
  };
  return generator as unknown as AsyncGenerator<unknown, unknown, unknown>;
}
