import { firstWrite } from '../../discovery/first-write.js';
import type {
  InstanceKey,
  RegisterAnswer,
  RegistryStore,
  StorePosition,
  StoreView,
} from '../../discovery/registry-store.js';
import type { RegisteredInstance, ServiceInstance } from '../../discovery/service-instance.js';
import { refuse } from '../../kernel/options.js';
import { newId } from '../../kernel/random.js';
import { RegistryBucket } from './registry-bucket.js';
import { checkNatsRegistry, type NatsRegistryStoreOptions } from './registry-options.js';
import { BucketEntry } from './registry-records.js';
import { SeenViews } from './registry-views.js';

class NatsRegistryStore implements RegistryStore {
  readonly pollMs: number;
  readonly #bucket: RegistryBucket;
  readonly #rules: Required<NatsRegistryStoreOptions>;
  readonly #seen = new SeenViews();
  readonly #id = newId();

  constructor(options: NatsRegistryStoreOptions) {
    this.#rules = checkNatsRegistry(options);
    this.pollMs = this.#rules.pollMs;
    this.#bucket = new RegistryBucket(this.#rules);
  }

  async register(instance: ServiceInstance, incarnation: number, ttlMs: number): Promise<RegisterAnswer> {
    this.#checkTtl(ttlMs);
    return firstWrite<RegisterAnswer>('nats', async () => {
      const { seq, entry } = await this.#bucket.get(instance);
      const isLive = entry?.isLive(await this.#bucket.now()) === true;
      const isSame = isLive && entry.isSame(incarnation, instance);
      const isLate = isLive
        ? incarnation <= entry.record.incarnation && !isSame
        : entry?.outdates(incarnation);
      if (isLate) return { kind: 'stale', incarnation: entry!.record.incarnation };
      const put = await this.#bucket.put(instance, { incarnation, ttlMs, instance }, seq, isSame);
      if (put === 'full') return { kind: 'full', option: 'maxInstances', limit: this.#rules.maxInstances };
      return put ? { kind: 'registered' } : undefined;
    });
  }

  async renew(key: InstanceKey, incarnation: number, ttlMs: number) {
    this.#checkTtl(ttlMs);
    return firstWrite<'renewed' | 'unknown' | 'stale'>('nats', async () => {
      const { seq, entry } = await this.#bucket.get(key);
      if (!entry?.isLive(await this.#bucket.now())) return entry?.outdates(incarnation) ? 'stale' : 'unknown';
      const { record } = entry;
      if (incarnation !== record.incarnation) return incarnation < record.incarnation ? 'stale' : 'unknown';
      return (await this.#bucket.put(key, { ...record, ttlMs }, seq, true)) === true ? 'renewed' : undefined;
    });
  }

  deregister(key: InstanceKey, incarnation: number | undefined) {
    return firstWrite<'removed' | 'unknown' | 'stale'>('nats', async () => {
      const { seq, entry } = await this.#bucket.get(key);
      const live = entry?.isLive(await this.#bucket.now()) ? entry : undefined;
      const meant = incarnation ?? live?.record.incarnation;
      if (meant === undefined) return 'unknown';
      if (live !== undefined && live.record.incarnation > meant) return 'stale';
      if (live === undefined && entry?.outdates(meant)) return 'unknown';
      const put = await this.#bucket.put(key, { incarnation: meant }, seq, false);
      // Without room nothing stands there that could come back.
      if (put === false) return undefined;
      return live === undefined ? 'unknown' : 'removed';
    });
  }

  async read(service: string, since: StorePosition | undefined): Promise<StoreView> {
    const { subjects } = this.#bucket;
    // Before it is read: what comes in between is found again.
    const life = await this.#bucket.life();
    // Of another store none: how each has counted is its own.
    const epoch = `${life.epoch} ${this.#id}`;
    const instances = (await this.#live(subjects.of(service))).filter(one => one.service === service);
    const revision = this.#seen.revisionOf(service, { epoch, revision: life.lastSeq }, instances);
    const position = { epoch, revision };
    const isSame = since?.epoch === epoch && since.revision === revision && this.#seen.knows(service, since);
    return isSame ? { ...position, kind: 'same' } : { ...position, kind: 'all', instances };
  }

  async services(): Promise<readonly string[]> {
    const live = await this.#live(this.#bucket.subjects.all);
    return [...new Set(live.map(({ service }) => service))].sort();
  }

  follow(hint: (service: string | undefined) => void): () => void {
    return this.#bucket.follow(hint);
  }

  async close(): Promise<void> {
    this.#bucket.close();
  }

  async #live(filter: string): Promise<readonly RegisteredInstance[]> {
    const { messages, serverMs } = await this.#bucket.snapshot(filter);
    const { subjects } = this.#bucket;
    return messages
      .map(({ subject, text, storedMs }) => BucketEntry.read(subjects.parse(subject), text, storedMs))
      .filter(entry => entry?.isLive(serverMs))
      .map(entry => entry!.registered!);
  }

  #checkTtl(ttlMs: number): void {
    const { tombstoneMs } = this.#rules;
    if (ttlMs > tombstoneMs)
      refuse('natsRegistry', 'ttlMs', `at most \`tombstoneMs\` (${tombstoneMs})`, ttlMs);
  }
}

/**
 * Holds instances in a key-value bucket of NATS, server 2.9 or later with JetStream, shared by all processes
 * that reach it: each instance is one key, written only over what was read, its lease by the clock of the
 * server. Changes are told of as they are written; that a lease has ended is found by looking.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 */
export function natsRegistryStore(options: NatsRegistryStoreOptions): RegistryStore {
  return new NatsRegistryStore(options);
}
