import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiGateway } from '../node-http/api-gateway.js';
import { checkGateway } from './gateway-middleware.js';

/** What is used of a request of Fastify. */
export interface FastifyRequestPart {
  /** The message of `node:http`. */
  readonly raw: IncomingMessage;
}

/** What is used of a reply of Fastify. */
export interface FastifyReplyPart {
  /** The response of `node:http`. */
  readonly raw: ServerResponse;
  /** Says that somebody else answers. */
  hijack(): unknown;
  /** Answers that there is no such route. */
  callNotFound(): unknown;
}

/** What is used of an instance of Fastify, 5 or later. */
export interface FastifyPart {
  /** The methods that it knows. */
  readonly supportedMethods: string[];
  /** Forgets what parses bodies, here and not outside of the plugin. */
  removeAllContentTypeParsers(): unknown;
  /** Adds what parses bodies. */
  addContentTypeParser(
    type: string,
    parser: (request: never, payload: never, done: (error: Error | null, body?: unknown) => void) => void,
  ): unknown;
  /** Adds a route. */
  route(route: {
    method: string[];
    url: string;
    handler: (request: FastifyRequestPart, reply: FastifyReplyPart) => unknown;
  }): unknown;
}

/**
 * A plugin of Fastify: what a route of the gateway takes is answered by it, with its body unread; all else is
 * not found. The gateway sees the whole path, a `prefix` included. Hooks of the instance come before it.
 *
 * @throws TypeError for what is no gateway.
 * @example
 * ```ts
 * import { ApiGateway, fastifyGateway } from 'keelson/gateway';
 *
 * const gateway = new ApiGateway({ routes: [{ path: '/api/ping', reply: { body: 'pong' } }] });
 * const plugin = fastifyGateway(gateway);
 * // await app.register(plugin, { prefix: '/api' });
 * plugin.length; // => 1
 * ```
 */
export function fastifyGateway(gateway: ApiGateway): (instance: FastifyPart) => Promise<void> {
  checkGateway('fastifyGateway', gateway);
  return async instance => {
    instance.removeAllContentTypeParsers();
    // What nobody parses goes on as it comes.
    instance.addContentTypeParser('*', (_request, _payload, done) => done(null));
    instance.route({
      method: instance.supportedMethods.filter(method => method !== 'TRACE'),
      url: '/*',
      handler: (request, reply) => {
        if (!gateway.takes(request.raw)) return reply.callNotFound();
        reply.hijack();
        gateway.handler(request.raw, reply.raw);
        return undefined;
      },
    });
  };
}
