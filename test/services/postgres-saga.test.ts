import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Row } from '../../src/adapters/postgres/client.js';
import type { PostgresSagaStoreOptions } from '../../src/adapters/postgres/saga-options.js';
import { postgresSagaStore } from '../../src/adapters/postgres/saga-store.js';
import { until } from './eventually.js';
import { OwnPostgres } from './own-postgres.js';
import { poolOf, serverConfig, serverIsThere } from './postgres-server.js';
import { kind, newSaga, writeOf } from './saga-samples.js';

const there = await serverIsThere();
const schema = `saga_edges_${process.pid}`;
const pool = poolOf();
const storeOf = (options: Partial<PostgresSagaStoreOptions> = {}) =>
  postgresSagaStore({ client: pool, schema, ...options });
const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);
const failure = (promise: Promise<unknown>) => promise.then(String, (error: unknown) => error);

describe.skipIf(!there)('a store of sagas in PostgreSQL', () => {
  const store = storeOf();

  beforeAll(() => store.open());
  afterAll(async () => {
    await pool.query(`DROP SCHEMA ${schema} CASCADE`);
    await pool.end();
  });

  it('makes its tables, only looks for them, or trusts', async () => {
    const other = `${schema}_none`;
    const checks = storeOf({ schema: other, topology: 'check' });
    await expect(checks.open()).rejects.toMatchObject({ code: 'ERR_TOPOLOGY' });
    await storeOf({ schema: other, topology: 'none' }).open();
    await Promise.all(numbers(5).map(() => storeOf({ schema: other }).open()));
    await checks.open();
    expect(await checks.list({ limit: 1 })).toEqual([]);
    await pool.query(`DROP SCHEMA ${other} CASCADE`);
  });

  it('refuses an id that no index can hold, and no other of the same turn', async () => {
    const [long, fine] = [newSaga({ id: 'é'.repeat(1_001) }), newSaga({ id: 'é'.repeat(1_000) })];
    const answers = await Promise.all([failure(store.insert(long)), store.insert(fine)]);
    expect(answers[0]).toMatchObject({ message: expect.stringMatching(/`id` .* 2000 bytes, got 2002/) });
    expect((await store.get(fine.id))?.id).toBe(fine.id);
  });

  it('does what it can of a batch of which the server refuses a part', async () => {
    const records = await Promise.all(numbers(5).map(async () => (await store.insert(newSaga())).record));
    const writes = records.map((record, n) => writeOf(record, n === 2 ? { epoch: 2 ** 40 } : {}));
    const answers = await Promise.all(
      writes.map(write => failure(store.write(write).then(({ kind }) => kind))),
    );
    expect(answers.filter(answer => answer === 'written')).toHaveLength(4);
    const facts = { code: 'ERR_SAGA_STORE', maybeDone: false, retryable: false };
    expect(answers[2]).toMatchObject(facts);
  });

  it('says of an error whether it may have been done', async () => {
    const nowhere = poolOf({ host: '127.0.0.1', port: 1 });
    const away = storeOf({ client: nowhere, topology: 'none' });
    const facts = { code: 'ERR_SAGA_STORE', retryable: true, maybeDone: false };
    for (const call of [away.now(), away.insert(newSaga()), away.renew([{ id: 'a', epoch: 1 }], 1)]) {
      await expect(call).rejects.toMatchObject(facts);
    }
    await nowhere.end();
    const slow = storeOf({ client: { query: () => new Promise<never>(() => {}) }, statementTimeoutMs: 20 });
    await expect(slow.now()).rejects.toMatchObject({ ...facts, maybeDone: true });
  });

  it('loses nothing when connections are cut, if what failed is repeated', async () => {
    const name = `cut ${schema}`;
    const cut = poolOf({ ...serverConfig, application_name: name });
    const own = storeOf({ client: cut });
    let ended = false;
    const cutting = (async () => {
      while (!ended) {
        await pool.query(
          'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1',
          [name],
        );
        await new Promise(resolve => setTimeout(resolve, 15));
      }
    })();
    let failed = 0;
    const stubborn = async <T>(ask: () => Promise<T>): Promise<T> => {
      for (;;) {
        try {
          return await ask();
        } catch (error) {
          failed++;
          expect(error).toMatchObject({ code: 'ERR_SAGA_STORE', retryable: true });
        }
      }
    };
    const life = async () => {
      const saga = newSaga();
      let { record } = await stubborn(() => own.insert(saga));
      for (const n of numbers(6)) {
        const write = writeOf(record, { events: [{ kind: 'done', step: `s${n}` }] });
        expect(await stubborn(() => own.write(write))).toEqual({ kind: 'written' });
        record = { ...record, revision: record.revision + 1 };
      }
      return saga.id;
    };
    const sagas: string[] = [];
    // A machine at its limits may need less time for all the sagas than for the first cut.
    do sagas.push(...(await Promise.all(numbers(40).map(life))));
    while (failed === 0);
    ended = true;
    await cutting;
    for (const id of sagas) {
      const steps = (await store.history(id)).map(
        ({ seq, event }) => `${seq} ${(event as { step: string }).step}`,
      );
      expect(steps).toEqual(numbers(6).map(n => `${n + 1} s${n}`));
    }
    await cut.end();
  });

  it('lets batches of many processes meet in the same sagas', async () => {
    const ids = numbers(60).map(n => `meet-${n}`);
    const stores = numbers(4).map(() => storeOf());
    const records = await Promise.all(
      stores.flatMap((one, n) =>
        (n % 2 ? [...ids].reverse() : ids).map(id => one.insert(newSaga({ id, key: `key ${id}` }))),
      ),
    );
    expect(records.filter(({ inserted }) => inserted)).toHaveLength(60);
    for (const round of numbers(10)) {
      const answers = await Promise.all(
        stores.flatMap((one, n) => {
          const order = (round + n) % 2 ? ids : [...ids].reverse();
          const renewals = one.renew(
            order.map(id => ({ id, epoch: 1 })),
            3_600_000,
          );
          const writes = order.map(id =>
            one.write(writeOf(records[0]!.record, { id, revision: round, events: [{ kind: 'retried' }] })),
          );
          return [renewals.then(lost => lost.length), ...writes.map(write => write.then(({ kind }) => kind))];
        }),
      );
      expect(new Set(answers)).toEqual(new Set([0, 'written']));
    }
    for (const id of ids) expect(await store.history(id)).toHaveLength(10);
  });

  it('keeps only the latest of a long history, or none', async () => {
    const [long, none] = [storeOf({ maxHistory: 150 }), storeOf({ history: false })];
    let { record } = await long.insert(newSaga());
    for (const n of numbers(40)) {
      const events = numbers(10).map(at => ({ kind: 'started', step: `${n * 10 + at}` }) as const);
      await (n === 39 ? none : long).write(writeOf(record, { events }));
      record = { ...record, revision: record.revision + 1 };
    }
    const kept = await long.history(record.id);
    expect(kept.length).toBeGreaterThanOrEqual(150);
    expect(kept.length).toBeLessThanOrEqual(250);
    expect(kept.at(-1)).toMatchObject({ seq: 390, event: { step: '389' } });
  });

  it('tells of what may be due, in other processes too, until nobody listens', async () => {
    const [here, elsewhere] = [storeOf({ notifications: pool }), storeOf({ notifications: pool })];
    let heard = 0;
    const off = here.onWake!(() => heard++);
    // It says so when it has begun to listen.
    await until(() => heard > 0);
    const { record } = await elsewhere.insert(newSaga());
    for (const wake of [
      () => elsewhere.insert(newSaga({ owner: undefined })),
      () => elsewhere.signal({ target: { id: record.id }, name: 'a', dedupe: 'd', payload: 1 }),
      () => elsewhere.cancel(record.id, 'x'),
      () => elsewhere.wake(record.id),
    ]) {
      const before = heard;
      await wake();
      await until(() => heard > before);
    }
    off();
    off();
    await new Promise(resolve => setTimeout(resolve, 100));
    const before = heard;
    await elsewhere.wake(record.id);
    await new Promise(resolve => setTimeout(resolve, 300));
    expect(heard).toBe(before);
  });

  it('claims by a plan that what is over makes no dearer, and that no server compiles', async () => {
    const costs: number[] = [];
    const explains = {
      query: async (text: string, params?: unknown[]) => {
        const { rows } = await pool.query(`EXPLAIN (FORMAT JSON) ${text}`, params);
        costs.push(rows[0]['QUERY PLAN'][0].Plan['Total Cost']);
        return { rows: [] as Row[] };
      },
    };
    for (const over of [0, 60_000]) {
      const own = `${schema}_cost_${over}`;
      await storeOf({ schema: own }).open();
      await pool.query(`INSERT INTO ${own}.saga (id, definition, version, hash, state, status, cancellable,
          epoch, wake_at)
        SELECT 'over-' || n, 'order', 1, 'h', '{}', 'completed', false, 1, NULL
        FROM generate_series(1, ${over}) n
        UNION ALL SELECT 'due-' || n, 'order', 1, 'h', '{}', 'waiting', false, 1, now()
        FROM generate_series(1, 2000) n`);
      await pool.query(`VACUUM ANALYZE ${own}.saga`);
      await storeOf({ schema: own, client: explains }).claim('me', [kind], 10, 1);
      await pool.query(`DROP SCHEMA ${own} CASCADE`);
    }
    // From a cost of 100 000 on a server takes its time to compile a plan; this one cost that beside 60 000.
    expect(costs[1]).toBeLessThan(2 * costs[0]! + 100);
  });

  it('finds what is due past any number that is over, and any that nobody here can drive', async () => {
    const many = `${schema}_many`;
    const own = storeOf({ schema: many });
    await own.open();
    await pool.query(`INSERT INTO ${many}.saga (id, definition, version, hash, state, status, cancellable,
        epoch, owner, wake_at)
      SELECT 'over-' || n, 'order', 1, 'h', '{}', 'completed', false, 1, 'me', NULL
      FROM generate_series(1, 60000) n
      UNION ALL SELECT 'other-' || n, 'return', 1, 'h', '{}', 'waiting', false, 1, NULL, now()
      FROM generate_series(1, 20000) n`);
    await pool.query(`ANALYZE ${many}.saga`);
    await Promise.all(numbers(20).map(() => own.insert(newSaga({ owner: undefined }))));
    const plans: string[] = [];
    const explains = {
      query: async (text: string, params?: unknown[]) => {
        const { rows } = await pool.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, params);
        plans.push(JSON.stringify(rows));
        return { rows: [] as Row[] };
      },
    };
    const explained = storeOf({ schema: many, client: explains });
    expect(await explained.claim('me', [kind], 10, 1)).toEqual([]);
    await explained.census();
    await explained.list({ status: 'parked', limit: 10 });
    await explained.purge(1e9, 10);
    const [claim, census, list, purge] = plans as [string, string, string, string];
    expect(claim).toMatch(/saga_due/);
    expect(purge).toMatch(/saga_over/);
    for (const plan of [claim, list, purge]) {
      expect(plan).not.toMatch(/"Seq Scan"[^{}]*"Relation Name":"saga"/);
      const [, blocks] = /"Shared Hit Blocks":(\d+)/.exec(plan)!;
      expect(Number(blocks)).toBeLessThan(500);
    }
    expect(census).toMatch(/saga_open/);
    await pool.query(`DROP SCHEMA ${many} CASCADE`);
  });
});

