import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { PostgresBarrierStore } from '../../src/adapters/postgres/barrier.js';
import { PostgresOutboxStore } from '../../src/adapters/postgres/outbox-store.js';
import { Inbox } from '../../src/data/inbox.js';
import { Outbox } from '../../src/data/outbox.js';
import { seededRandom } from '../../src/testing/seeded-random.js';
import { until } from './eventually.js';
import { type BrokerScene, brokerScenes } from './outbox-broker-scenes.js';
import {
  committedIn,
  eventsIn,
  inTransaction,
  type KeyEvent,
  Producers,
  stormBooks,
  stormTables,
  takenIn,
} from './outbox-storm.js';
import { OwnPostgres } from './own-postgres.js';
import { poolOf, serverIsThere } from './postgres-server.js';
import { RelayProcesses } from './relay-processes.js';

// Where there is no server there is no program to start one of, either.
const [there, scenes] = [await serverIsThere(), await brokerScenes()];
const long = process.env['SERVICES'] === 'long';
const [patienceMs, waitMs] = long ? [1_500_000, 600_000] : [120_000, 60_000];
const [PRODUCERS, RELAYS] = [24, 4];
const [leastKills, leastCount] = long ? [60, 6_000] : [3, 150];

/** Kills a relay each second, and the server once, while producers do what they like. */
async function playStorm(
  server: OwnPostgres,
  relays: RelayProcesses,
  producers: Producers,
  random: () => number,
): Promise<void> {
  const goesOn = () => relays.kills < leastKills || producers.count < leastCount;
  const producing = producers.run(PRODUCERS, goesOn, long ? 20 : 100);
  const restartAt = Math.ceil(leastKills / 3);
  for (let restarted = false; goesOn(); ) {
    const next = sleep(1_000);
    await relays.replace(Math.floor(random() * RELAYS));
    if (!restarted && relays.kills >= restartAt) {
      restarted = true;
      await server.stop('crash');
      await server.start();
    }
    await next;
  }
  await producing;
}

/** Notes in which order the broker has the messages, and handles them by an inbox. */
async function consumeBy(
  scene: BrokerScene,
  inbox: Inbox<PoolClient>,
  pool: Pool,
  schema: string,
  random: () => number,
) {
  const counts = { duplicates: 0 };
  const arrivals: KeyEvent[] = [];
  await scene.watch(({ data }) => void arrivals.push(data));
  await scene.handle(async ({ id, data: { key, n } }) => {
    const { outcome } = await inTransaction(pool, transaction =>
      inbox.run(transaction, id, async () => {
        const take = `INSERT INTO ${schema}.taken (key, n, id) VALUES ($1, $2, $3)`;
        await transaction.query(take, [key, n, id]);
      }),
    );
    if (outcome === 'duplicate') counts.duplicates++;
    // As if the broker had not heard that it was handled.
    else if (random() < 0.05) throw new Error('the acknowledgement is lost');
  });
  return { arrivals, counts };
}

describe.skipIf(!there)('relays that are killed, of a server that is as well,', () => {
  const server = new OwnPostgres();
  beforeAll(() => server.create());
  afterAll(() => server.remove());

  for (const [name, answers, makeScene] of scenes) {
    it.skipIf(!answers)(
      `lose nothing and reorder no key on the way to ${name} and an inbox`,
      async () => {
        const pool = poolOf({ ...server.config, max: PRODUCERS + 10 });
        onTestFinished(() => pool.end());
        const schema = name.toLowerCase().replaceAll(' ', '_');
        await stormTables(pool, schema);
        const [handled, scene] = [new PostgresBarrierStore({ client: pool, schema }), await makeScene()];
        onTestFinished(() => scene.remove());
        await handled.connect();
        const inbox = new Inbox({ store: handled, consumer: 'billing', redeliveryMs: 600_000 });
        const random = seededRandom(7);
        const { arrivals, counts } = await consumeBy(scene, inbox, pool, schema, random);
        const relays = new RelayProcesses('outbox-broker-relay.mjs', {
          ...{ config: server.config, schema, ...scene.told },
        });
        await relays.start(RELAYS);
        const producers = new Producers(pool, schema);
        await playStorm(server, relays, producers, random);
        const outbox = new Outbox({ store: new PostgresOutboxStore({ client: pool, schema }) });
        await until(async () => (await outbox.lag()).messages === 0, waitMs);
        const committed = await committedIn(pool, schema);
        const events = eventsIn(committed);
        const count = `SELECT count(*)::int AS taken FROM ${schema}.taken`;
        await until(async () => (await pool.query(count)).rows[0].taken >= events, waitMs);
        await until(() => stormBooks(committed, arrivals).distinct >= events, waitMs);
        const [seen, taken] = [stormBooks(committed, arrivals), await takenIn(pool, schema)];
        // Many are handled at a time, so that their order is that of their handlers.
        const had = stormBooks(
          committed,
          taken.toSorted((one, other) => one.n - other.n),
        );
        const { kills } = relays;
        const { rollbacks, broken } = producers;
        console.info(
          `outbox to ${name}: ${events} messages, ${kills} kills, ${rollbacks} rollbacks, ` +
            `${broken} transactions cut off, ${seen.repeats} repeats at the broker, ` +
            `${counts.duplicates} duplicates that the inbox knew`,
        );
        expect(seen.wrong).toEqual([]);
        expect(had).toEqual({ wrong: [], repeats: 0, distinct: events });
        expect(await outbox.parked()).toEqual([]);
        expect(Math.min(rollbacks, broken, counts.duplicates)).toBeGreaterThan(0);
      },
      patienceMs,
    );
  }
});
