import type { AskedRequest, WholeAnswer } from './dashboard-request.js';
import type { StreamAnswer } from './dashboard-routes.js';

/** What may wait in the stream before it counts as waiting, in bytes. */
const ROOM = 65_536;

/** A `Request` of the fetch standard. */
export function askedOfFetch(request: Request, path: string, search: string): AskedRequest {
  return {
    method: request.method,
    path,
    query: new URLSearchParams(search),
    header: name => {
      const value = request.headers.get(name);
      // A `Request` that was made by hand has no such field, but its address says the same.
      if (value === null && name.toLowerCase() === 'host') return new URL(request.url).host;
      return value ?? undefined;
    },
    raw: request,
    body: async maxBytes => {
      const decoder = new TextDecoder();
      let text = '';
      let bytes = 0;
      for await (const chunk of chunksOf(request)) {
        bytes += chunk.byteLength;
        if (bytes > maxBytes) throw new RangeError(`more than ${maxBytes} bytes`);
        text += decoder.decode(chunk, { stream: true });
      }
      return text + decoder.decode();
    },
  };
}

async function* chunksOf({ body }: Request): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

/** An answer as a `Response`; one that goes on ends when its body is cancelled, or the request aborts. */
export function responseOf(request: Request, answer: WholeAnswer | StreamAnswer): Response {
  const { status, headers } = answer;
  if ('body' in answer) {
    const bare = status === 304 || request.method === 'HEAD';
    return new Response(bare ? null : answer.body, { status, headers });
  }
  const encoder = new TextEncoder();
  let leave = (): void => {};
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let open = true;
        const close = (how: () => void): void => {
          if (!open) return;
          open = false;
          how();
        };
        leave = answer.join({
          write: text => {
            if (open) controller.enqueue(encoder.encode(text));
          },
          pendingBytes: () => Math.max(0, ROOM - (controller.desiredSize ?? ROOM)),
          end: () => close(() => controller.close()),
          destroy: () => close(() => controller.error(new Error('the viewer has stopped reading'))),
        });
        request.signal.addEventListener('abort', () => {
          leave();
          close(() => controller.close());
        });
      },
      cancel: () => leave(),
    },
    { highWaterMark: ROOM, size: chunk => chunk.byteLength },
  );
  return new Response(body, { status, headers });
}
