import { readInstance } from '../../discovery/instance-rules.js';
import type {
  InstanceKey,
  RegisterAnswer,
  RegistryStore,
  StorePosition,
  StoreView,
} from '../../discovery/registry-store.js';
import type { RegisteredInstance, ServiceInstance } from '../../discovery/service-instance.js';
import type { Row } from './client.js';
import { OwnTables } from './own-tables.js';
import { checkPostgresRegistry, type PostgresRegistryStoreOptions } from './registry-options.js';
import { registryTables } from './registry-tables.js';
import { Wakes } from './wakes.js';

/** What others wrote may be larger than what this process would. */
const LARGEST_METADATA = 1_048_576;

/** An entry of the store; `undefined` for what is none, for others may write there, too. */
function instanceOf([incarnation, data]: readonly [number, string]): RegisteredInstance | undefined {
  try {
    const instance = readInstance(JSON.parse(data), LARGEST_METADATA);
    return instance && Object.freeze({ ...instance, incarnation, preserved: false });
  } catch {
    return undefined;
  }
}

class PostgresRegistryStore implements RegistryStore {
  readonly pollMs: number;
  readonly #tables: OwnTables;
  readonly #wakes: Wakes;
  readonly #tombstoneMs: number;
  readonly #maxInstances: number;

  constructor(options: PostgresRegistryStoreOptions) {
    const { own, pollMs, tombstoneMs, maxInstances } = checkPostgresRegistry(options);
    this.#tables = new OwnTables('postgresRegistry', own, registryTables);
    this.#wakes = new Wakes(this.#tables.db, options.notifications, 'reg');
    this.pollMs = pollMs;
    this.#tombstoneMs = tombstoneMs;
    this.#maxInstances = maxInstances;
  }

  async register(instance: ServiceInstance, incarnation: number, ttlMs: number): Promise<RegisterAnswer> {
    const { service, id } = instance;
    const limit = this.#maxInstances;
    const params = [service, id, incarnation, ttlMs, JSON.stringify(instance), this.#tombstoneMs, limit];
    const [kind, known] = (await this.#answer('register', params)).split(' ');
    if (kind === 'stale') return { kind, incarnation: Number(known) };
    if (kind === 'full') return { kind, option: 'maxInstances', limit };
    this.#wakes.send();
    return { kind: 'registered' };
  }

  async renew({ service, id }: InstanceKey, incarnation: number, ttlMs: number) {
    const answer = await this.#answer('renew', [service, id, incarnation, ttlMs]);
    return answer as 'renewed' | 'unknown' | 'stale';
  }

  async deregister({ service, id }: InstanceKey, incarnation: number | undefined) {
    const params = [service, id, incarnation ?? null, this.#tombstoneMs];
    const answer = await this.#answer('deregister', params);
    if (answer === 'removed') this.#wakes.send();
    return answer as 'removed' | 'unknown' | 'stale';
  }

  async read(service: string, since: StorePosition | undefined): Promise<StoreView> {
    const params = [service, since?.epoch ?? null, since?.revision ?? null, this.#tombstoneMs];
    const [row] = await this.#run('SELECT * FROM $schema.registry_read($1, $2, $3, $4)', params);
    const { epoch, revision, instances } = row as Readonly<Record<string, string | null>>;
    const position = { epoch: epoch!, revision: Number(revision) };
    if (instances === null) return { ...position, kind: 'same' };
    const entries = JSON.parse(instances!) as readonly (readonly [number, string])[];
    const there = entries.map(instanceOf).filter(instance => instance !== undefined);
    return { ...position, kind: 'all', instances: there };
  }

  async services(): Promise<readonly string[]> {
    const rows = await this.#run(
      `SELECT name FROM $schema.registry_service s WHERE EXISTS (SELECT FROM $schema.registry_instance i
        WHERE i.service = s.name AND i.ends_at > clock_timestamp())`,
      [],
    );
    return rows.map(({ name }) => name as string).sort();
  }

  follow(hint: (service: string | undefined) => void): () => void {
    return this.#wakes.add(() => hint(undefined));
  }

  async #answer(what: 'register' | 'renew' | 'deregister', params: unknown[]): Promise<string> {
    const places = params.map((_, at) => `$${at + 1}`).join(', ');
    const [row] = await this.#run(`SELECT $schema.registry_${what}(${places}) AS answer`, params);
    return row!['answer'] as string;
  }

  async #run(text: string, params: unknown[]): Promise<readonly Row[]> {
    await this.#tables.connect();
    const { db } = this.#tables;
    return db.run(text.replaceAll('$schema', db.schema), params);
  }
}

/**
 * Holds instances in PostgreSQL 13 or later, or in a PGlite, shared by all processes that reach it, by the
 * clock of the server. Each step is one statement. With `notifications` changes are told of at once, and
 * looked for as well.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 */
export function postgresRegistryStore(options: PostgresRegistryStoreOptions): RegistryStore {
  return new PostgresRegistryStore(options);
}
