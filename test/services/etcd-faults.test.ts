import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type EtcdRegistryOptions, etcdRegistry } from '../../src/adapters/etcd/registry.js';
import type { ServiceChange, ServiceRegistry } from '../../src/discovery/service-registry.js';
import { ServiceWatcher } from '../../src/discovery/service-watcher.js';
import { etcdInstalled, OwnEtcd } from '../fixtures/etcd-server.js';
import { TcpRelay } from '../fixtures/tcp-relay.js';
import { until } from './eventually.js';

const there = etcdInstalled();
const b64 = (text: string): string => Buffer.from(text).toString('base64');
const cart = (id: string) => ({ service: 'cart', id, address: 'http://10.0.0.5:8080' });
const idsOf = (instances: readonly { readonly id: string }[]): string =>
  instances
    .map(({ id }) => id)
    .sort()
    .join(' ');

/** What a watcher heard: each change has to lead from the one before. */
class Heard {
  readonly changes: ServiceChange[] = [];
  readonly gaps: ServiceChange[] = [];
  readonly #there = new Map<string, number>();

  readonly hear = (change: ServiceChange): void => {
    if (change.previous !== this.changes.at(-1)?.revision) this.gaps.push(change);
    this.changes.push(change);
    for (const { id } of change.removed) this.#there.delete(id);
    for (const { id, incarnation } of [...change.added, ...change.changed]) this.#there.set(id, incarnation);
    if (idsOf(change.instances) !== [...this.#there.keys()].sort().join(' ')) this.gaps.push(change);
  };

  get ids(): string {
    return idsOf(this.changes.at(-1)?.instances ?? []);
  }

  get left(): readonly string[] {
    return this.changes.flatMap(({ removed }) => removed.map(({ id }) => id));
  }
}

let made = 0;
const open = (url: string | readonly string[], more: Partial<EtcdRegistryOptions> = {}): ServiceRegistry => {
  const registry = etcdRegistry({ endpoints: url, prefix: `faults-${made}`, pollMs: 500, ...more });
  onTestFinished(() => registry.close());
  return registry;
};

describe.skipIf(!there)('a registry in etcd', () => {
  let server: OwnEtcd;
  beforeAll(async () => {
    server = await OwnEtcd.started();
  });
  afterAll(() => server?.clear());

  it('tells of changes at once, though it looks rarely', async () => {
    made++;
    const [mine, theirs] = [open(server.url), open(server.url, { pollMs: 3_600_000 })];
    const heard = new Heard();
    theirs.watch('cart', heard.hear);
    await until(() => heard.changes.length === 1);
    const one = mine.register(cart('c1'), { drainMs: 0 });
    await until(() => heard.ids === 'c1');
    await one.close();
    await until(() => heard.ids === '' && heard.changes.length > 2);
    expect(heard.gaps).toEqual([]);
  });

  it('ends no lease early, and returns nobody for longer than lease and look', async () => {
    made++;
    const [mine, theirs] = [open(server.url), open(server.url)];
    const relay = await TcpRelay.make(server.port);
    const dying = open(relay.url);
    await Promise.all([
      mine.register(cart('lives'), { ttlMs: 2_000, drainMs: 0 }).ready,
      dying.register(cart('dies'), { ttlMs: 2_000, drainMs: 0 }).ready,
    ]);
    const heard = new Heard();
    theirs.watch('cart', heard.hear);
    await until(() => heard.ids === 'dies lives');
    const beatBefore = performance.now();
    await relay.close();
    await until(() => heard.ids === 'lives');
    const after = performance.now() - beatBefore;
    // The last heartbeat was up to a third of the lease before. A busy machine makes it later, never earlier.
    expect(after).toBeGreaterThan(1_000);
    expect(after).toBeLessThan(2_000 + 1_500 + 500 + 10_000);
    await sleep(4_000);
    expect(heard.left).toEqual(['dies']);
    expect(idsOf(await theirs.instances('cart'))).toBe('lives');
    expect(heard.gaps).toEqual([]);
  });

  it('goes on when its connections are cut, without a gap and without a flap', async () => {
    made++;
    const relay = await TcpRelay.make(server.port);
    onTestFinished(() => relay.close());
    const [mine, theirs] = [open(relay.url), open(relay.url, { pollMs: 3_600_000 })];
    await mine.register(cart('stays'), { ttlMs: 10_000, drainMs: 0 }).ready;
    const heard = new Heard();
    theirs.watch('cart', heard.hear);
    await until(() => heard.ids === 'stays');
    const direct = open(server.url);
    for (let round = 0; round < 5; round++) {
      relay.cut(true);
      // What happens while nobody hears it is found afterwards.
      const guest = direct.register(cart(`r${round}`), { drainMs: 0 });
      await guest.ready;
      relay.cut(false);
      await until(() => heard.ids === `r${round} stays`);
      relay.cut(true);
      await guest.close();
      relay.cut(false);
      await until(() => heard.ids === 'stays');
    }
    expect(heard.left).not.toContain('stays');
    expect(heard.gaps).toEqual([]);
  });

  it('finds all that changed behind a compaction', async () => {
    made++;
    const relay = await TcpRelay.make(server.port);
    onTestFinished(() => relay.close());
    const [mine, theirs] = [open(server.url), open(relay.url, { pollMs: 3_600_000 })];
    const heard = new Heard();
    theirs.watch('cart', heard.hear);
    const gone = mine.register(cart('gone'), { drainMs: 0 });
    await until(() => heard.ids === 'gone');
    relay.cut(true);
    await gone.close();
    await mine.register(cart('come'), { drainMs: 0 }).ready;
    const { header } = (await server.ask('/v3/kv/range', { key: b64('x') })) as {
      header: { revision: string };
    };
    await server.ask('/v3/kv/compaction', { revision: header.revision, physical: true });
    relay.cut(false);
    await until(() => heard.ids === 'come');
    expect(heard.gaps).toEqual([]);
    expect(heard.left).toEqual(['gone']);
  });

  it('passes over what somebody else has written there, and keeps to its bound', async () => {
    made++;
    const registry = open(server.url, { maxInstances: 5 });
    await registry.register(cart('c1'), { drainMs: 0 }).ready;
    const evil = { incarnation: 1, ttlS: 9, instance: { ...cart('x'), address: 'http://user:pw@evil' } };
    const moved = { incarnation: 1, ttlS: 9, instance: cart('other') };
    const lies: Readonly<Record<string, string>> = {
      x: JSON.stringify(evil),
      y: '{',
      z: JSON.stringify(moved),
      'a/b': '{}',
    };
    for (const [id, value] of Object.entries(lies)) {
      const key = b64(`faults-${made}/instances/cart/${id}`);
      await server.ask('/v3/kv/put', { key, value: b64(value) });
    }
    expect(idsOf(await registry.instances('cart'))).toBe('c1');
    const full = registry.register(cart('c2'), { drainMs: 0 });
    await expect(full.ready).rejects.toMatchObject({ code: 'ERR_REGISTRY_FULL', option: 'maxInstances' });
  });

  it('leaves no leases behind, but those by which it remembers', async () => {
    made++;
    // Those of the tests before this one end meanwhile: they are not counted.
    const before = await server.leases();
    const more = async () => (await server.leases()).filter(id => !before.includes(id)).length;
    const registry = open(server.url);
    const all = Array.from({ length: 10 }, (_, at) => registry.register(cart(`c${at}`), { drainMs: 0 }));
    await Promise.all(all.map(({ ready }) => ready));
    for (let round = 0; round < 3; round++) {
      await Promise.all(all.map(each => each.update({ metadata: { round: String(round) } })));
    }
    await until(async () => (await more()) === 11);
    await Promise.all(all.map(each => each.close()));
    await until(async () => (await more()) === 1);
  });

  it('asks the next member when one does not answer', async () => {
    made++;
    const relay = await TcpRelay.make(server.port);
    onTestFinished(() => relay.close());
    const registry = open([relay.url, server.url], { requestTimeoutMs: 500 });
    const one = registry.register(cart('c1'), { ttlMs: 6_000, drainMs: 0 });
    await one.ready;
    const heard = new Heard();
    registry.watch('cart', heard.hear);
    await until(() => heard.ids === 'c1');
    relay.cut(true);
    expect(idsOf(await registry.instances('cart'))).toBe('c1');
    await open(server.url).register(cart('c2'), { drainMs: 0 }).ready;
    await until(() => heard.ids === 'c1 c2');
    expect(one.state).toBe('registered');
    expect(heard.left).toEqual([]);
  });
});

describe.skipIf(!there)('an etcd that goes away', () => {
  it('is outlived: restarted, frozen, and without all that it knew', async () => {
    made++;
    const server = await OwnEtcd.started();
    onTestFinished(() => server.clear());
    const more = { answerTimeoutMs: 1_000, requestTimeoutMs: 500, pollMs: 300 };
    const [mine, theirs] = [open(server.url, more), open(server.url, more)];
    const one = mine.register(cart('c1'), { ttlMs: 6_000, drainMs: 0 });
    await one.ready;
    const heard = new Heard();
    theirs.watch('cart', heard.hear);
    const watcher = new ServiceWatcher({ registry: theirs, service: 'cart' });
    onTestFinished(() => watcher.close());
    await until(() => heard.ids === 'c1');

    // A restart, with all that it knew: nobody has gone.
    await server.kill();
    await until(() => watcher.staleMs > 0);
    await server.start();
    await until(() => watcher.staleMs === 0 && one.state === 'registered');
    await mine.register(cart('c2'), { ttlMs: 6_000, drainMs: 0 }).ready;
    await until(() => heard.ids === 'c1 c2');
    expect(heard.left).toEqual([]);

    // For shorter than a lease it stands still.
    await server.freeze(true);
    await sleep(700);
    await server.freeze(false);
    await until(() => watcher.staleMs === 0);
    await mine.register(cart('c3'), { ttlMs: 6_000, drainMs: 0 }).ready;
    await until(() => heard.ids === 'c1 c2 c3');
    expect(heard.left).toEqual([]);

    // For longer: they are believed to be there, and are there again.
    await server.freeze(true);
    await until(() => one.state === 'lost' && watcher.staleMs > 0);
    expect(idsOf(watcher.usable())).toBe('c1 c2 c3');
    await expect(theirs.instances('cart')).rejects.toMatchObject({ code: 'ERR_REGISTRY_UNAVAILABLE' });
    await server.freeze(false);
    await until(() => watcher.staleMs === 0 && one.state === 'registered');
    await until(() => idsOf(watcher.usable()) === 'c1 c2 c3');

    // It has forgotten all: watchers begin anew, by comparison.
    await server.kill();
    await server.forget();
    await server.start();
    await until(async () => idsOf(await theirs.instances('cart').catch(() => [])) === 'c1 c2 c3');
    await until(() => heard.changes.some(({ resync }) => resync) && heard.ids === 'c1 c2 c3');
    expect(heard.gaps).toEqual([]);
  });
});

describe.skipIf(!there)('an etcd with users', () => {
  it('is told who asks, and again when that is over', async () => {
    made++;
    const server = await OwnEtcd.started();
    onTestFinished(() => server.clear());
    await server.ask('/v3/auth/user/add', { name: 'root', password: 'secret' });
    await server.ask('/v3/auth/user/grant', { user: 'root', role: 'root' });
    await server.ask('/v3/auth/enable', {});
    const credentials = { name: 'root', password: 'secret' };
    const [registry, other] = [open(server.url, { credentials }), open(server.url, { credentials })];
    const heard = new Heard();
    other.watch('cart', heard.hear);
    await registry.register(cart('c1'), { ttlMs: 2_000, drainMs: 0 }).ready;
    await until(() => heard.ids === 'c1');
    // It keeps its tokens in memory.
    await server.kill();
    await server.start();
    await until(async () => {
      const found = await registry.instances('cart').catch(() => []);
      return idsOf(found) === 'c1';
    });
    await registry.register(cart('c2'), { drainMs: 0 }).ready;
    await until(() => heard.ids === 'c1 c2');
    const wrong = open(server.url, { credentials: { name: 'root', password: 'wrong' } });
    await expect(wrong.instances('cart')).rejects.toMatchObject({ code: 'ERR_REGISTRY_UNAVAILABLE' });
  });
});
