import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TlsOptions } from 'node:tls';
import { describeGateway } from '../../gateway/describe-gateway.js';
import { eventNames, type GatewayEvents } from '../../gateway/gateway-events.js';
import { GatewayFront } from '../../gateway/gateway-front.js';
import type { GatewayOptions } from '../../gateway/gateway-options.js';
import type { GatewayRoute } from '../../gateway/gateway-route.js';
import { problem } from '../../gateway/problem.js';
import { Emitter, type Listener, type Observable } from '../../kernel/events.js';
import { checkNumber, refuse } from '../../kernel/options.js';
import { DueTimer } from '../../resilience/due-timer.js';
import { apiGatewayDefaults } from './api-gateway-defaults.js';
import { answerTo, writeRaw } from './client-error.js';
import { Exchange, headOf } from './exchange.js';
import { fetchBy, type GatewayFetchOptions, headOfRequest, refuseReadBody } from './gateway-fetch.js';
import type { GatewayShell, OpenExchange } from './gateway-shell.js';
import { type GatewaySnapshot, snapshotOf } from './gateway-snapshot.js';
import { tellReplaced } from './gateway-tell.js';
import { HttpEngine } from './http-engine.js';
import { inform } from './interim-answer.js';
import { Mirrors } from './mirrors.js';
import { ResponseCache } from './response-cache.js';
import { checkLimits, type ServerLimits } from './server-limits.js';
import type { UpstreamEngine } from './upstream-engine.js';

/** How a gateway on `node:http` is set up. */
export interface ApiGatewayOptions extends GatewayOptions {
  /** What speaks to upstreams. @default a new HttpEngine */
  readonly engine?: UpstreamEngine;
  /** What the server of `listen` takes of its clients. @default those of `ServerLimits` */
  readonly limits?: ServerLimits;
  /** Key and certificate, for a server that speaks TLS. @default plain HTTP */
  readonly tls?: TlsOptions;
}

/** Where a gateway listens. */
export interface GatewayListenOptions {
  /** 0 for any that is free. */
  readonly port: number;
  /** The address, or its name. @default all addresses */
  readonly host?: string;
}

/** How a gateway is closed. */
export interface CloseOptions {
  /** How long requests under way may still take, in ms; then they are cut off. @default 10_000 */
  readonly graceMs?: number;
}

/**
 * The single entry point of a system, in your own process: finds the route of a request, and who asks, and
 * hands it on to where it belongs.
 *
 * @example
 * ```ts
 * import { ApiGateway } from 'keelson/gateway';
 *
 * const gateway = new ApiGateway({
 *   routes: [{ path: '/ping', reply: { body: 'pong' } }],
 * });
 * const { url } = await gateway.listen({ port: 0, host: '127.0.0.1' });
 * await (await fetch(`${url}/ping`)).text(); // => 'pong'
 * await gateway.close();
 * ```
 */
