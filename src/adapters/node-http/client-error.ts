import { type IncomingMessage, ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type GatewayAnswer, problem } from '../../gateway/problem.js';
import type { OpenExchange } from './gateway-shell.js';

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

/** The parser has let go of a connection: the answer to what it asked last is written by this. */
export function lastResponse(request: IncomingMessage, socket: Socket): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  response.once('finish', () => socket.end(() => socket.destroy()));
  return response;
}

/** What has come on a connection is no HTTP: answers it, or the request that is under way there. */
export function answerBroken(
  open: Iterable<OpenExchange>,
  error: Error & { readonly code?: string },
  socket: Socket,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  for (const exchange of open) {
    if (exchange.socket !== socket) continue;
    exchange.refuse(answerTo(error));
    return;
  }
  writeRaw(socket, answerTo(error));
}