describe.skipIf(!there)('a PostgreSQL that goes down as if the power went', () => {
  const server = new OwnPostgres();

  beforeAll(() => server.create());
  afterAll(() => server.remove());

  it('has all that was answered when it comes back', async () => {
    const own = poolOf(server.config);
    const store = postgresSagaStore({ client: own, statementTimeoutMs: 5_000 });
    await store.open();
    const written = new Map<string, number>();
    let down = false;
    const drive = async (): Promise<void> => {
      while (!down) {
        try {
          const { record } = await store.insert(newSaga());
          written.set(record.id, 0);
          for (const revision of numbers(5)) {
            const events = [{ kind: 'done', step: `s${revision}` }] as const;
            const answer = await store.write(writeOf({ ...record, revision }, { events }));
            if (answer.kind === 'written') written.set(record.id, revision + 1);
          }
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_SAGA_STORE', retryable: true });
          await new Promise(resolve => setTimeout(resolve, 20));
        }
      }
    };
    const drivers = Promise.all(numbers(20).map(drive));
    await until(() => written.size > 200);
    await server.stop('crash');
    down = true;
    await drivers;
    await server.start();
    for (const [id, revision] of written) {
      const record = await store.get(id);
      expect(record?.revision).toBeGreaterThanOrEqual(revision);
      expect(await store.history(id)).toHaveLength(record!.revision);
    }
    await own.end();
  });
});