export class ApiGateway implements Observable<GatewayEvents> {
  /** Answers requests of a server of yours; give it `checkContinue` and `checkExpectation` as well. */
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
  /** Answers `upgrade` of a server of yours. */
  readonly upgradeHandler: (request: IncomingMessage, socket: Duplex, first: Uint8Array) => void;
  readonly #front: GatewayFront;
  readonly #engine: UpstreamEngine;
  readonly #limits: Required<ServerLimits>;
  readonly #tls: TlsOptions | undefined;
  readonly #open = new Map<OpenExchange, true>();
  readonly #shell: GatewayShell;
  readonly #tunnels = new Set<Duplex>();
  #server: Server | undefined;
  #events: Emitter<GatewayEvents> | undefined;
  #closing: Promise<void> | undefined;
  #idle: (() => void) | undefined;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: ApiGatewayOptions) {
    const { engine, limits = {}, tls, ...rest } = options ?? {};
    this.#front = new GatewayFront(rest as GatewayOptions);
    if (engine !== undefined && typeof engine.send !== 'function') {
      refuse('ApiGateway', 'engine', 'an UpstreamEngine', engine);
    }
    this.#limits = checkLimits(limits);
    this.#engine = engine ?? new HttpEngine();
    this.#tls = tls;
    this.#shell = this.#makeShell();
    this.handler = (request, response) => {
      // What follows a request that could not be read is no request, however much it looks like one.
      if (this.#shell.doomed.has(request.socket)) return;
      if (refuseReadBody(request, response)) return;
      this.#start(new Exchange(this.#shell, request, response));
    };
    this.upgradeHandler = (request, socket, first) => this.#upgrade(request, socket as Socket, first);
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof apiGatewayDefaults {
    return apiGatewayDefaults;
  }

  /** Takes requests from now on; resolves with where. */
  async listen({
    port,
    host,
  }: GatewayListenOptions): Promise<{ readonly port: number; readonly url: string }> {
    checkNumber('listen', 'port', port, { min: 0, max: 65_535, integer: true });
    if (this.#server !== undefined) throw new TypeError('listen: the gateway listens already');
    const server = this.#makeServer();
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    const found = server.address() as AddressInfo;
    const name = host === undefined ? 'localhost' : host.includes(':') ? `[${host}]` : host;
    return { port: found.port, url: `${this.#tls === undefined ? 'http' : 'https'}://${name}:${found.port}` };
  }

  /**
   * Answers a `Request` of fetch, with all that is done for one of a socket; for servers of other runtimes.
   * @throws the reason of its signal when that aborts, as a rejection; TypeError for what is no `Request`.
   */
  fetch(request: Request, options: GatewayFetchOptions = {}): Promise<Response> {
    return fetchBy(this.handler, request, options, this.#front.draining);
  }

  /** Whether a route takes it; if not, somebody else may. What cannot even be read is taken, and refused. */
  takes(request: Request | IncomingMessage): boolean {
    return this.#front.takes(request instanceof Request ? headOfRequest(request) : headOf(request));
  }

  /**
   * From now on these are the routes. Requests under way end by those they began with; with a mistake in the
   * new ones nothing changes.
   *
   * @throws TypeError or RangeError that names the route, the option, the rule and the value.
   */
  replace(routes: readonly GatewayRoute[]): void {
    this.#front.replace(routes);
    this.#shell.cache.clear();
    tellReplaced(this.#shell, routes.length);
  }

  on<Name extends keyof GatewayEvents>(event: Name, listener: Listener<GatewayEvents[Name]>): () => void {
    this.#events ??= new Emitter<GatewayEvents>(eventNames);
    return this.#events.on(event, listener);
  }

  /** How it stands, as JSON. */
  snapshot(): GatewaySnapshot {
    return snapshotOf(this.#shell);
  }

  /** The routes in the order of precedence, in words, as JSON. */
  describe(): Readonly<Record<string, unknown>> {
    return describeGateway(this.#front, this.#engine.name);
  }

  /**
   * Takes no more: readiness says so, idle connections are closed, those in use close with their answers, and
   * what is under way has `graceMs` to end. Tunnels are closed at the end. Resolves when all is over.
   */
  close({ graceMs = 10_000 }: CloseOptions = {}): Promise<void> {
    checkNumber('close', 'graceMs', graceMs, { min: 0, max: 2 ** 31 - 1 });
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  /** Closes it at once: what is under way is cut off. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close({ graceMs: 0 });
  }

  async #close(graceMs: number): Promise<void> {
    this.#front.draining = true;
    const server = this.#server;
    const closed = new Promise<void>(resolve => {
      if (server?.listening !== true) resolve();
      else server.close(() => resolve());
    });
    server?.closeIdleConnections();
    if (this.#open.size > 0 && graceMs > 0) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>(resolve => {
        this.#idle = resolve;
        timer = setTimeout(resolve, graceMs);
      });
      clearTimeout(timer);
    }
    for (const socket of this.#tunnels) socket.destroy();
    for (const { socket } of this.#open.keys()) socket.destroy();
    server?.closeAllConnections();
    this.#shell.mirrors.close();
    this.#shell.cache.close();
    await closed;
    this.#engine.close();
  }

  #makeShell(): GatewayShell {
    const gateway = this;
    const { clock, maxCacheEntries, maxCacheBytes } = this.#front.plan;
    return {
      ...{ front: this.#front, engine: this.#engine, tunnels: this.#tunnels },
      mirrors: new Mirrors(() => this.#shell),
      cache: new ResponseCache(() => this.#shell, maxCacheEntries, maxCacheBytes),
      due: new DueTimer<() => void>(clock, expire => expire()),
      get events() {
        return gateway.#events;
      },
      get closing() {
        return gateway.#front.draining;
      },
      get inFlight() {
        return gateway.#open.size;
      },
      doomed: new WeakSet<Socket>(),
      ended: exchange => gateway.#ended(exchange),
      inform,
    };
  }

  #start(exchange: Exchange): void {
    this.#open.set(exchange, true);
    exchange.start();
  }

  #ended(exchange: OpenExchange): void {
    this.#open.delete(exchange);
    if (this.#open.size === 0) this.#idle?.();
  }

  /** The parser has let go of the connection: the answer is written by a response of our own. */
  #upgrade(request: IncomingMessage, socket: Socket, first: Uint8Array): void {
    socket.on('error', () => {});
    if (this.#shell.doomed.has(socket)) return;
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => socket.end(() => socket.destroy()));
    const { headers, method } = request;
    if (headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0) {
      writeRaw(socket, problem(400, 'a body and another protocol', { close: true }));
      return;
    }
    const asksWebSocket = headers.upgrade?.toLowerCase() === 'websocket' && method === 'GET';
    // Any other protocol is not spoken here: the request is one as if it had not asked.
    const asked = asksWebSocket ? { socket, first } : undefined;
    this.#start(new Exchange(this.#shell, request, response, asked));
  }

  #makeServer(): Server {
    const { headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs, maxConnections } = this.#limits;
    const { maxFieldBytes, maxTargetLength } = this.#front.plan;
    const options = {
      ...{ insecureHTTPParser: false, headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs },
      ...{ keepAliveTimeout: keepAliveTimeoutMs, noDelay: true },
      // Ours are told apart by what is too large; this one is the last resort.
      maxHeaderSize: maxFieldBytes + maxTargetLength + 4_096,
      connectionsCheckingInterval: Math.max(50, Math.min(30_000, headersTimeoutMs / 4)),
      // The gateway says what is wrong by itself.
      requireHostHeader: false,
    };
    const server =
      this.#tls === undefined ? createServer(options) : createSecureServer({ ...this.#tls, ...options });
    server.maxHeadersCount = 0;
    server.maxConnections = maxConnections;
    server.maxRequestsPerSocket = this.#limits.maxRequestsPerConnection;
    server.on('request', this.handler);
    server.on('checkContinue', this.handler);
    server.on('checkExpectation', this.handler);
    server.on('upgrade', this.upgradeHandler);
    server.on('connect', (_, socket: Duplex) => {
      socket.on('error', () => {});
      writeRaw(socket as Socket, problem(405, 'there are no tunnels here', { fields: ['Allow', ''] }));
    });
    server.on('clientError', (error: Error & { code?: string }, socket: Duplex) => {
      this.#clientError(error, socket as Socket);
    });
    return server;
  }

  #clientError(error: Error & { readonly code?: string }, socket: Socket): void {
    const under = [...this.#open.keys()].find(exchange => exchange.socket === socket);
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
    } else if (under !== undefined) {
      under.refuse(answerTo(error));
    } else {
      writeRaw(socket, answerTo(error));
    }
  }
}
