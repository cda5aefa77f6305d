import { isIP, type Socket } from 'node:net';
import { checkKeys, checkNumber, given, isRecord, refuse } from '../../kernel/options.js';
import { SilenceWatch } from '../node-http/silence-watch.js';
import type {
  UpstreamEngine,
  UpstreamListener,
  UpstreamSend,
  UpstreamStream,
} from '../node-http/upstream-engine.js';
import type { UpstreamTls } from '../node-http/upstream-tls.js';
import { BodySource } from './body-source.js';
import type { Undici, UndiciAgent, UndiciConnect } from './undici-module.js';
import { UndiciRequest, type UndiciShell } from './undici-stream.js';

/** How undici keeps connections to upstreams. */
export interface UndiciEngineOptions {
  /** `import * as undici from 'undici'`; 7.28 or later. */
  readonly undici: Undici;
  /** Connections to one upstream; requests beyond them wait for one. @default 256 */
  readonly maxConnections?: number;
  /** How long one is kept that nobody uses, in ms; an upstream that says less is heeded. @default 30_000 */
  readonly keepAliveMs?: number;
  /** How long it may take to connect, in ms. @default 10_000 */
  readonly connectTimeoutMs?: number;
  /** The largest head of an answer, in bytes. @default 65_536 */
  readonly maxHeadBytes?: number;
  /** What is trusted, and shown, where an upstream speaks TLS. @default that of Node: all is verified */
  readonly tls?: UpstreamTls;
}

const undiciEngineDefaults = /* @__PURE__ */ Object.freeze({
  maxConnections: 256,
  keepAliveMs: 30_000,
  connectTimeoutMs: 10_000,
  maxHeadBytes: 65_536,
});

/** What undici says by itself, or by options of its own. */
const ITS_OWN = /* @__PURE__ */ new Set([
  'transfer-encoding',
  'connection',
  'upgrade',
  'keep-alive',
  'expect',
]);

function fieldsFor(fields: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    if (!ITS_OWN.has(fields[at]!.toLowerCase())) kept.push(fields[at]!, fields[at + 1]!);
  }
  return kept;
}

/** What requests of one engine share. */
class Shell implements UndiciShell {
  readonly silence = new SilenceWatch();
  waiting = 0;
  /** Errors of connections that had been answered on before: they may have ended long ago. */
  readonly #errors = new WeakMap<Error, boolean>();

  watch(socket: Socket): void {
    // Before undici hears of it, which hands the same error on to its requests.
    socket.prependListener('error', error => this.#errors.set(error, socket.bytesRead > 0));
  }

  wasUsed(error: Error): boolean {
    const { socket } = error as { readonly socket?: { readonly bytesRead?: number } | null };
    return this.#errors.get(error) ?? (socket?.bytesRead ?? 0) > 0;
  }
}

/**
 * Speaks to upstreams by your `undici`: HTTP/1.1, on connections that are kept. Trailers of requests end
 * here, for undici sends none, and the head of a request with a body goes out with the first bytes of that.
 *
 * @example
 * ```ts
 * import { ApiGateway } from 'keelson/gateway';
 * import { UndiciEngine } from 'keelson/undici';
 * import * as undici from 'undici';
 *
 * const gateway = new ApiGateway({
 *   engine: new UndiciEngine({ undici }),
 *   routes: [{ path: '/*', upstream: 'http://10.0.0.5:8080' }],
 * });
 * gateway.describe()['engine']; // => 'undici'
 * await gateway.close();
 * ```
 */
export class UndiciEngine implements UpstreamEngine {
  readonly #agent: UndiciAgent;
  readonly #shell = new Shell();

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: UndiciEngineOptions) {
    const owner = 'UndiciEngine';
    checkKeys(owner, options, [...Object.keys(undiciEngineDefaults), 'undici', 'tls']);
    const { undici, maxConnections, keepAliveMs, connectTimeoutMs, maxHeadBytes, tls } = {
      ...undiciEngineDefaults,
      ...given(options),
    };
    if (typeof undici?.Agent !== 'function' || typeof undici.buildConnector !== 'function') {
      refuse(owner, 'undici', 'the module of that name', undici);
    }
    if (tls !== undefined && !isRecord(tls)) refuse(owner, 'tls', 'an object', tls);
    checkNumber(owner, 'connectTimeoutMs', connectTimeoutMs, { min: 1, max: 2 ** 31 - 1, integer: true });
    const connector = undici.buildConnector({
      ...{ rejectUnauthorized: true, ...tls },
      ...{ allowH2: false, timeout: connectTimeoutMs },
    } as never);
    this.#agent = new undici.Agent({
      connections: checkNumber(owner, 'maxConnections', maxConnections, { min: 1, integer: true }),
      keepAliveTimeout: checkNumber(owner, 'keepAliveMs', keepAliveMs, { min: 1, max: 2 ** 31 - 1 }),
      keepAliveMaxTimeout: keepAliveMs,
      maxHeaderSize: checkNumber(owner, 'maxHeadBytes', maxHeadBytes, { min: 1_024, integer: true }),
      // One request at a time on a connection; limits of time are those of the gateway.
      ...{ pipelining: 1, headersTimeout: 0, bodyTimeout: 0, allowH2: false },
      connect: this.#connectBy(connector as UndiciConnect),
    } as never);
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof undiciEngineDefaults {
    return undiciEngineDefaults;
  }

  get name(): string {
    return 'undici';
  }

  send(send: UpstreamSend, listener: UpstreamListener): UpstreamStream {
    const { origin, method, path, fields, body } = send;
    const host = origin.host.includes(':') ? `[${origin.host}]` : origin.host;
    const upgrade = fields.at(-2) === 'Upgrade' ? fields.at(-1) : undefined;
    const request = new UndiciRequest(send, listener, this.#shell);
    this.#agent.dispatch(
      {
        origin: `${origin.scheme}://${host}:${origin.port}`,
        path,
        method,
        headers: fieldsFor(fields),
        body: body === undefined ? undefined : new BodySource(body),
        upgrade,
        // Or undici would take the name out of `Host`, which may be what a client says.
        servername: origin.host,
      } as never,
      request as never,
    );
    return request;
  }

  close(): void {
    this.#agent.destroy(new Error('the gateway has been closed')).catch(() => {});
  }

  #connectBy(connector: UndiciConnect): UndiciConnect {
    return (options, callback) => {
      // undici makes a connection for a request that was given up in place of the one that it ended for that.
      if (this.#shell.waiting === 0) {
        queueMicrotask(() => callback(new Error('nobody waits for a connection'), null));
        return undefined;
      }
      const servername = isIP(options.hostname.replace(/^\[|\]$/g, '')) === 0 ? options.hostname : null;
      return connector({ ...options, servername }, (error, socket) => {
        if (error === null) this.#shell.watch(socket as Socket);
        callback(error, socket);
      });
    };
  }
}
