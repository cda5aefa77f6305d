import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { postgresRegistry } from '../../src/adapters/postgres/registry.js';
import { postgresRegistryStore } from '../../src/adapters/postgres/registry-store.js';
import { ServiceWatcher } from '../../src/discovery/service-watcher.js';
import { registryLaws } from '../../src/testing/conformance/registry-laws.js';
import { freshPglite } from '../fixtures/pglite.js';
import { until } from './eventually.js';
import { poolOf, serverIsThere } from './postgres-server.js';

const there = await serverIsThere();
const pools = [poolOf(), poolOf()];
let made = 0;
const nextSchema = () => `registry_laws_${process.pid}_${made++}`;
const pass = async (ms: number) => void (await sleep(Math.ceil(ms) + 2));

afterAll(() => Promise.all(pools.map(pool => pool.end())));

function onServer() {
  const schema = nextSchema();
  const [store, other] = pools.map(client => postgresRegistryStore({ client, schema, pollMs: 100 }));
  const close = async () => void (await pools[0]!.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`));
  return { store: store!, other: other!, advance: pass, shortMs: 400, close };
}

describe.skipIf(!there)('the store of instances in PostgreSQL keeps the law', () => {
  for (const { name, check } of registryLaws(onServer)) it.concurrent(name, check);
});

// It takes long to start: one for all.
const pglite = await freshPglite();
afterAll(() => pglite.close());

function onPGlite() {
  const schema = nextSchema();
  const options = { client: pglite, notifications: pglite, schema, pollMs: 250 };
  const close = async () => void (await pglite.exec(`DROP SCHEMA IF EXISTS ${schema} CASCADE`));
  const [store, other] = [postgresRegistryStore(options), postgresRegistryStore(options)];
  return { store, other, advance: pass, shortMs: 400, close };
}

/** It has one connection for all, so laws come one after the other; those that wait only in the long form. */
const isLong = process.env['SERVICES'] === 'long';
const lawsOfPGlite = registryLaws(onPGlite).filter(({ id }) => isLong || /^(register|leave|read)\./.test(id));

describe('the store of instances in a PGlite keeps the law', () => {
  for (const { name, check } of lawsOfPGlite) it(name, check);
});

const cart = { service: 'cart', id: 'c1', address: 'http://10.0.0.5:8080' };

describe.skipIf(!there)('a registry in PostgreSQL', () => {
  it('tells of changes at once, though it looks rarely', async () => {
    const schema = nextSchema();
    const [registry, other] = pools.map(client =>
      postgresRegistry({ client, notifications: client, schema, pollMs: 3_600_000 }),
    );
    const heard: string[] = [];
    other!.watch('cart', ({ instances }) => void heard.push(instances.map(({ id }) => id).join()));
    await until(() => heard.length === 1);
    const registration = registry!.register(cart, { drainMs: 0 });
    await until(() => heard.at(-1) === 'c1');
    await registration.close();
    await until(() => heard.at(-1) === '');
    await Promise.all([registry!.close(), other!.close()]);
    await pools[0]!.query(`DROP SCHEMA ${schema} CASCADE`);
  });

  it('is outlived when its connections are cut, and all are there again afterwards', async () => {
    const schema = nextSchema();
    const name = `${schema}_app`;
    const cut = poolOf();
    cut.options.application_name = name;
    const options = { schema, pollMs: 100, answerTimeoutMs: 500 };
    const registry = postgresRegistry({ ...options, client: cut, notifications: cut });
    const registration = registry.register(cart, { ttlMs: 2_000, drainMs: 0 });
    await registration.ready;
    const watcher = new ServiceWatcher({ registry, service: 'cart' });
    await watcher.ready;
    const kill = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1';
    for (let round = 0; round < 5; round++) {
      await pools[0]!.query(kill, [name]);
      await sleep(100);
      expect(watcher.usable().map(({ id }) => id)).toEqual(['c1']);
    }
    // Its tables are gone, and what was in them: nobody can register until they are back.
    await pools[0]!.query(`ALTER SCHEMA ${schema} RENAME TO ${schema}_away`);
    await until(() => watcher.staleMs > 0 && registration.state === 'lost');
    expect(watcher.usable().map(({ id }) => id)).toEqual(['c1']);
    await pools[0]!.query(`ALTER SCHEMA ${schema}_away RENAME TO ${schema}`);
    await until(() => watcher.staleMs === 0 && registration.state === 'registered');
    expect((await registry.instances('cart')).length).toBe(1);
    watcher.close();
    await registry.close();
    await cut.end();
    await pools[0]!.query(`DROP SCHEMA ${schema} CASCADE`);
  });

  it('has room again when the leases of another service have ended, of which nobody asks', async () => {
    const schema = nextSchema();
    const store = postgresRegistryStore({ client: pools[0]!, schema, maxInstances: 2 });
    const rest = { weight: 1, tags: [], metadata: {}, status: 'up' } as const;
    const instance = (service: string, id: string) => ({ ...cart, ...rest, service, id });
    expect(await store.register(instance('mail', 'm1'), 1, 50)).toEqual({ kind: 'registered' });
    expect(await store.register(instance('mail', 'm2'), 1, 60_000)).toEqual({ kind: 'registered' });
    const before = await store.read('mail', undefined);
    const late = instance('cart', 'c1');
    expect(await store.register(late, 1, 60_000)).toMatchObject({ kind: 'full' });
    await sleep(60);
    expect(await store.register(late, 1, 60_000)).toEqual({ kind: 'registered' });
    // Who follows the other service is told of it, as ever.
    const after = await store.read('mail', before);
    expect(after).toMatchObject({ kind: 'all', instances: [{ id: 'm2' }] });
    expect(after.revision).toBe(before.revision + 1);
    await pools[0]!.query(`DROP SCHEMA ${schema} CASCADE`);
  });

  it('passes over what somebody else has written there, and keeps to its bound', async () => {
    const schema = nextSchema();
    const registry = postgresRegistry({ client: pools[0]!, schema, maxInstances: 1 });
    await registry.register(cart, { drainMs: 0 }).ready;
    const full = registry.register({ ...cart, id: 'c2' }, { drainMs: 0 });
    await expect(full.ready).rejects.toMatchObject({ code: 'ERR_REGISTRY_FULL', option: 'maxInstances' });
    const insert = `INSERT INTO ${schema}.registry_instance VALUES ('cart', $1, 1, 'infinity', $2)`;
    await pools[0]!.query(insert, ['x', JSON.stringify({ ...cart, id: 'x', address: 'http://a@evil' })]);
    await pools[0]!.query(insert, ['y', '{']);
    expect((await registry.instances('cart')).map(({ id }) => id)).toEqual(['c1']);
    await registry.close();
    await pools[0]!.query(`DROP SCHEMA ${schema} CASCADE`);
  });
});
