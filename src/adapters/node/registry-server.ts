import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { checkLeases, type InMemoryRegistryOptions } from '../../discovery/in-memory-registry.js';
import { MemoryRegistryStore } from '../../discovery/memory-registry-store.js';
import { type Clock, systemClock } from '../../kernel/clock.js';
import { checkNumber, given, refuse } from '../../kernel/options.js';
import { BadRequestError, registryCalls } from './registry-calls.js';
import { RegistryNews } from './registry-news.js';

/** How a registry is served. */
export interface ServeRegistryOptions
  extends Omit<InMemoryRegistryOptions, 'name' | 'maxRegistrations' | 'maxWatches' | 'random'> {
  /** What it listens on. @default '127.0.0.1' */
  readonly host?: string;
  /** The port; 0 for one that is free. @default 0 */
  readonly port?: number;
  /** Who does not bring it, as `Authorization: Bearer …`, is turned away. @default nobody is */
  readonly token?: string;
  /** The largest request, in bytes. @default 131072 */
  readonly maxBodyBytes?: number;
  /** So many may wait for changes at a time. @default 1000 */
  readonly maxWaits?: number;
}

/** A registry that is served. */
export interface RegistryServer {
  /** Where it is, as `http://127.0.0.1:4100`. */
  readonly url: string;
  /** What it holds. */
  snapshot(): { readonly instances: number; readonly waits: number };
  /** Ends it, with all connections. What it held is gone. */
  close(): Promise<void>;
  /** As `close()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

const owner = 'serveRegistry';
const defaults = { host: '127.0.0.1', port: 0, maxBodyBytes: 131_072, maxWaits: 1_000 };

/** Answers what clients ask: one call for each step of a store, and one that waits for news. */
class Service {
  readonly store: MemoryRegistryStore;
  readonly news: RegistryNews;
  readonly #token: Buffer | undefined;
  readonly #maxBodyBytes: number;
  readonly #maxMetadataBytes: number;

  constructor(
    store: MemoryRegistryStore,
    news: RegistryNews,
    bounds: { readonly token: string | undefined; maxBodyBytes: number; maxMetadataBytes: number },
  ) {
    this.store = store;
    this.news = news;
    this.#token = bounds.token === undefined ? undefined : Buffer.from(`Bearer ${bounds.token}`);
    this.#maxBodyBytes = bounds.maxBodyBytes;
    this.#maxMetadataBytes = bounds.maxMetadataBytes;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const say = (status: number, body: unknown): void => {
      if (response.destroyed) return;
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    try {
      const name = /^\/v1\/(\w+)$/.exec(request.url ?? '')?.[1] ?? '';
      const refusal = this.#refusal(request);
      if (refusal !== undefined) {
        say(refusal[0], { error: refusal[1] });
        return;
      }
      const body = await this.#body(request);
      if (name === 'wait') this.news.wait(body, response, say);
      else if (!Object.hasOwn(registryCalls, name)) say(404, { error: 'no such call' });
      else {
        const call = registryCalls[name as keyof typeof registryCalls];
        say(200, await call(this.store, body, this.#maxMetadataBytes));
      }
    } catch (error) {
      const isTheirs = error instanceof BadRequestError || (error as Error).name === 'InvalidInstanceError';
      say(isTheirs ? 400 : 500, { error: isTheirs ? (error as Error).message : 'it failed' });
      // What was not read of a request must not be taken for the next one.
      if (!request.complete) request.destroy();
    }
  }

  #refusal({ headers, method }: IncomingMessage): readonly [status: number, why: string] | undefined {
    if (this.#token !== undefined) {
      const brought = Buffer.from(headers.authorization ?? '');
      const isKnown = brought.length === this.#token.length && timingSafeEqual(brought, this.#token);
      if (!isKnown) return [401, 'who asks has to bring the token'];
    }
    if (method !== 'POST') return [405, 'only POST'];
    // A page of another origin may send other kinds without being asked.
    const isJson = /^application\/json\b/.test(headers['content-type'] ?? '');
    return isJson ? undefined : [415, 'only application/json'];
  }

  async #body(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
    const parts: Buffer[] = [];
    let size = 0;
    for await (const part of request as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > this.#maxBodyBytes) throw new BadRequestError(`more than ${this.#maxBodyBytes} bytes`);
      parts.push(part);
    }
    try {
      const read: unknown = JSON.parse(Buffer.concat(parts).toString());
      if (typeof read === 'object' && read !== null) return read as Readonly<Record<string, unknown>>;
    } catch {}
    throw new BadRequestError('an object of JSON is wanted');
  }
}

function listen(server: Server, port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const { address, port: own, family } = server.address() as AddressInfo;
      resolve(`http://${family === 'IPv6' ? `[${address}]` : address}:${own}`);
    });
  });
}

/**
 * Serves a registry in the memory of this process over HTTP, for `httpRegistry` in others: for development
 * and tests. What it holds ends with the process, and is there again once the instances have beaten.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 *
 * @example
 * ```ts
 * import { httpRegistry, serveRegistry } from 'keelson/node';
 *
 * const server = await serveRegistry();
 * const registry = httpRegistry({ url: server.url });
 * await registry.register({ service: 'cart', address: '10.0.0.5:8080' }, { drainMs: 0 }).ready;
 * const found = await registry.instances('cart');
 * found.length; // => 1
 * await registry.close();
 * await server.close();
 * ```
 */
export async function serveRegistry(options: ServeRegistryOptions = {}): Promise<RegistryServer> {
  const {
    host,
    port,
    token,
    maxBodyBytes,
    maxWaits,
    maxMetadataBytes = 4_096,
    ...leases
  } = {
    token: undefined,
    ...defaults,
    ...given(options),
  };
  if (typeof host !== 'string' || host === '') refuse(owner, 'host', 'a host', host);
  if (token !== undefined && (typeof token !== 'string' || token === '')) {
    refuse(owner, 'token', 'a string that is not empty', typeof token);
  }
  checkNumber(owner, 'port', port, { min: 0, max: 65_535, integer: true });
  checkNumber(owner, 'maxBodyBytes', maxBodyBytes, { min: 1_024, max: 2 ** 30, integer: true });
  checkNumber(owner, 'maxWaits', maxWaits, { min: 1, max: 2 ** 30, integer: true });
  const { rules } = checkLeases({ ...leases, maxMetadataBytes });
  const clock: Clock = leases.clock ?? systemClock;
  const store = new MemoryRegistryStore(rules, clock);
  const news = new RegistryNews(store, clock, maxWaits);
  const service = new Service(store, news, { token, maxBodyBytes, maxMetadataBytes });
  const server = createServer((request, response) => void service.answer(request, response));
  const url = await listen(server, port, host);
  const close = async (): Promise<void> => {
    news.close();
    await store.close();
    const ended = new Promise<void>(resolve => void server.close(() => resolve()));
    server.closeAllConnections();
    await ended;
  };
  const snapshot = () => ({ instances: store.table.size, waits: news.waits });
  return { url, snapshot, close, [Symbol.asyncDispose]: close };
}
