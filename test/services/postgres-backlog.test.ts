import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresBus } from '../../src/adapters/postgres/bus.js';
import { type Clock, systemClock } from '../../src/kernel/clock.js';
import { type Topic, topic } from '../../src/messaging/topic.js';
import { until } from './eventually.js';
import { poolOf, serverIsThere } from './postgres-server.js';

const there = await serverIsThere();
const schema = `backlog_${process.pid}`;
/**
 * What happens now and then happens twenty times as often. What is refused is tried again as ever: after 620
 * ms and not before 1 260, so that no try is under way at the deadline.
 */
const hasty: Clock = {
  ...systemClock,
  schedule: (ms, callback, keepAlive) => systemClock.schedule(ms > 1_000 ? ms / 20 : ms, callback, keepAlive),
};
const most = 50;

describe.skipIf(!there)('a group of PostgreSQL that nobody reads', () => {
  const pool = poolOf();
  const bus = postgresBus({ client: pool, schema, clock: hasty, maxBacklog: most, publishTimeoutMs: 1_000 });
  beforeAll(() => bus.connect());
  afterAll(async () => {
    await bus.close();
    await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await pool.end();
  });
  const one = async (text: string, params: unknown[] = []) => (await pool.query(text, params)).rows[0];
  /** Lets the upkeep be due now: it counts each 10 s by the clock of the server. */
  const count = () => pool.query(`UPDATE ${schema}.upkeep SET done_at = '-infinity'`);
  const crowded = async (pattern: string) => {
    await count();
    return (await one(`SELECT crowded FROM ${schema}.member_group WHERE pattern = $1`, [pattern])).crowded;
  };
  const before = async (pattern: string) => {
    const text = `SELECT count(*)::int AS n FROM ${schema}.delivery d
      JOIN ${schema}.member_group g ON g.id = d.group_id WHERE g.pattern = $1`;
    return (await one(text, [pattern])).n as number;
  };

  it.each(['none', 'key'] as const)('with order %s is published to up to its bound', async order => {
    const from = topic<number>(`backlog.${order}`, { key: n => `k${n % 3}` });
    const other = topic<number>(`backlog.${order}-other`);
    const options = { group: 'g', order } as const;
    await (await subscribed(from, options)).close();
    const all = Array.from({ length: most + 10 }, (_, n) => n);
    await bus.publishAll(from, all.slice(0, most));
    await count();
    // One at its bound is not over it.
    await until(async () => (await one(`SELECT done_at > '-infinity' AS done FROM ${schema}.upkeep`)).done);
    expect(await crowded(from.name)).toBe(false);
    await bus.publishAll(from, all.slice(most));
    await until(() => crowded(from.name), 20_000);
    const failed: unknown[] = [];
    const off = bus.on('publishFailed', ({ error }) => void failed.push(error));
    const refusal = bus.publish(from, -1);
    await expect(refusal).rejects.toMatchObject({ code: 'ERR_PUBLISH', retryable: true, maybeStored: false });
    await expect(refusal).rejects.toThrow('`maxBacklog`');
    off();
    expect(failed).toHaveLength(1);
    // In one batch with it, and not to the group.
    const [refused, taken] = await Promise.allSettled([bus.publish(from, -2), bus.publish(other, 1)]);
    expect([refused!.status, taken!.status]).toEqual(['rejected', 'fulfilled']);
    expect(await before(from.name)).toBe(all.length);
    const seen: number[] = [];
    const sub = bus.subscribe(from, options, ({ data }) => void seen.push(data));
    await until(() => seen.length >= all.length);
    expect(new Set(seen)).toEqual(new Set(all));
    await until(async () => !(await crowded(from.name)), 20_000);
    await bus.publish(from, 1_000);
    await until(() => seen.includes(1_000));
    await sub.close();
  });

  it('refuses what is part of a transaction as well, and harms no other statement of it', async () => {
    const from = topic<number>('backlog.within');
    await (await subscribed(from, { group: 'g' })).close();
    await pool.query(`UPDATE ${schema}.member_group SET crowded = true WHERE pattern = $1`, [from.name]);
    const transaction = await pool.connect();
    await transaction.query('BEGIN');
    await expect(bus.publish(from, 1, { transaction })).rejects.toMatchObject({ maybeStored: false });
    await transaction.query('COMMIT');
    transaction.release();
    expect(await before(from.name)).toBe(0);
  });

  it('of one subscriber alone loses its oldest, and refuses nobody', async () => {
    const from = topic<number>('backlog.alone');
    const seen: number[] = [];
    const options = { group: null, concurrency: 1, prefetch: 1 } as const;
    let open = (): void => {};
    const gate = new Promise<void>(resolve => (open = resolve));
    const sub = bus.subscribe(from, options, async ({ data }) => {
      seen.push(data);
      await gate;
    });
    await sub.ready;
    await bus.publish(from, 0);
    await until(() => seen.length === 1);
    const all = Array.from({ length: 3 * most }, (_, n) => n + 1);
    await bus.publishAll(from, all);
    await until(async () => {
      await count();
      return (await before(from.name)) <= most + 1;
    }, 20_000);
    open();
    await until(() => seen.includes(all.at(-1)!));
    expect(seen).toEqual([0, ...all.slice(-most)]);
    await sub.close();
  });

  async function subscribed(from: Topic<number>, options: { group: string }) {
    const sub = bus.subscribe(from, options, () => {});
    await sub.ready;
    return sub;
  }
});
