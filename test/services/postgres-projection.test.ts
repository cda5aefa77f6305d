import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PostgresClient } from '../../src/adapters/postgres/client.js';
import { PostgresProjectionStore } from '../../src/adapters/postgres/projection-store.js';
import type { PostgresPool } from '../../src/adapters/postgres/provision-place.js';
import { InMemoryEventLog } from '../../src/events/event-log.js';
import { Projection } from '../../src/events/projection.js';
import type { ProjectionOptions } from '../../src/events/projection-options.js';
import { freshPglite } from '../fixtures/pglite.js';
import { until } from './eventually.js';
import { poolOf, serverConfig, serverIsThere } from './postgres-server.js';

interface Events {
  readonly 'order.placed': { readonly sku: string; readonly count: number };
}
type Options = ProjectionOptions<Events, undefined, PostgresClient>;

const there = await serverIsThere();
const nothing = (): undefined => undefined;
let schemas = 0;
const nextSchema = (): string => `projection_${process.pid}_${++schemas}`;

/** Adds to a table of its own, by a statement that does not bear being run twice. */
const adding =
  (table: string) =>
  async (
    _: undefined,
    { sku, count }: Events['order.placed'],
    { transaction }: { transaction: PostgresClient },
  ) => {
    const add = `INSERT INTO ${table} AS s VALUES ($1, $2)
      ON CONFLICT (sku) DO UPDATE SET count = s.count + excluded.count`;
    await transaction.query(add, [sku, count]);
    return undefined;
  };

async function scene(client: PostgresPool, more: Partial<Options> = {}) {
  const schema = nextSchema();
  await client.query(`CREATE SCHEMA ${schema}`);
  const table = `${schema}.sold`;
  await client.query(`CREATE TABLE ${table} (sku text PRIMARY KEY, count int CHECK (count < 1000))`);
  const store = new PostgresProjectionStore({ client, schema });
  const log = new InMemoryEventLog();
  const make = (again: Partial<Options> = {}) =>
    new Projection<Events, undefined, PostgresClient>({
      ...{ name: 'sold', init: nothing, on: { 'order.placed': adding(table) }, feed: log, store, pollMs: 20 },
      ...more,
      ...again,
    });
  const sold = async (from = table) => {
    const { rows } = await client.query(`SELECT sku, count FROM ${from} ORDER BY sku`);
    return Object.fromEntries((rows as { sku: string; count: number }[]).map(row => [row.sku, row.count]));
  };
  const end = () => client.query(`DROP SCHEMA ${schema} CASCADE`);
  return { schema, table, store, log, make, sold, end };
}

const kinds: readonly (readonly [
  string,
  boolean,
  () => Promise<PostgresPool & { end?(): Promise<void> }>,
])[] = [
  ['a PostgreSQL server', there, async () => poolOf()],
  ['a PGlite', true, freshPglite],
];

