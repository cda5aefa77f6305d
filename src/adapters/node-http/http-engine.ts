import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { UpstreamError } from '../../gateway/upstream-error.js';
import { checkKeys, checkNumber, given, isRecord, refuse } from '../../kernel/options.js';
import { PoolAgent, SecurePoolAgent } from './pool-agent.js';
import { SilenceWatch, type Watched } from './silence-watch.js';
import type { UpstreamEngine, UpstreamListener, UpstreamSend, UpstreamStream } from './upstream-engine.js';
import type { UpstreamTls } from './upstream-tls.js';

/** How connections to upstreams are kept. */
export interface HttpEngineOptions {
  /** Connections to one upstream; requests beyond them wait for one. @default 256 */
  readonly maxConnections?: number;
  /** Of those, how many are kept while nobody uses them. @default 256 */
  readonly maxFreeConnections?: number;
  /** How long one is kept that nobody uses, in ms; an upstream that says less is heeded. @default 30_000 */
  readonly keepAliveMs?: number;
  /** The largest head of an answer, in bytes. @default 65_536 */
  readonly maxHeadBytes?: number;
  /** What is trusted, and shown, where an upstream speaks TLS. @default that of Node: all is verified */
  readonly tls?: UpstreamTls;
}

export const httpEngineDefaults = /* @__PURE__ */ Object.freeze({
  maxConnections: 256,
  maxFreeConnections: 256,
  keepAliveMs: 30_000,
  maxHeadBytes: 65_536,
});

const isEventStream = (message: IncomingMessage): boolean =>
  /^text\/event-stream\b/i.test(message.headers['content-type'] ?? '');

function pairs(fields: readonly string[]): [string, string][] {
  const list: [string, string][] = [];
  for (let at = 0; at < fields.length; at += 2) list.push([fields[at]!, fields[at + 1]!]);
  return list;
}

/** The body of an answer, which must not fail to come; what the client does not take may. */
class WatchedMessage implements Watched {
  readonly idleTimeoutMs: number;
  readonly #message: IncomingMessage;
  heardBefore = -1;

  constructor(message: IncomingMessage, idleTimeoutMs: number) {
    this.#message = message;
    this.idleTimeoutMs = idleTimeoutMs;
  }

  get heard(): number {
    // Grows with what comes, and with what is taken of it.
    return this.#message.socket.bytesRead * 2 - this.#message.readableLength;
  }

  get held(): boolean {
    return this.#message.readableLength >= this.#message.readableHighWaterMark;
  }

  fellSilent(): void {
    this.#message.destroy(new UpstreamError('reset', 'it fell silent'));
  }
}

/** One request of `node:http`, from its start to the end of its answer. */
class HttpStream implements UpstreamStream {
  readonly #send: UpstreamSend;
  readonly #listener: UpstreamListener;
  readonly #request: ClientRequest;
  readonly #silence: SilenceWatch;
  /** Whether its outcome was told, or is not wanted any more. */
  #settled = false;

