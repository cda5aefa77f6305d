import { Agent, type ClientRequest, request } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { readInstance } from '../../discovery/instance-rules.js';
import type {
  InstanceKey,
  RegisterAnswer,
  RegistryStore,
  StorePosition,
  StoreView,
} from '../../discovery/registry-store.js';
import type { RegisteredInstance, ServiceInstance } from '../../discovery/service-instance.js';
import type { ServiceRegistry } from '../../discovery/service-registry.js';
import { type RegistryOptions, StoredRegistry } from '../../discovery/stored-registry.js';
import { type Clock, systemClock, type Timer } from '../../kernel/clock.js';
import { checkNumber, given, refuse } from '../../kernel/options.js';
import { systemRandom } from '../../kernel/random.js';

/** How a registry that is served is reached. */
export interface HttpRegistryOptions extends RegistryOptions {
  /** Where it is, as `serveRegistry` says. */
  readonly url: string;
  /** What the server asks for. @default nothing */
  readonly token?: string;
  /** How often it is looked whether something has changed, in ms, beside waiting for news. @default 5000 */
  readonly pollMs?: number;
  /** The largest answer that is read, in bytes. @default 67108864 */
  readonly maxAnswerBytes?: number;
}

const owner = 'httpRegistry';
const defaults = { pollMs: 5_000, maxAnswerBytes: 67_108_864 };
const LARGEST_METADATA = 1_048_576;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;
/** The server answers sooner, news or not. */
const WAIT_MS = 40_000;

interface News {
  readonly epoch: string;
  readonly at: number;
  readonly services: readonly string[] | null;
}

function instanceOf(raw: RegisteredInstance): RegisteredInstance | undefined {
  const { incarnation, preserved, ...rest } = raw;
  const instance = readInstance(rest, LARGEST_METADATA);
  if (instance === undefined || !Number.isSafeInteger(incarnation)) return undefined;
  return Object.freeze({ ...instance, incarnation, preserved: preserved === true });
}

class HttpRegistryStore implements RegistryStore {
  readonly pollMs: number;
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #maxAnswerBytes: number;
  readonly #clock: Clock;
  readonly #agent: Agent;
  readonly #open = new Set<ClientRequest>();

  constructor(url: URL, options: typeof defaults & { token: string | undefined; clock: Clock }) {
    this.#url = url;
    this.pollMs = options.pollMs;
    this.#maxAnswerBytes = options.maxAnswerBytes;
    this.#clock = options.clock;
    const { token } = options;
    const bearer: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    this.#headers = { 'content-type': 'application/json', ...bearer };
    const pool = { keepAlive: true, maxSockets: 32 };
    this.#agent = url.protocol === 'https:' ? new TlsAgent(pool) : new Agent(pool);
  }

  register(instance: ServiceInstance, incarnation: number, ttlMs: number): Promise<RegisterAnswer> {
    return this.#ask('register', { instance, incarnation, ttlMs });
  }

