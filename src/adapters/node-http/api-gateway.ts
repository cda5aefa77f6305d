import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TlsOptions } from 'node:tls';
import { describeGateway } from '../../gateway/describe-gateway.js';
import { eventNames, type GatewayEvents } from '../../gateway/gateway-events.js';
import { GatewayFront } from '../../gateway/gateway-front.js';
import type { GatewayOptions } from '../../gateway/gateway-options.js';
import type { GatewayRoute } from '../../gateway/gateway-route.js';
import { problem } from '../../gateway/problem.js';
import { Emitter, type Listener, type Observable } from '../../kernel/events.js';
import { checkFlag, checkNumber, isRecord, refuse } from '../../kernel/options.js';
import { DueTimer } from '../../resilience/due-timer.js';
import {
  type ApiGatewayOptions,
  apiGatewayDefaults,
  type CloseOptions,
  type GatewayListenOptions,
} from './api-gateway-options.js';
import { lastResponse, writeRaw } from './client-error.js';
import { Connections } from './connections.js';
import { Exchange } from './exchange.js';
import { fetchBy, type GatewayFetchOptions, headOfRequest, refuseReadBody } from './gateway-fetch.js';
import { GatewayServer, urlOf } from './gateway-server.js';
import type { GatewayShell, OpenExchange } from './gateway-shell.js';
import { type GatewaySnapshot, snapshotOf } from './gateway-snapshot.js';
import { failureTeller, tellReplaced } from './gateway-tell.js';
import { HttpEngine } from './http-engine.js';
import { Http2Request } from './http2-request.js';
import { Http2Response } from './http2-response.js';
import { inform } from './interim-answer.js';
import { Mirrors } from './mirrors.js';
import { headOf } from './request-head.js';
import { ResponseCache } from './response-cache.js';
import { checkLimits, type ServerLimits } from './server-limits.js';
import { SlowClients } from './slow-clients.js';
import type { Tunnel } from './tunnel.js';
import type { UpstreamEngine } from './upstream-engine.js';

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
  #tls: TlsOptions | undefined;
  readonly #http2: boolean;
  readonly #open = new Map<OpenExchange, true>();
  readonly #shell: GatewayShell;
  readonly #slow: SlowClients;
  readonly #tunnels = new Set<Tunnel>();
  readonly #connections: Connections;
  #server: GatewayServer | undefined;
  #events: Emitter<GatewayEvents> | undefined;
  #closing: Promise<void> | undefined;
  #idle: (() => void) | undefined;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: ApiGatewayOptions) {
    const { engine, limits = {}, tls, http2 = false, ...rest } = options ?? {};
    this.#front = new GatewayFront(rest as GatewayOptions);
    if (engine !== undefined && typeof engine.send !== 'function') {
      refuse('ApiGateway', 'engine', 'an UpstreamEngine', engine);
    }
    if (tls !== undefined && !isRecord(tls)) refuse('ApiGateway', 'tls', 'an object', tls);
    this.#http2 = checkFlag('ApiGateway', 'http2', http2);
    if (http2 && tls === undefined) throw new TypeError('ApiGateway: `http2` needs `tls`');
    this.#limits = checkLimits(limits);
    this.#slow = new SlowClients(this.#open, this.#limits.sendTimeoutMs);
    this.#connections = new Connections(this.#limits.maxStreamsPerConnection);
    this.#engine = engine ?? new HttpEngine();
    this.#tls = tls;
    this.#shell = this.#makeShell();
    this.#front.onFailure = failureTeller(this.#shell);
    this.handler = (request, response) => {
      // A version says little: in HTTP/1 a client may write any.
      if ('stream' in request) {
        this.#serveHttp2(request as never, response as never);
        return;
      }
      if (refuseReadBody(request, response) || !this.#connections.takes(request.socket)) return;
      this.#start(this.#connections.begun(new Exchange(this.#shell, request, response)));
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
    this.#server = this.#makeServer();
    const found = await this.#server.listen(port, host);
    return { port: found, url: urlOf(this.#tls !== undefined, host, found) };
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

  /**
   * From now on new connections get this key and certificate; those that are there keep theirs. Whether
   * clients are asked for certificates stays as it was.
   *
   * @throws TypeError for a gateway without `tls`; what `node:tls` throws for what cannot be.
   */
  replaceTls(tls: TlsOptions): void {
    if (!isRecord(tls)) refuse('ApiGateway', 'tls', 'an object', tls);
    if (this.#tls === undefined) throw new TypeError('ApiGateway: it has no `tls` that could be replaced');
    const all = { ...this.#tls, ...tls };
    this.#server?.replaceTls(all);
    this.#tls = all;
  }

  on<Name extends keyof GatewayEvents>(event: Name, listener: Listener<GatewayEvents[Name]>): () => void {
    this.#events ??= new Emitter<GatewayEvents>(eventNames());
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
   * what is under way has `graceMs` to end. Clients of WebSockets are told, and have `tunnelGraceMs`.
   * Resolves when all is over.
   */
  close({ graceMs = 10_000, tunnelGraceMs = graceMs / 2 }: CloseOptions = {}): Promise<void> {
    checkNumber('close', 'graceMs', graceMs, { min: 0, max: 2 ** 31 - 1 });
    checkNumber('close', 'tunnelGraceMs', tunnelGraceMs, { min: 0, max: 2 ** 31 - 1 });
    this.#closing ??= this.#close(graceMs, Math.min(tunnelGraceMs, graceMs));
    return this.#closing;
  }

  /** Closes it at once: what is under way is cut off. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close({ graceMs: 0 });
  }

  async #close(graceMs: number, tunnelGraceMs: number): Promise<void> {
    this.#front.draining = true;
    const closed = this.#server?.close();
    for (const tunnel of this.#tunnels) tunnel.leave();
    const endTunnels = (): void => {
      for (const tunnel of this.#tunnels) tunnel.destroy();
    };
    const tunnelTimer = setTimeout(endTunnels, tunnelGraceMs);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>(resolve => {
      timer = setTimeout(resolve, graceMs);
    });
    const idle = new Promise<void>(resolve => {
      this.#idle = resolve;
      if (this.#open.size === 0) resolve();
    });
    await Promise.race([idle, late]);
    clearTimeout(tunnelTimer);
    endTunnels();
    await Promise.race([this.#server?.flushed(), late]);
    clearTimeout(timer);
    for (const exchange of this.#open.keys()) exchange.cut();
    this.#server?.destroy();
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
      doomed: this.#connections.doomed,
      ended: exchange => gateway.#ended(exchange),
      inform,
    };
  }

  #start(exchange: Exchange): void {
    this.#open.set(exchange, true);
    this.#slow.begin();
    exchange.start();
  }

  #ended(exchange: OpenExchange): void {
    this.#open.delete(exchange);
    this.#slow.ended(exchange);
    this.#connections.ended(exchange);
    if (this.#open.size === 0) this.#idle?.();
  }

  #upgrade(request: IncomingMessage, socket: Socket, first: Uint8Array): void {
    socket.on('error', () => {});
    if (this.#shell.doomed.has(socket)) return;
    const response = lastResponse(request, socket);
    if (response === undefined) return;
    const { headers, method, httpVersion } = request;
    if (headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 0) {
      writeRaw(socket, problem(400, 'a body and another protocol', { close: true }));
      return;
    }
    const asks = headers.upgrade?.toLowerCase() === 'websocket' && method === 'GET';
    // Any other protocol is not spoken here: the request is one as if it had not asked.
    const asked = asks && httpVersion !== '1.0' ? { socket, first } : undefined;
    this.#start(new Exchange(this.#shell, request, response, asked));
  }

  /** The same request and answer, whatever carries them. */
  #serveHttp2(asked: Http2ServerRequest, answer: Http2ServerResponse): void {
    const request = new Http2Request(asked);
    const response = new Http2Response(request, answer);
    const exchange = new Exchange(this.#shell, request as never, response as never);
    this.#start(exchange);
    if (request.complete) return;
    const late = (): void => exchange.refuse(problem(408, 'the request took too long', { close: true }));
    const due = this.#shell.due.add(late, this.#front.plan.clock.now() + this.#limits.requestTimeoutMs);
    request.once('end', () => this.#shell.due.remove(due));
    request.once('close', () => this.#shell.due.remove(due));
  }

  #makeServer(): GatewayServer {
    const { maxFieldBytes, maxTargetLength, maxFieldCount } = this.#front.plan;
    // Ours are told apart by what is too large; this one is the last resort.
    const maxHeadBytes = maxFieldBytes + maxTargetLength + 4_096;
    return new GatewayServer(
      { limits: this.#limits, maxHeadBytes, maxFieldCount, tls: this.#tls, http2: this.#http2 },
      {
        ...{ handler: this.handler, upgradeHandler: this.upgradeHandler },
        clientError: (error, socket) => this.#connections.broken(error, socket),
      },
    );
  }
}
