import { checkKeys, refuse } from '../../kernel/options.js';
import type { ApiGateway } from '../node-http/api-gateway.js';
import { checkGateway } from './gateway-middleware.js';

/** What is used of a context of Hono. */
export interface HonoContextPart {
  /** The request. */
  readonly req: {
    /** As the server got it. */
    readonly raw: Request;
  };
  /** What the server says of it. */
  readonly env: unknown;
}

/** How a gateway stands in an application of Hono. */
export interface HonoGatewayOptions {
  /**
   * The address of who is connected: `getConnInfo` of the server tells it.
   * @default what `@hono/node-server` says, and else unknown
   */
  readonly address?: (context: HonoContextPart) => string | undefined;
}

interface NodeEnv {
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } };
}

const nodeAddress = ({ env }: HonoContextPart): string | undefined =>
  (env as NodeEnv | null | undefined)?.incoming?.socket?.remoteAddress;

/**
 * A middleware of Hono: what no route takes goes on to the next one. The gateway sees the whole path.
 *
 * @throws TypeError for what is no gateway, or no option.
 * @example
 * ```ts
 * import { ApiGateway, honoGateway } from 'keelson/gateway';
 *
 * const gateway = new ApiGateway({ routes: [{ path: '/ping', reply: { body: 'pong' } }] });
 * const middleware = honoGateway(gateway);
 * // app.use(middleware);
 * const context = { req: { raw: new Request('http://gateway.example/ping') }, env: {} };
 * const answer = await middleware(context, async () => {});
 * answer?.status; // => 200
 * ```
 */
export function honoGateway(
  gateway: ApiGateway,
  options: HonoGatewayOptions = {},
): (context: HonoContextPart, next: () => Promise<void>) => Promise<Response | undefined> {
  checkGateway('honoGateway', gateway);
  checkKeys('honoGateway', options, ['address']);
  const { address = nodeAddress } = options;
  if (typeof address !== 'function') refuse('honoGateway', 'address', 'a function', address);
  return async (context, next) => {
    const { raw } = context.req;
    if (gateway.takes(raw)) return gateway.fetch(raw, { address: address(context) });
    await next();
    return undefined;
  };
}
