import { type IncomingMessage, ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type GatewayAnswer, problem } from '../../gateway/problem.js';

const statuses: Readonly<Record<string, readonly [status: number, why: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'the fields are too large'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'the extensions of a chunk are too large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'the request took too long'],
};

/** The answer to what is no HTTP. */
export function answerTo(error: Error & { readonly code?: string }): GatewayAnswer {
  const [status, why] = statuses[error.code ?? ''] ?? [400, 'this is no HTTP'];
  return problem(status, why, { close: true });
}

/** Writes an answer to a connection that has no request, and ends it. */
export function writeRaw(socket: Socket, { status, fields, body = '' }: GatewayAnswer): void {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
  for (let at = 0; at < fields.length; at += 2) head += `${fields[at]}: ${fields[at + 1]}\r\n`;
  const text = typeof body === 'string' ? body : '';
  head += `Content-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n`;
  socket.end(head + text, () => socket.destroy());
}

/**
 * The parser has let go of a connection: the answer to what it asked last is written by this. `undefined`
 * where it has asked for something before that is not answered yet: answers would come in the wrong order, so
 * the connection is destroyed.
 */
export function lastResponse(request: IncomingMessage, socket: Socket): ServerResponse | undefined {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  try {
    response.assignSocket(socket);
  } catch {
    socket.destroy();
    return undefined;
  }
  response.once('finish', () => socket.end(() => socket.destroy()));
  return response;
}