  async renew(key: InstanceKey, incarnation: number, ttlMs: number) {
    return (await this.#ask<{ kind: 'renewed' }>('renew', { ...key, incarnation, ttlMs })).kind;
  }

  async deregister(key: InstanceKey, incarnation: number | undefined) {
    return (await this.#ask<{ kind: 'removed' }>('deregister', { ...key, incarnation })).kind;
  }

  async read(service: string, since: StorePosition | undefined): Promise<StoreView> {
    const position = since && { epoch: since.epoch, revision: since.revision };
    const view = await this.#ask<StoreView>('read', { service, since: position });
    const read = (list: readonly RegisteredInstance[]) =>
      list.map(instanceOf).filter(instance => instance !== undefined);
    if (view.kind === 'all') return { ...view, instances: read(view.instances) };
    return view.kind === 'changes' ? { ...view, put: read(view.put) } : view;
  }

  async services(): Promise<readonly string[]> {
    return (await this.#ask<{ services: readonly string[] }>('services', {})).services;
  }

  follow(hint: (service: string | undefined) => void): () => void {
    let over = false;
    let timer: Timer | undefined;
    let failures = 0;
    let known: Pick<News, 'epoch' | 'at'> | undefined;
    const wait = async (): Promise<void> => {
      while (!over) {
        const { epoch, at, services } = await this.#ask<News>('wait', known ?? {}, WAIT_MS);
        if (over) return;
        failures = 0;
        known = { epoch, at };
        if (services === null) hint(undefined);
        else for (const service of services) hint(service);
      }
    };
    const begin = (): void => {
      wait().catch(() => {
        if (over) return;
        // Whatever happens meanwhile is looked for.
        known = undefined;
        const ms = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures);
        failures = Math.min(failures + 1, 30);
        timer = this.#clock.schedule(ms * (0.5 + systemRandom() / 2), begin);
      });
    };
    begin();
    return () => {
      over = true;
      timer?.cancel();
    };
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    for (const sent of this.#open) sent.destroy();
  }

  #ask<T>(call: string, body: object, waitMs?: number): Promise<T> {
    const send = this.#url.protocol === 'https:' ? tlsRequest : request;
    const agent = waitMs === undefined ? this.#agent : false;
    const options = { method: 'POST', headers: this.#headers, agent };
    return new Promise<T>((resolve, reject) => {
      const sent = send(new URL(`/v1/${call}`, this.#url), options);
      this.#open.add(sent);
      const late = new Error(`${owner}: no answer to ${call}`);
      const timer = this.#clock.schedule(waitMs ?? 30_000, () => void sent.destroy(late));
      sent.on('close', () => {
        timer.cancel();
        this.#open.delete(sent);
        reject(new Error(`${owner}: the connection has ended`));
      });
      sent.on('error', reject);
      // Waiting for news keeps no process alive.
      if (waitMs !== undefined) sent.on('socket', socket => void socket.unref());
      sent.on('response', answer => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => {
          text += part;
          if (text.length > this.#maxAnswerBytes) sent.destroy(new Error(`${owner}: too large an answer`));
        });
        answer.on('error', reject);
        answer.on('end', () => {
          if (answer.statusCode !== 200) {
            reject(new Error(`${owner}: ${call}: status ${answer.statusCode}: ${text.slice(0, 200)}`));
            return;
          }
          try {
            resolve(JSON.parse(text) as T);
          } catch (error) {
            reject(error);
          }
        });
      });
      sent.end(JSON.stringify(body));
    });
  }
}

/**
 * A registry that another process serves with `serveRegistry`, for development and tests.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 */
export function httpRegistry(options: HttpRegistryOptions): ServiceRegistry {
  return new StoredRegistry(httpRegistryStore(options), registryPart(options));
}

function registryPart(options: HttpRegistryOptions): RegistryOptions {
  const { url: _, token: __, pollMs: ___, maxAnswerBytes: ____, ...rest } = options;
  return { name: 'http', ...rest };
}

/** The store behind `httpRegistry`. @internal */
export function httpRegistryStore(options: HttpRegistryOptions): RegistryStore {
  const {
    url,
    token,
    pollMs,
    maxAnswerBytes,
    clock = systemClock,
  } = {
    token: undefined,
    ...defaults,
    ...given(options),
  };
  const rule = 'the origin of a server, as http://127.0.0.1:4100, without a user';
  if (typeof url !== 'string' || !URL.canParse(url)) refuse(owner, 'url', rule, 'another');
  const read = new URL(url);
  const isBare = read.pathname === '/' && read.username + read.password + read.search + read.hash === '';
  if (!/^https?:$/.test(read.protocol) || !isBare) refuse(owner, 'url', rule, 'another');
  if (token !== undefined && (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token))) {
    refuse(owner, 'token', 'printable characters without spaces', typeof token);
  }
  checkNumber(owner, 'pollMs', pollMs, { min: 1, max: 2 ** 40 });
  checkNumber(owner, 'maxAnswerBytes', maxAnswerBytes, { min: 1_024, max: 2 ** 29, integer: true });
  return new HttpRegistryStore(read, { pollMs, maxAnswerBytes, token, clock });
}
