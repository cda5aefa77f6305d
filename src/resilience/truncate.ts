/** Whether `truncated` can make something of a value. */
export function canTruncate(value: unknown): boolean {
  return hasBody(value) || isAsyncIterable(value);
}

/** The same answer, which breaks off with `error` after so many bytes of its body, or items of itself. */
export function truncated(value: unknown, after: number, error: () => unknown): unknown {
  if (hasBody(value)) return truncatedResponse(value, after, error);
  return isAsyncIterable(value) ? cutItems(value, after, error) : value;
}

function hasBody(value: unknown): value is Response {
  return (
    typeof Response === 'function' && value instanceof Response && value.body !== null && !value.bodyUsed
  );
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

function truncatedResponse(response: Response, after: number, error: () => unknown): Response {
  const cut = new Response(response.body!.pipeThrough(cutBytes(after, error)), response);
  // What no constructor takes.
  for (const fact of ['url', 'redirected', 'type'] as const) {
    Object.defineProperty(cut, fact, { value: response[fact] });
  }
  return cut;
}

function cutBytes(after: number, error: () => unknown): TransformStream<Uint8Array, Uint8Array<ArrayBuffer>> {
  let left = after;
  return new TransformStream({
    transform(chunk, controller) {
      const taken = Math.min(left, chunk.byteLength);
      if (taken > 0) controller.enqueue(chunk.slice(0, taken));
      left -= taken;
      if (taken < chunk.byteLength) controller.error(error());
    },
  });
}

/** An answer that ends by itself before that is not touched. */
async function* cutItems(
  items: AsyncIterable<unknown>,
  after: number,
  error: () => unknown,
): AsyncGenerator<unknown> {
  let left = after;
  for await (const item of items) {
    if (left-- === 0) throw error();
    yield item;
  }
}
