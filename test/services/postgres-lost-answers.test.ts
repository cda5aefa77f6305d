import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { postgresBus } from '../../src/adapters/postgres/bus.js';
import { postgresDriver } from '../../src/adapters/postgres/bus-driver.js';
import type { RawDelivery, Settled } from '../../src/messaging/driver.js';
import { topic } from '../../src/messaging/topic.js';
import { until } from './eventually.js';
import { poolOf, serverIsThere } from './postgres-server.js';

const there = await serverIsThere();
const pass = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

describe.skipIf(!there)('a settlement that was committed, and whose answer was lost', () => {
  const schema = `lost_${randomUUID().slice(0, 8)}`;
  const pool = poolOf();
  /** Cuts the connection of the next statement with `word` in it: after the server is done with it. */
  let cut: string | undefined;
  const client = {
    query: async (text: string, params?: unknown[]) => {
      const answer = await pool.query(text, params);
      if (cut === undefined || !text.includes(cut)) return answer;
      cut = undefined;
      throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    },
  };
  afterAll(async () => {
    await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await pool.end();
  });

  const scene = async (name: string, leaseMs: number) => {
    const driver = postgresDriver({ client, schema });
    const bus = postgresBus({ client: pool, schema });
    await driver.connect();
    const held: RawDelivery[] = [];
    const sink = { deliver: (each: RawDelivery) => void held.push(each), ready: () => {}, lost: () => {} };
    const spec = { pattern: name, group: 'g', start: 'latest', order: 'none', topology: 'ensure' } as const;
    const subscription = await driver.subscribe({ ...spec, leaseMs }, sink);
    await bus.publish(topic<number>(name), 1);
    subscription.request(1);
    await until(() => held.length === 1);
    const end = async () => {
      await subscription.close();
      await Promise.all([driver.close(), bus.close()]);
    };
    return { delivery: held[0]!, held, subscription, end };
  };

  it.each<[string, string, (delivery: RawDelivery) => Promise<Settled> | Settled]>([
    ['an ack', 'DELETE', delivery => delivery.ack()],
    ['a nack', 'SET lease = NULL', delivery => delivery.nack(60_000)],
    ['a release', 'SET lease = NULL', delivery => delivery.release!()],
    ['a dead letter', 'dead_letter', delivery => delivery.deadLetter!({ why: 'no' })],
  ])('is done: %s', async (name, word, settle) => {
    const { delivery, end } = await scene(`lost.${name.replaceAll(' ', '-')}`, 30_000);
    cut = word;
    expect(await settle(delivery)).toBe('done');
    expect(cut).toBe(undefined);
    expect(await settle(delivery)).toBe('stale');
    await end();
  });

  it('is stale when the lease is over by then: another one may have had it', async () => {
    const { delivery, held, subscription, end } = await scene('lost.late', 400);
    await pass(500);
    subscription.request(1);
    await until(() => held.length === 2);
    cut = 'DELETE';
    const answer = Promise.resolve(delivery.ack()).catch((error: Error) => error.message);
    expect(['stale', 'read ECONNRESET']).toContain(await answer);
    expect(await held[1]!.ack()).toBe('done');
    await end();
  });
});
