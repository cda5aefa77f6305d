import { firstWrite } from '../../discovery/first-write.js';
import type {
  InstanceKey,
  RegisterAnswer,
  RegistryStore,
  StorePosition,
  StoreView,
} from '../../discovery/registry-store.js';
import type { RegisteredInstance, ServiceInstance } from '../../discovery/service-instance.js';
import { newId } from '../../kernel/random.js';
import { type EtcdRange, type EtcdTxn, entryOf, rangeOf, unchanged } from './etcd-answers.js';
import { EtcdKeys, encoded } from './etcd-keys.js';
import { EtcdLeases, isLeaseOver, secondsOf } from './etcd-leases.js';
import { EtcdLink } from './etcd-link.js';
import { checkEtcdRegistry, type EtcdPlan, type EtcdRegistryStoreOptions } from './etcd-options.js';
import { EtcdWatch } from './etcd-watch.js';
import { KnownCounts } from './registry-counts.js';
import { EtcdScene, readRecord, textOf } from './registry-entries.js';

/** So many names of instances are looked at in one step. */
const PAGE = 1_000;

class EtcdRegistryStore implements RegistryStore {
  readonly pollMs: number;
  readonly #plan: EtcdPlan;
  readonly #keys: EtcdKeys;
  readonly #link: EtcdLink;
  readonly #leases: EtcdLeases;
  readonly #counts = new KnownCounts();

  constructor(options: EtcdRegistryStoreOptions) {
    const plan = checkEtcdRegistry(options);
    this.#plan = plan;
    this.pollMs = plan.pollMs;
    this.#keys = new EtcdKeys(plan.prefix);
    this.#link = new EtcdLink(plan);
    this.#leases = new EtcdLeases(this.#link, plan.clock, plan.tombstoneMs);
  }

