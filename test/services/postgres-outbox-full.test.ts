import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PostgresOutboxStore } from '../../src/adapters/postgres/outbox-store.js';
import { bucketOf, OUTBOX_BUCKETS } from '../../src/core/outbox-lease.js';
import type { OutboxClaim } from '../../src/data/outbox-store.js';
import { emptyOutbox } from '../fixtures/outbox.js';
import { poolOf, serverConfig, serverIsThere } from './postgres-server.js';

const there = await serverIsThere();
const pool = poolOf({ ...serverConfig, max: 4 });
const schema = `outbox_${process.pid}_full`;
afterAll(() => pool.end());

/** From here on the server compiles a statement to machine code before it runs it, which takes 100 ms. */
const COMPILED_FROM = 100_000;

describe.skipIf(!there)('an outbox in PostgreSQL in which much waits', () => {
  const asked: [text: string, params: unknown[] | undefined][] = [];
  const client = {
    query: (text: string, params?: unknown[]) => {
      asked.push([text, params]);
      return pool.query(text, params);
    },
  };
  const store = new PostgresOutboxStore({ client, schema });
  beforeAll(() => store.connect());
  afterAll(async () => void (await pool.query(`DROP SCHEMA ${schema} CASCADE`)));

  const text = `INSERT INTO ${schema}.outbox (bucket, key, ordered, topic, version, message_id, body, facts)`;
  const say = { relay: 'r-1', leaseMs: 60_000, reach: 25, maxCrashes: 3 };
  const nothing = { keep: [], release: [] };
  const all = { buckets: [bucketOf('bad')], reach: 25, limit: 100, skip: [] };
  const waiting = { id: 0, tries: 8, waitMs: undefined, reason: 'failed' as const, error: 'no' };
  const [, other] = Array.from({ length: 1_000 }, (_, n) => `k-${n}`).filter(
    key => bucketOf(key) === bucketOf('bad'),
  );
  beforeEach(() => emptyOutbox(pool, schema));

  /** The key `bad` of which so many wait is parked, and one of another key comes after. */
  async function parkBad(many: number): Promise<OutboxClaim> {
    const { grants } = await store.beat({ ...say, ...nothing });
    const { bucket, epoch } = grants.find(grant => grant.bucket === bucketOf('bad'))!;
    const fill = `${text} SELECT $1::int, 'bad', true, 'orders.placed', 1, 'm-' || n, '{}', '{}'
      FROM generate_series(1, $2::int) n`;
    await pool.query(fill, [bucket, many]);
    const [first] = await store.read(all);
    const claim = { relay: say.relay, bucket, epoch };
    expect(await store.trouble(claim, { ...waiting, id: first!.id })).toBe(true);
    await pool.query(`${text} VALUES ($1, $2, true, 'orders.placed', 1, 'o-1', '{}', '{}')`, [bucket, other]);
    return claim;
  }

  /** How many rows reading the bucket passes over. */
  async function passedOver(): Promise<number> {
    expect((await store.read(all)).map(({ messageId }) => messageId)).toEqual(['o-1']);
    const [statement, params] = asked.at(-1)!;
    const { rows } = await pool.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${statement}`, params);
    const removed = [...JSON.stringify(rows).matchAll(/"Rows Removed by Filter":(\d+)/g)];
    return removed.reduce((sum, [, many]) => sum + Number(many), 0);
  }

  it('is not read through what is parked, nor through what comes to it', async () => {
    const { bucket, epoch } = await parkBad(20_000);
    expect(await passedOver()).toBeLessThan(10);
    await pool.query(
      `${text} SELECT $1::int, 'bad', true, 'orders.placed', 1, 'n-' || n, '{}', '{}'
        FROM generate_series(1, 900) n`,
      [bucket],
    );
    expect(await passedOver()).toBeGreaterThan(800);
    const { grants } = await store.beat({
      ...say,
      keep: [{ bucket, epoch, suspectTo: undefined }],
      release: [],
    });
    expect(grants.some(grant => grant.bucket === bucket && grant.epoch === epoch)).toBe(true);
    expect(await passedOver()).toBeLessThan(10);
    expect(await store.lag()).toMatchObject([{ bucket, messages: 20_901, parked: 20_900 }]);
  });

  it('gives back in order what was parked when its key goes on', async () => {
    await parkBad(12_000);
    expect(await store.retry('bad')).toBe(true);
    expect(await store.retry('bad')).toBe(false);
    const rows = await store.read({ ...all, reach: 20_000, limit: 20_000 });
    expect(rows.map(({ messageId }) => messageId)).toEqual([
      ...Array.from({ length: 12_000 }, (_, n) => `m-${n + 1}`),
      'o-1',
    ]);
  });

  it('gives up one message of what is aside, and goes on with the next', async () => {
    await parkBad(10);
    expect(await store.discard('bad')).toMatchObject({ id: 'm-1', key: 'bad' });
    expect(await store.discard('bad')).toBe(undefined);
    const [first, ...rest] = await store.read(all);
    expect([first?.messageId, rest.length]).toEqual(['m-2', 9]);
  });

  it('deletes with a key what is aside of it', async () => {
    await parkBad(10);
    expect([await store.purge(0, 10), await store.purge(0, 10)]).toEqual([1, 0]);
    expect(await store.lag()).toMatchObject([{ messages: 1, parked: 0 }]);
  });

  const decisions = {
    retry: (decider: PostgresOutboxStore) => decider.retry('bad'),
    discard: (decider: PostgresOutboxStore) => decider.discard('bad'),
    purge: (decider: PostgresOutboxStore) => decider.purge(0, 10),
  };
  it.each(Object.entries(decisions))(
    'outlives the death of who decides on a key, by %s',
    async (_, decide) => {
      for (let dies = 1, died = true; died; dies++) {
        await emptyOutbox(pool, schema);
        await parkBad(10);
        let statements = 0;
        const mortal = {
          query: (statement: string, params?: unknown[]) => {
            if (++statements > dies) return Promise.reject(new Error('dead'));
            return pool.query(statement, params);
          },
        };
        const decider = new PostgresOutboxStore({ client: mortal, schema, topology: 'none' });
        died = await decide(decider).then(
          () => false,
          () => true,
        );
        if (died) {
          const { grants } = await store.beat({ ...say, ...nothing });
          expect([grants.length, await passedOver()]).toEqual([OUTBOX_BUCKETS, expect.any(Number)]);
          expect(await store.parked(10, undefined)).toMatchObject([{ key: 'bad' }]);
          await decide(store);
        }
        const [lag] = await store.lag();
        const rows = await store.read(all);
        expect([lag?.messages, lag?.parked]).toEqual([rows.length, 0]);
        const left = decide === decisions.retry ? 10 : decide === decisions.discard ? 9 : 0;
        const ids = Array.from({ length: left }, (_, n) => `m-${n + 11 - left}`);
        expect(rows.map(({ messageId }) => messageId)).toEqual([...ids, 'o-1']);
      }
    },
  );

  it('loses nothing of a key that is let go on and parked by many at a time', async () => {
    const claim = await parkBad(50);
    for (let round = 0; round < 20; round++) {
      const keep = [{ bucket: claim.bucket, epoch: claim.epoch, suspectTo: undefined }];
      const beats = Array.from({ length: 3 }, () => store.beat({ ...say, keep, release: [] }));
      const went = await Promise.all([store.retry('bad'), store.retry('bad'), ...beats]);
      expect(went.slice(0, 2).sort()).toEqual([false, true]);
      const rows = (await store.read({ ...all, reach: 100 })).filter(({ key }) => key === 'bad');
      expect(rows.map(({ messageId }) => messageId)).toEqual(
        Array.from({ length: 50 }, (_, n) => `m-${n + 1}`),
      );
      expect(await store.trouble(claim, { ...waiting, id: rows[0]!.id })).toBe(true);
    }
  });

  /** What the server thinks that the last statement costs. */
  async function costOfLast(): Promise<number> {
    const [statement, params] = asked.at(-1)!;
    const { rows } = await pool.query(`EXPLAIN (FORMAT JSON) ${statement}`, params);
    return rows[0]['QUERY PLAN'][0].Plan['Total Cost'];
  }

  it('is read by a statement that costs no more than one of an outbox in which little waits', async () => {
    await pool.query(`${text}
      SELECT n % ${OUTBOX_BUCKETS}, 'k-' || n, true, 'orders.placed', 1, 'm-' || n, '{}', '{}'
      FROM generate_series(1, 200000) n`);
    await pool.query(`ANALYZE ${schema}.outbox`);
    const buckets = Array.from({ length: OUTBOX_BUCKETS }, (_, bucket) => bucket);
    const rows = await store.read({ buckets, reach: 25, limit: 100, skip: ['k-1'] });
    expect(rows.map(({ key }) => key)).toEqual(Array.from({ length: 100 }, (_, n) => `k-${n + 2}`));
    expect(await costOfLast()).toBeLessThan(COMPILED_FROM / 20);
  });

  it('is read so as well where all of it is of one bucket, and begins with what is parked', async () => {
    await parkBad(200_000);
    await pool.query(`ANALYZE ${schema}.outbox`);
    await store.read(all);
    expect(await costOfLast()).toBeLessThan(COMPILED_FROM / 20);
  });
});
