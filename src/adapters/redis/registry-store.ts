import { createHash } from 'node:crypto';
import { readInstance } from '../../discovery/instance-rules.js';
import type {
  InstanceKey,
  RegisterAnswer,
  RegistryStore,
  StorePosition,
  StoreView,
} from '../../discovery/registry-store.js';
import type { RegisteredInstance, ServiceInstance } from '../../discovery/service-instance.js';
import { newId } from '../../kernel/random.js';
import { registryScripts } from './lua-registry.js';
import { type RedisScripts, runScript } from './redis-client.js';
import { checkRedisRegistry, type RedisRegistryStoreOptions } from './registry-options.js';

/** What others wrote may be larger than what this process would. */
const LARGEST_METADATA = 1_048_576;

type Script = { readonly text: string; readonly sha: string };

/** An entry of the store; `undefined` for what is none, for others may write there, too. */
function instanceOf(entry: string): RegisteredInstance | undefined {
  const space = entry.indexOf(' ');
  try {
    const instance = readInstance(JSON.parse(entry.slice(space + 1)), LARGEST_METADATA);
    if (instance === undefined) return undefined;
    return Object.freeze({ ...instance, incarnation: Number(entry.slice(0, space)), preserved: false });
  } catch {
    return undefined;
  }
}

class RedisRegistryStore implements RegistryStore {
  readonly pollMs: number;
  readonly #client: RedisRegistryStoreOptions['client'];
  readonly #key: string;
  readonly #tombstoneMs: string;
  readonly #maxInstances: number;
  /** Names the life of what is held, should this process be the first. */
  readonly #seed = newId();
  readonly #scripts = new Map<string, Script>();

  constructor(options: RedisRegistryStoreOptions) {
    const { client, prefix, pollMs, tombstoneMs, maxInstances } = checkRedisRegistry(options);
    this.pollMs = pollMs;
    this.#client = client;
    this.#key = `{${prefix}}:registry`;
    this.#tombstoneMs = String(tombstoneMs);
    this.#maxInstances = maxInstances;
  }

  async register(instance: ServiceInstance, incarnation: number, ttlMs: number): Promise<RegisterAnswer> {
    const { service, id } = instance;
    const args = [service, id, String(incarnation), String(Math.ceil(ttlMs)), JSON.stringify(instance)];
    const answer = await this.#run('register', ...args, String(this.#maxInstances));
    const [kind, known] = answer as readonly [RegisterAnswer['kind'], string?];
    if (kind === 'stale') return { kind, incarnation: Number(known) };
    return kind === 'full' ? { kind, option: 'maxInstances', limit: this.#maxInstances } : { kind };
  }

  async renew({ service, id }: InstanceKey, incarnation: number, ttlMs: number) {
    const answer = await this.#run('renew', service, id, String(incarnation), String(Math.ceil(ttlMs)));
    return answer as 'renewed' | 'unknown' | 'stale';
  }

  async deregister({ service, id }: InstanceKey, incarnation: number | undefined) {
    const answer = await this.#run('deregister', service, id, String(incarnation ?? '-'));
    return answer as 'removed' | 'unknown' | 'stale';
  }

  async read(service: string, since: StorePosition | undefined): Promise<StoreView> {
    const args = [service, since?.epoch ?? '-', String(since?.revision ?? '-')];
    const answer = await this.#run('read', ...args);
    const [epoch, revision, entries] = answer as readonly [string, string, (readonly string[])?];
    const position = { epoch, revision: Number(revision) };
    if (entries === undefined) return { ...position, kind: 'same' };
    const instances = entries.map(instanceOf).filter(instance => instance !== undefined);
    return { ...position, kind: 'all', instances };
  }

  async services(): Promise<readonly string[]> {
    return [...((await this.#run('services')) as readonly string[])].sort();
  }

  /** Listens on a connection of its own, where the client can make one; a message may be lost. */
  follow(hint: (service: string | undefined) => void): () => void {
    const own = this.#client.duplicate?.();
    if (own === undefined) return () => {};
    own.on('message', (_, service) => hint(service));
    // It connects again by itself, and nobody has told of what happened meanwhile.
    own.on('ready', () => {
      own.subscribe(`${this.#key}:news`).then(
        () => hint(undefined),
        () => {},
      );
    });
    own.on('error', () => {});
    return () => own.disconnect();
  }

  #run(name: keyof typeof registryScripts, ...args: readonly string[]): Promise<unknown> {
    let script = this.#scripts.get(name);
    if (script === undefined) {
      const text = registryScripts[name];
      script = { text, sha: createHash('sha1').update(text).digest('hex') };
      this.#scripts.set(name, script);
    }
    const client: RedisScripts = this.#client;
    return runScript(client, script, this.#key, [this.#tombstoneMs, this.#seed, ...args]);
  }
}

/**
 * Holds instances in Redis 5 or later, shared by all processes that reach it: each step is one script, by the
 * clock of the server. All keys share one hash tag, so that it works with a cluster, on one of its nodes.
 *
 * Changes are told of by a message, on one more connection, and looked for as well.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 */
export function redisRegistryStore(options: RedisRegistryStoreOptions): RegistryStore {
  return new RedisRegistryStore(options);
}
