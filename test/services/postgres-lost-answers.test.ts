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

describe.skipIf(!there)('what was committed, and whose answer was lost', () => {
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

  it('is known again by whoever sends it again, where it was a publish', async () => {
    const name = 'lost.publish';
    const bus = postgresBus({ client, schema });
    const seen: number[] = [];
    await bus.subscribe(topic<number>(name), { group: 'g' }, ({ data }) => void seen.push(data)).ready;
    cut = '.message (topic';
    const sent = await Promise.all([1, 2, 3].map(n => bus.publish(topic<number>(name), n)));
    expect(cut).toBe(undefined);
    expect(sent.map(({ duplicate }) => duplicate)).toEqual([true, true, true]);
    await until(() => seen.length === 3);
    await pass(200);
    expect(seen.toSorted()).toEqual([1, 2, 3]);
    await bus.close();
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

  it('is told of by whoever has enough to do and looks for no more, and so is the end of that', async () => {
    const told: string[] = [];
    const held: RawDelivery[] = [];
    let isAway = false;
    const client = {
      query: async (text: string, params?: unknown[]) => {
        if (isAway) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
        return pool.query(text, params);
      },
    };
    const driver = postgresDriver({ client, schema });
    await driver.connect();
    const name = 'lost.busy';
    const spec = { pattern: name, group: 'g', start: 'latest', order: 'none', topology: 'ensure' } as const;
    const subscription = await driver.subscribe(
      { ...spec, leaseMs: 30_000 },
      {
        deliver: each => void held.push(each),
        ready: () => void told.push('ready'),
        lost: error => void told.push((error as Error).message),
      },
    );
    const bus = postgresBus({ client: pool, schema });
    await bus.publishAll(topic<number>(name), [1, 2]);
    subscription.request(2);
    await until(() => held.length === 2);
    isAway = true;
    const settled = Promise.all(held.map(each => each.ack()));
    await until(() => told.length === 2);
    await pass(200);
    isAway = false;
    expect(await settled).toEqual(['done', 'done']);
    expect(told).toEqual(['ready', 'connect ECONNREFUSED', 'ready']);
    await subscription.close();
    await Promise.all([driver.close(), bus.close()]);
  });

  it('is tried for as long as its own lease lasts, whatever else is settled with it', async () => {
    const bus = postgresBus({ client: pool, schema });
    let isAway = false;
    const client = {
      query: async (text: string, params?: unknown[]) => {
        if (isAway) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
        return pool.query(text, params);
      },
    };
    const driver = postgresDriver({ client, schema });
    await driver.connect();
    const take = async (name: string, leaseMs: number) => {
      const held: RawDelivery[] = [];
      const spec = { pattern: name, group: 'g', start: 'latest', order: 'none', topology: 'ensure' } as const;
      const sink = { deliver: (each: RawDelivery) => void held.push(each), ready: () => {}, lost: () => {} };
      const subscription = await driver.subscribe({ ...spec, leaseMs }, sink);
      await bus.publish(topic<number>(name), 1);
      subscription.request(1);
      await until(() => held.length === 1);
      return held[0]!;
    };
    const long = await take('lost.long', 60_000);
    const brief = await take('lost.brief', 1_000);
    isAway = true;
    const answers = Promise.all([brief.ack(), long.ack()]);
    await pass(1_500);
    isAway = false;
    expect(await answers).toEqual(['stale', 'done']);
    await Promise.all([driver.close(), bus.close()]);
  });
});
