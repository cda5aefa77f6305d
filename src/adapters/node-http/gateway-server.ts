import {
  createServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createSecureServer as createHttp2Server } from 'node:http2';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Server as SecureServer, TlsOptions } from 'node:tls';
import { problem } from '../../gateway/problem.js';
import { lastResponse, writeRaw } from './client-error.js';
import { Http2Sessions } from './http2-sessions.js';
import type { ServerLimits } from './server-limits.js';

/** What a server is set up with. */
export interface GatewayServerOptions {
  readonly limits: Required<ServerLimits>;
  /** The largest head that is read at all, in bytes. */
  readonly maxHeadBytes: number;
  readonly maxFieldCount: number;
  readonly tls: TlsOptions | undefined;
  readonly http2: boolean;
}

/** Who answers what comes. */
export interface GatewayHandlers {
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
  readonly upgradeHandler: (request: IncomingMessage, socket: Duplex, first: Uint8Array) => void;
  readonly clientError: (error: Error, socket: Socket) => void;
}

/** The server of a gateway that listens by itself: HTTP/1.1, and HTTP/2 where that is wanted. */
export class GatewayServer {
  readonly #server: Server & Partial<Pick<HttpServer, 'closeIdleConnections' | 'closeAllConnections'>>;
  readonly #sessions: Http2Sessions;
  readonly #sockets = new Set<Socket>();

  constructor(options: GatewayServerOptions, handlers: GatewayHandlers) {
    this.#sessions = new Http2Sessions(options.limits);
    this.#server = this.#make(options);
    const server = this.#server;
    server.maxConnections = options.limits.maxConnections;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('request', handlers.handler);
    server.on('checkContinue', handlers.handler);
    server.on('checkExpectation', handlers.handler);
    server.on('upgrade', handlers.upgradeHandler);
    server.on('connect', (request: IncomingMessage, connection: Duplex | ServerResponse) => {
      // In HTTP/2 it is a request like any other.
      if ('stream' in request) handlers.handler(request, connection as ServerResponse);
      else refuseTunnel(request, connection as Socket);
    });
    const greeted = new WeakSet<Duplex>();
    server.on('secureConnection', (socket: Socket) => greeted.add(socket));
    server.on('clientError', (error: Error, socket: Duplex) => {
      // Who has not come to terms about TLS cannot read an answer.
      if (options.tls !== undefined && !greeted.has(socket)) socket.destroy();
      else handlers.clientError(error, socket as Socket);
    });
  }

  async listen(port: number, host: string | undefined): Promise<number> {
    const server = this.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    return (server.address() as AddressInfo).port;
  }

  /** Of connections that begin from now on. */
  replaceTls(tls: TlsOptions): void {
    (this.#server as SecureServer).setSecureContext(tls);
  }

  /** Takes no more, and ends connections that nobody uses. Resolves when all are over. */
  close(): Promise<void> {
    const server = this.#server;
    const closed = new Promise<void>(resolve => {
      if (server.listening) server.close(() => resolve());
      else resolve();
    });
    server.closeIdleConnections?.();
    this.#sessions.close();
    return closed;
  }

  /** Resolves once the ends of all answers are with the system: in HTTP/2 they wait for their turn. */
  flushed(): Promise<void> {
    return this.#sessions.gone();
  }

  /** Ends all connections. */
  destroy(): void {
    this.#sessions.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }

  #make({ limits, maxHeadBytes, maxFieldCount, tls, http2 }: GatewayServerOptions): Server {
    const { headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs } = limits;
    const options = {
      ...{ insecureHTTPParser: false, headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs },
      ...{ keepAliveTimeout: keepAliveTimeoutMs, noDelay: true, maxHeaderSize: maxHeadBytes },
      connectionsCheckingInterval: Math.max(50, Math.min(30_000, headersTimeoutMs / 4)),
      // The gateway says what is wrong by itself.
      requireHostHeader: false,
    } satisfies ServerOptions;
    const more = { maxHeadersCount: 0, maxRequestsPerSocket: limits.maxRequestsPerConnection };
    // Who does not even finish to greet holds a connection as well.
    const secure = { handshakeTimeout: headersTimeoutMs, ...tls };
    if (tls === undefined) return Object.assign(createServer(options), more);
    if (!http2) return Object.assign(createSecureServer({ ...secure, ...options }), more);
    const server = createHttp2Server({
      ...secure,
      ...{ noDelay: true, allowHTTP1: true, maxHeaderListPairs: maxFieldCount + 32 },
      settings: {
        ...{ maxConcurrentStreams: limits.maxStreamsPerConnection, maxHeaderListSize: maxHeadBytes },
        enableConnectProtocol: false,
      },
    });
    server.on('session', session => this.#sessions.add(session));
    // For clients of HTTP/1.1 it goes by these, but takes them as options no more.
    return Object.assign(server, options, more);
  }
}

function refuseTunnel(request: IncomingMessage, socket: Socket): void {
  socket.on('error', () => {});
  if (lastResponse(request, socket) === undefined) return;
  writeRaw(socket, problem(405, 'there are no tunnels here', { fields: ['Allow', ''] }));
}

/** Where a server that listens is asked. */
export function urlOf(secure: boolean, host: string | undefined, port: number): string {
  const name = host === undefined ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `${secure ? 'https' : 'http'}://${name}:${port}`;
}
