import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AskedRequest, WholeAnswer } from './dashboard-request.js';
import type { StreamAnswer } from './dashboard-routes.js';
import type { ViewerSink } from './viewer.js';

/** What frameworks that read bodies leave on a request. */
type Parsed = IncomingMessage & { readonly body?: unknown };

/** A response of HTTP/2 has its stream apart. */
type Streamed = ServerResponse & {
  readonly stream?: { readonly writableLength: number; destroy(): void };
};

/** A request of `node:http`, or of what builds on it. */
export function askedOf(request: IncomingMessage, path: string, search: string): AskedRequest {
  return {
    method: request.method ?? 'GET',
    path,
    query: new URLSearchParams(search),
    header: name => {
      const value = request.headers[name.toLowerCase()];
      // A request of HTTP/2 has no host but this one.
      if (value === undefined && name.toLowerCase() === 'host') return authorityOf(request);
      return Array.isArray(value) ? value.join(', ') : value;
    },
    raw: request,
    body: maxBytes => bodyOf(request, maxBytes),
  };
}

function authorityOf(request: IncomingMessage): string | undefined {
  const authority = request.headers[':authority'];
  return Array.isArray(authority) ? authority[0] : authority;
}

async function bodyOf(request: Parsed, maxBytes: number): Promise<string> {
  const { body } = request;
  if (typeof body === 'string') return body;
  if (body !== undefined && body !== null) return JSON.stringify(body);
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new RangeError(`more than ${maxBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Writes an answer, and goes on with one that does until the other side is gone. */
export function writeAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  answer: WholeAnswer | StreamAnswer,
): void {
  // A client that is gone is no error of this process.
  response.on('error', () => {});
  response.writeHead(answer.status, { ...answer.headers });
  if ('body' in answer) {
    if (request.method === 'HEAD') response.end();
    else response.end(answer.body);
    return;
  }
  response.flushHeaders();
  const leave = answer.join(sinkOf(response));
  response.on('close', leave);
  if (response.destroyed) leave();
}

function sinkOf(response: Streamed): ViewerSink {
  return {
    write: text => {
      response.write(text);
    },
    pendingBytes: () => response.stream?.writableLength ?? response.writableLength,
    end: () => {
      response.end();
    },
    destroy: () => {
      if (response.stream === undefined) response.destroy();
      else response.stream.destroy();
    },
  };
}