for (const [kind, isThere, open] of kinds) {
  describe.skipIf(!isThere)(`a projection whose read model is in ${kind}`, () => {
    let client!: PostgresPool & { end?(): Promise<void>; close?(): Promise<void> };
    beforeAll(async () => {
      client = await open();
    });
    afterAll(() => client.end?.() ?? client.close?.());

    it('writes the read model and its place in one transaction, and nothing of what fails', async () => {
      const { log, make, sold, store, end } = await scene(client, { onError: 'park' });
      for (const count of [1, 2000, 2]) log.append('order.placed', { sku: 'tea', count });
      const projection = make();
      await projection.catchUp();
      expect(await sold()).toEqual({ tea: 3 });
      expect(projection.parked.map(({ position }) => position)).toEqual([2]);
      // Another process goes on from there, with what is parked.
      log.append('order.placed', { sku: 'pot', count: 1 });
      const next = make();
      await next.catchUp();
      expect(await sold()).toEqual({ pot: 1, tea: 3 });
      expect(next.parked[0]).toMatchObject({ position: 2, data: { sku: 'tea', count: 2000 }, attempts: 1 });
      expect(await next.retryParked(2)).toBe(false);
      expect(await next.discardParked(2)).toBe(true);
      expect((await store.load('sold', 1))?.parked).toEqual([]);
      await end();
    });

    it('stops at an event that fails, with all before it saved', async () => {
      const { log, make, sold, end } = await scene(client);
      for (const count of [1, 2000, 2]) log.append('order.placed', { sku: 'tea', count });
      const projection = make();
      await expect(projection.catchUp()).rejects.toMatchObject({ code: 'ERR_PROJECTION_STOPPED' });
      expect([await sold(), projection.position]).toEqual([{ tea: 1 }, 1]);
      await end();
    });

    it('counts each event once where several processes run one version', async () => {
      const { log, make, sold, store, end } = await scene(client, { batch: 7 });
      const projections = [make(), make(), make()];
      for (const projection of projections) projection.start();
      for (let n = 1; n <= 120; n++) log.append('order.placed', { sku: `s${n % 3}`, count: 1 });
      await store.reached('sold', 120, { timeoutMs: 60_000 });
      await Promise.all(projections.map(projection => projection.stop()));
      expect(await sold()).toEqual({ s0: 40, s1: 40, s2: 40 });
      await end();
    });

    it('is rebuilt beside itself, and a view shows the new one from one moment on', async () => {
      const { schema, log, make, sold, table, end } = await scene(client);
      const view = `${schema}.shown`;
      const store = new PostgresProjectionStore({
        client,
        schema,
        onActivate: async (transaction, { version }) => {
          const shown = version === 1 ? table : `${table}_${version}`;
          await transaction.query(`CREATE OR REPLACE VIEW ${view} AS SELECT sku, count FROM ${shown}`);
        },
      });
      log.append('order.placed', { sku: 'tea', count: 1 });
      await make({ store }).catchUp();
      await client.query(`CREATE TABLE ${table}_2 (LIKE ${table} INCLUDING ALL)`);
      const twice: Options['on'] = {
        'order.placed': (state, data, context) =>
          adding(`${table}_2`)(state, { ...data, count: 2 * data.count }, context),
      };
      expect(await sold(view)).toEqual({ tea: 1 });
      await make({ store, version: 2, on: twice }).catchUp();
      expect([await sold(view), await sold()]).toEqual([{ tea: 2 }, { tea: 1 }]);
      expect([await store.remove('sold', 2), await store.remove('sold', 1)]).toEqual([false, true]);
      await end();
    });

    it('keeps positions of all kinds, and state that is JSON', async () => {
      const { schema, end } = await scene(client);
      const store = new PostgresProjectionStore<{ n: number }>({ client, schema });
      const at = Date.now();
      for (const position of [7, 2n ** 60n, '1-2 x', 0]) {
        const parked = { position, type: 'a', data: [1], version: undefined, error: 'e', attempts: 2 };
        const saved = { position, parked: [{ ...parked, replaying: false, at }], state: { n: 1 } };
        await store.save('p', 1, saved);
        expect(await store.load('p', 1)).toEqual(saved);
      }
      await expect(store.reached('p', 1, { timeoutMs: 30 })).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
      await store.activate('p', 1, undefined);
      await store.reached('p', 0);
      await expect(store.reached('p', 'x')).rejects.toThrow(/`compare` must be a function where positions/);
      expect(await store.activate('p', 2, undefined)).toBe(false);
      await end();
    });
  });
}

describe.skipIf(!there)('a projection whose connections are cut', () => {
  it('loses and doubles nothing', async () => {
    const client = poolOf();
    const name = `cut_${process.pid}`;
    const cut = poolOf({ ...serverConfig, application_name: name });
    const { schema, log, make, sold, store, end } = await scene(client, { batch: 10 });
    const kill = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1';
    let interruptions = 0;
    const own = new PostgresProjectionStore({ client: cut, schema });
    const projections = [make({ store: own }), make({ store: own })];
    for (const projection of projections) {
      projection.on('interrupted', () => void interruptions++);
      projection.start();
    }
    let placed = 0;
    // Until it has been cut often enough, however long that takes.
    for (; interruptions < 10; placed++) {
      log.append('order.placed', { sku: `s${placed % 50}`, count: 1 });
      if (placed % 20 === 19) await client.query(kill, [name]);
      await new Promise(resolve => setTimeout(resolve, 2));
    }
    await store.reached('sold', placed, { timeoutMs: 60_000 });
    await Promise.all(projections.map(projection => projection.stop()));
    const counts = Object.values(await sold());
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(placed);
    await until(() => projections.every(projection => projection.snapshot().status !== 'running'));
    await end();
    await Promise.all([client.end(), cut.end()]);
  });
});

describe('what a PostgresProjectionStore is not made with', () => {
  it.each([
    [{ client: { query: () => {} } }, /`client` must be a Pool or a PGlite/],
    [{ client: { query: () => {}, connect: () => {} }, onActivate: 5 }, /`onActivate` must be a function/],
    [{ client: { query: () => {}, connect: () => {} }, stores: [] }, /unknown option `stores`/],
  ])('%o', (options, message) => {
    expect(() => new PostgresProjectionStore(options as never)).toThrow(message);
  });
});