  constructor(send: UpstreamSend, listener: UpstreamListener, request: ClientRequest, silence: SilenceWatch) {
    this.#silence = silence;
    this.#send = send;
    this.#listener = listener;
    this.#request = request;
    request.on('error', error => this.#fail(error));
    request.once('response', message => this.#answered(message));
    request.on('information', ({ statusCode, rawHeaders }) => {
      if (statusCode !== 100 && !this.#settled) listener.information(statusCode, rawHeaders);
    });
    request.once('upgrade', (message, socket, first) => this.#upgraded(message, socket, first));
    this.#write();
  }

  abort(): void {
    this.#settled = true;
    this.#request.destroy();
  }

  #write(): void {
    const { body, trailers } = this.#send;
    const request = this.#request;
    if (body === undefined) {
      request.end();
      return;
    }
    // An upstream may answer by the head alone.
    request.flushHeaders();
    body.pipe(request, { end: false });
    body.once('end', () => {
      if (request.destroyed) return;
      const last = trailers();
      if (last.length > 0) request.addTrailers(pairs(last));
      request.end();
    });
  }

  #fail(error: Error & { readonly code?: string }): void {
    if (this.#settled) return;
    this.#settled = true;
    const { socket, reusedSocket } = this.#request;
    const stale = reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
    const isParser = error.code?.startsWith('HPE_') === true;
    const never = socket === null || socket.connecting || (socket as { bytesRead?: number }).bytesRead === 0;
    const failure = isParser ? 'protocol' : never && !reusedSocket ? 'connect' : 'reset';
    const message = failure === 'protocol' ? 'it answered what is no HTTP' : 'it could not be asked';
    this.#listener.failed(new UpstreamError(failure, `the upstream: ${message}`, { cause: error }), stale);
  }

  #answered(message: IncomingMessage): void {
    const { body, idleTimeoutMs } = this.#send;
    const request = this.#request;
    // Whoever reads it hears of errors; without a listener they would end the process.
    message.on('error', () => {});
    if (this.#settled) {
      message.destroy();
      return;
    }
    this.#settled = true;
    if (!isEventStream(message)) {
      const watched = new WatchedMessage(message, idleTimeoutMs);
      this.#silence.enter(watched);
      message.once('close', () => this.#silence.leave(watched));
    }
    message.once('end', () => {
      if (request.writableEnded) return;
      // It did not wait for the body, so nothing that follows on this connection can be told apart.
      body?.unpipe(request);
      request.destroy();
    });
    this.#listener.head({
      status: message.statusCode!,
      reason: message.statusMessage ?? '',
      fields: message.rawHeaders,
      body: message,
      trailers: () => message.rawTrailers,
    });
  }

  #upgraded(message: IncomingMessage, socket: Duplex, first: Uint8Array): void {
    if (this.#settled) {
      socket.destroy();
      return;
    }
    this.#settled = true;
    const { statusCode, statusMessage = '', rawHeaders } = message;
    this.#listener.upgraded(
      { status: statusCode!, reason: statusMessage, fields: rawHeaders },
      socket,
      first,
    );
  }
}

/** Speaks to upstreams by `node:http`: HTTP/1.1, on connections that are kept. It needs nothing. */
export class HttpEngine implements UpstreamEngine {
  readonly #plain: PoolAgent;
  readonly #secure: SecurePoolAgent;
  readonly #silence = new SilenceWatch();
  readonly #maxHeadBytes: number;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: HttpEngineOptions = {}) {
    const owner = 'HttpEngine';
    checkKeys(owner, options, [...Object.keys(httpEngineDefaults), 'tls']);
    const { maxConnections, maxFreeConnections, keepAliveMs, maxHeadBytes, tls } = {
      ...httpEngineDefaults,
      ...given(options),
    };
    checkNumber(owner, 'maxConnections', maxConnections, { min: 1, integer: true });
    checkNumber(owner, 'maxFreeConnections', maxFreeConnections, { min: 0, integer: true });
    checkNumber(owner, 'keepAliveMs', keepAliveMs, { min: 1, max: 2 ** 31 - 1 });
    this.#maxHeadBytes = checkNumber(owner, 'maxHeadBytes', maxHeadBytes, { min: 1_024, integer: true });
    const common = {
      ...{ keepAlive: true, scheduling: 'lifo' as const, timeout: keepAliveMs },
      ...{ maxSockets: maxConnections, maxFreeSockets: maxFreeConnections },
    };
    if (tls !== undefined && !isRecord(tls)) refuse(owner, 'tls', 'an object', tls);
    this.#plain = new PoolAgent(common);
    // Said here, or a variable of the environment could turn it off.
    this.#secure = new SecurePoolAgent({ ...common, rejectUnauthorized: true, ...tls });
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof httpEngineDefaults {
    return httpEngineDefaults;
  }

  get name(): string {
    return 'node:http';
  }

  send(send: UpstreamSend, listener: UpstreamListener): UpstreamStream {
    const { origin, method, path, fields } = send;
    const { host, port, scheme } = origin;
    const isPlain = scheme === 'http';
    const options = {
      host,
      port,
      method,
      path,
      headers: fields as string[],
      maxHeaderSize: this.#maxHeadBytes,
      insecureHTTPParser: false,
      agent: isPlain ? this.#plain : this.#secure,
      servername: isPlain || isIP(host) !== 0 ? '' : host,
    };
    const request = isPlain ? httpRequest(options) : httpsRequest(options);
    // Bounded by their bytes; by their number Node would leave out the last ones without a word.
    request.maxHeadersCount = 0;
    return new HttpStream(send, listener, request, this.#silence);
  }

  close(): void {
    this.#plain.destroy();
    this.#secure.destroy();
  }
}