  async register(instance: ServiceInstance, incarnation: number, ttlMs: number): Promise<RegisterAnswer> {
    const record = { incarnation, ttlS: secondsOf(ttlMs), instance };
    const text = textOf(record);
    const { maxInstances: limit } = this.#plan;
    return firstWrite<RegisterAnswer>('etcd', async () => {
      const scene = await this.#look(instance, true);
      const { known } = scene;
      const stale = scene.against(instance, incarnation);
      if (stale !== undefined) return { kind: 'stale', incarnation: stale };
      if (known === undefined && scene.count >= limit) return { kind: 'full', option: 'maxInstances', limit };
      const isThere = known !== undefined && textOf(known) === text;
      if (isThere && (await this.#leases.keepAlive(scene.lease))) return { kind: 'registered' };
      const lease = await this.#leases.grant(record.ttlS);
      const put = { key: this.#keys.instance(instance), value: encoded(text), lease };
      const done = await this.#write(scene, [{ request_put: put }], { incarnation, closed: false });
      this.#leases.drop(done ? scene.lease : lease);
      return done ? { kind: 'registered' } : undefined;
    });
  }

  async renew(
    key: InstanceKey,
    incarnation: number,
    ttlMs: number,
  ): Promise<'renewed' | 'unknown' | 'stale'> {
    const scene = await this.#look(key, false);
    const { known } = scene;
    if (known === undefined) return scene.isOver(incarnation) ? 'stale' : 'unknown';
    if (incarnation < known.incarnation) return 'stale';
    // Another time wants another lease.
    if (incarnation > known.incarnation || known.ttlS !== secondsOf(ttlMs)) return 'unknown';
    return (await this.#leases.keepAlive(scene.lease)) ? 'renewed' : 'unknown';
  }

  async deregister(key: InstanceKey, incarnation: number | undefined) {
    return firstWrite<'removed' | 'unknown' | 'stale'>('etcd', async () => {
      const scene = await this.#look(key, false);
      const { known } = scene;
      const meant = incarnation ?? known?.incarnation;
      if (meant === undefined) return 'unknown';
      if (known !== undefined && known.incarnation > meant) return 'stale';
      if (known === undefined && scene.isOver(meant)) return 'unknown';
      const gone = scene.entry && { request_delete_range: { key: this.#keys.instance(key) } };
      const done = await this.#write(scene, gone ? [gone] : [], { incarnation: meant, closed: true });
      if (!done) return undefined;
      this.#leases.drop(scene.lease);
      return known === undefined ? 'unknown' : 'removed';
    });
  }

  async read(service: string, since: StorePosition | undefined): Promise<StoreView> {
    const before = since && this.#counts.at(service, since);
    if (since !== undefined && before !== undefined) {
      const { position, range } = await this.#range(service, since.revision + 1);
      const isSameLife = position.epoch === since.epoch && position.revision >= since.revision;
      const entries = range.kvs ?? [];
      const added = entries.filter(entry => Number(entry.create_revision) > since.revision).length;
      // As many as there were, and those that are new: nobody has left.
      if (isSameLife && before + added === Number(range.count ?? 0)) {
        this.#counts.keep(service, position, before + added);
        return entries.length === 0 ? { ...position, kind: 'same' } : this.#changes(position, range);
      }
    }
    const { position, range } = await this.#range(service, undefined);
    this.#counts.keep(service, position, Number(range.count ?? 0));
    return { ...position, kind: 'all', instances: this.#instances(range) };
  }

  async services(): Promise<readonly string[]> {
    const found: string[] = [];
    let { key, range_end } = this.#keys.all();
    for (;;) {
      const question = { key, range_end, keys_only: true, limit: String(PAGE) };
      const { kvs = [] } = await this.#link.ask<EtcdRange>('/v3/kv/range', question);
      for (const entry of kvs) {
        const service = this.#keys.parse(entry.key)?.service;
        if (service !== undefined && found.at(-1) !== service) found.push(service);
      }
      if (kvs.length < PAGE) return [...new Set(found)].sort();
      key = this.#keys.behind(kvs.at(-1)!.key);
    }
  }

  follow(hint: (service: string | undefined) => void): () => void {
    const { clock, watchIdleMs: idleMs } = this.#plan;
    const watch = new EtcdWatch({ link: this.#link, keys: this.#keys, clock, idleMs, hint });
    return () => watch.close();
  }

  async close(): Promise<void> {
    this.#link.close();
  }

  /** What stands of an instance; `counts` how many there are where it is none of them. */
  async #look(key: InstanceKey, counts: boolean): Promise<EtcdScene> {
    const questions = [
      { request_range: { key: this.#keys.instance(key) } },
      { request_range: { key: this.#keys.grave(key) } },
      ...(counts ? [{ request_range: { ...this.#keys.all(), count_only: true } }] : []),
    ];
    const txn = await this.#txn({ success: questions });
    const count = Number(rangeOf(txn, 2).count ?? 0);
    return new EtcdScene(key, entryOf(txn, 0), entryOf(txn, 1), count);
  }

  /** Writes where all is as it was seen; whether it was. */
  async #write(scene: EtcdScene, steps: readonly object[], grave: object): Promise<boolean> {
    const keys = [this.#keys.instance(scene.key), this.#keys.grave(scene.key)] as const;
    const compare = [unchanged(keys[0], scene.entry), unchanged(keys[1], scene.grave)];
    const lease = await this.#leases.memory();
    const bury = { request_put: { key: keys[1], value: encoded(JSON.stringify(grave)), lease } };
    try {
      return (await this.#txn({ compare, success: [...steps, bury] })).succeeded === true;
    } catch (error) {
      if (!isLeaseOver(error)) throw error;
      // A cluster that has lost what it held knows none of our leases.
      this.#leases.forgetMemory();
      return false;
    }
  }

  #txn(txn: object): Promise<EtcdTxn> {
    return this.#link.ask<EtcdTxn>('/v3/kv/txn', txn);
  }

  async #range(service: string, from: number | undefined) {
    const min = from === undefined ? {} : { min_mod_revision: String(from) };
    const { epoch: key } = this.#keys;
    const questions = [{ request_range: { key } }, { request_range: { ...this.#keys.of(service), ...min } }];
    for (;;) {
      const txn = await this.#txn({ success: questions });
      const name = entryOf(txn, 0)?.value;
      if (name !== undefined) {
        const { cluster_id = '', revision = '0' } = txn.header;
        // A new cluster may begin with the same data.
        const position = { epoch: `${cluster_id} ${name}`, revision: Number(revision) };
        return { position, range: rangeOf(txn, 1) };
      }
      const put = { request_put: { key, value: encoded(newId()) } };
      await this.#txn({ compare: [unchanged(key, undefined)], success: [put] });
    }
  }

  #instances({ kvs = [] }: EtcdRange): readonly RegisteredInstance[] {
    const read = kvs.map(entry => readRecord(this.#keys.parse(entry.key), entry));
    return read.filter(record => record !== undefined).map(({ registered }) => registered);
  }

  #changes(position: StorePosition, range: EtcdRange): StoreView {
    const put = this.#instances(range);
    const fine = new Set(put.map(({ id }) => id));
    const ids = (range.kvs ?? []).map(({ key }) => this.#keys.parse(key)?.id);
    // One that is no instance any more is none.
    const removed = ids.filter(id => id !== undefined && !fine.has(id)) as string[];
    return { ...position, kind: 'changes', put, removed };
  }
}

/**
 * Holds instances in etcd 3.4 or later, each under a lease of etcd; changes are told of by a watch, and
 * looked for as well. It asks the JSON gateway of the cluster, and needs no client.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 */
export function etcdRegistryStore(options: EtcdRegistryStoreOptions): RegistryStore {
  return new EtcdRegistryStore(options);
}
