import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHead } from '../../gateway/gateway-request.js';
import { type GatewayAnswer, problem } from '../../gateway/problem.js';
import { checkKeys, refuse } from '../../kernel/options.js';
import { FetchRequest, type FetchSocket, fieldsOf } from './fetch-request.js';
import { FetchResponse } from './fetch-response.js';

/** What is said of a request that came by no socket of the gateway. */
export interface GatewayFetchOptions {
  /**
   * The address of who is connected, as the server says that took the request. Without it limits by `ip` and
   * rules by address let nobody in, and no peer is trusted.
   * @default unknown
   */
  readonly address?: string | undefined;
}

/** An answer of our own, as a `Response`. */
function responseOf({ status, fields, body }: GatewayAnswer): Response {
  const headers = new Headers();
  for (let at = 0; at < fields.length; at += 2) headers.append(fields[at]!, fields[at + 1]!);
  return new Response(body as string, { status, headers });
}

/** Answers a `Request` by a handler for `node:http`, streaming both ways. */
export async function fetchBy(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  request: Request,
  options: GatewayFetchOptions,
  closing: boolean,
): Promise<Response> {
  checkKeys('fetch', options, ['address']);
  const { address } = options;
  if (!(request instanceof Request)) refuse('fetch', 'request', 'a Request', request);
  if (address !== undefined && typeof address !== 'string') refuse('fetch', 'address', 'a string', address);
  if (request.bodyUsed) return responseOf(bodyWasRead());
  if (closing) return responseOf(problem(503, 'the gateway is closing', { retryAfterMs: 1_000 }));
  const { signal } = request;
  signal.throwIfAborted();
  const outgoing = new FetchResponse(request.method === 'HEAD');
  const socket: FetchSocket = {
    remoteAddress: address,
    ...(request.url.startsWith('https:') && { encrypted: true as const }),
    destroy: () => outgoing.destroy(),
    setTimeout: (ms, onLate) => outgoing.setTimeout(ms, onLate),
  };
  const incoming = new FetchRequest(request, socket);
  const abort = (): void => {
    outgoing.destroy(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
  };
  signal.addEventListener('abort', abort, { once: true });
  outgoing.once('close', () => {
    signal.removeEventListener('abort', abort);
    incoming.destroy();
  });
  // Where a body breaks off there is nobody to answer either.
  incoming.once('error', error => outgoing.destroy(error));
  handler(incoming.message, outgoing.message);
  return outgoing.response;
}

/** The head of a `Request`, as routes are found by it. */
export function headOfRequest(request: Request): RequestHead {
  const url = new URL(request.url);
  const [target, fields] = [url.pathname + url.search, fieldsOf(request, url)];
  return { method: request.method, target, version: '1.1', fields, peer: '', scheme: 'http' };
}

/** The answer where somebody has read the body before: what is gone cannot be handed on. */
function bodyWasRead(): GatewayAnswer {
  console.error(
    'keelson: the body of a request was read before the gateway got it; mount it before what parses bodies',
  );
  return problem(500, 'the body was read before the gateway got the request', { close: true });
}

/** Whether somebody has read the body of a message before; then it is answered here. */
export function refuseReadBody(request: IncomingMessage, response: ServerResponse): boolean {
  const { headers, readableDidRead } = request;
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0;
  if (!readableDidRead || !hasBody) return false;
  const { status, fields, body = '' } = bodyWasRead();
  response.shouldKeepAlive = false;
  response.writeHead(status, [...fields]).end(body);
  return true;
}
