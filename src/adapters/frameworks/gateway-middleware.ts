import type { IncomingMessage, ServerResponse } from 'node:http';
import { refuse } from '../../kernel/options.js';
import type { ApiGateway } from '../node-http/api-gateway.js';

/** A middleware of Express, 4 or 5, of Connect, and of what calls its own alike. */
export type GatewayMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * A gateway in an application of Express: what no route takes, by its path and method, goes on to `next`. It
 * sees the path as Express does, without where it is mounted. It belongs before what parses bodies: one that
 * was read is answered with 500.
 *
 * @throws TypeError for what is no gateway.
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { ApiGateway, gatewayMiddleware } from 'keelson/gateway';
 *
 * const gateway = new ApiGateway({ routes: [{ path: '/ping', reply: { body: 'pong' } }] });
 * const middleware = gatewayMiddleware(gateway);
 * const server = createServer((request, response) => {
 *   middleware(request, response, () => response.writeHead(404).end());
 * });
 * server.listening; // => false
 * ```
 */
export function gatewayMiddleware(gateway: ApiGateway): GatewayMiddleware {
  checkGateway('gatewayMiddleware', gateway);
  return (request, response, next) => {
    if (gateway.takes(request)) gateway.handler(request, response);
    else next();
  };
}

/** @throws TypeError for what is no gateway. */
export function checkGateway(owner: string, gateway: unknown): void {
  const { handler, takes } = (gateway ?? {}) as Partial<ApiGateway>;
  if (typeof handler !== 'function' || typeof takes !== 'function') {
    refuse(owner, 'gateway', 'an ApiGateway', gateway);
  }
}
