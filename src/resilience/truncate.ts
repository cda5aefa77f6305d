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
  const cut = new Response(cutBytes(response.body!, after, error), response);
  // What no constructor takes.
  for (const fact of ['url', 'redirected', 'type'] as const) {
    Object.defineProperty(cut, fact, { value: response[fact] });
  }
  return cut;
}

/** The bytes before the cut are read before the error is: it waits until somebody asks for more. */
function cutBytes(body: ReadableStream<Uint8Array>, after: number, error: () => unknown): ReadableStream {
  const reader = body.getReader();
  let left = after;
  let cut = false;
  const pull = async (controller: ReadableStreamDefaultController): Promise<void> => {
    const { done, value } = cut ? { done: false } : await reader.read();
    if (done) {
      controller.close();
    } else if (value === undefined || left === 0) {
      controller.error(error());
      // Whether the source can be told or not, the reader has got its error.
      reader.cancel().catch(() => {});
    } else {
      const taken = value.subarray(0, left);
      cut = taken.byteLength < value.byteLength;
      left -= taken.byteLength;
      controller.enqueue(taken);
    }
  };
  return new ReadableStream({ pull, cancel: reason => reader.cancel(reason) }, { highWaterMark: 0 });
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
