import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { postgresBus } from '../../src/adapters/postgres/bus.js';
import { PostgresProcessStore } from '../../src/adapters/postgres/process-store.js';
import { InMemoryBus } from '../../src/messaging/in-memory-bus.js';
import type { MessageBus } from '../../src/messaging/message-bus.js';
import { topic } from '../../src/messaging/topic.js';
import { ProcessManager } from '../../src/saga/process-manager.js';
import { processStoreLaws } from '../../src/testing/conformance/process-store-laws.js';
import { seededRandom } from '../../src/testing/seeded-random.js';
import { order, outcomesOf, placed } from '../fixtures/processes.js';
import { until } from './eventually.js';
import { poolOf, serverConfig, serverIsThere } from './postgres-server.js';

const there = await serverIsThere();
const long = process.env['SERVICES'] === 'long';
const pool = poolOf({ ...serverConfig, max: 20 });
const schemaOf = (name: string) => `process_${process.pid}_${name}`;
afterAll(() => pool.end());

describe.skipIf(!there)('the process store in PostgreSQL keeps the law that', () => {
  let schemas = 0;
  const laws = processStoreLaws(async () => {
    const schema = schemaOf(String(++schemas));
    const store = new PostgresProcessStore({ client: pool, schema });
    await store.connect();
    const close = async () => void (await pool.query(`DROP SCHEMA ${schema} CASCADE`));
    return { store, advance: ms => sleep(ms), close };
  });
  for (const { name, check } of laws) it(name, check);
});

describe.skipIf(!there)('process managers that share a PostgreSQL', () => {
  it('handle each message once and in order, whoever of them gets it', async () => {
    const schema = schemaOf('shared');
    const store = () => new PostgresProcessStore({ client: pool, schema });
    const bus = new InMemoryBus();
    const { sent, ids } = outcomesOf(bus);
    // Time enough, however slow the machine is.
    const patient = { ...order, timeouts: { unpaid: 3_600_000 } };
    const options = { process: patient, bus, pollMs: 50, purgeEveryMs: 100, subscribe: { concurrency: 10 } };
    const managers = [1, 2, 3].map(() => new ProcessManager({ ...options, store: store() }));
    await Promise.all(managers.map(manager => manager.start()));
    const keys = Array.from({ length: 60 }, (_, at) => `o-${at}`);
    await Promise.all(
      keys.map(async id => {
        const { id: first } = await bus.publish(placed, { id, cents: 1 });
        // Another program gets the same message again, at the same time.
        await Promise.all(
          managers.map(manager => manager.handle('placed', { id: first, data: { id, cents: 1 } })),
        );
        const payment = { id: `paid-${id}`, data: { order: id } };
        await Promise.all(managers.map(manager => manager.handle('paid', payment)));
      }),
    );
    await until(() => new Set(ids).size >= 2 * keys.length);
    await sleep(300);
    const once = sent.filter((_, at) => ids.indexOf(ids[at]!) === at);
    expect(once).toHaveLength(2 * keys.length);
    for (const key of keys) {
      expect(once.filter(each => each.endsWith(` ${key}`))).toEqual([`charge ${key}`, `ship ${key}`]);
    }
    const counts = managers.map(manager => manager.snapshot());
    expect(counts.reduce((sum, { handled }) => sum + handled, 0)).toBe(2 * keys.length);
    expect(counts.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(5 * keys.length);
    await Promise.all(managers.map(manager => manager.close()));
    await bus.close();
    await pool.query(`DROP SCHEMA ${schema} CASCADE`);
  });
});

const names = ['payments.charge', 'shipping.ship', 'orders.close'];

interface Seen {
  readonly id: string;
  readonly name: string;
  readonly correlation: string;
}

/** What the others hear of. */
async function listen(bus: MessageBus): Promise<readonly Seen[]> {
  const seen: Seen[] = [];
  for (const name of names) {
    const options = { group: 'outcomes', concurrency: 10 };
    await bus.subscribe(topic(name), options, ({ id, correlationId, data }) => {
      const { part } = data as { part?: number };
      seen.push({ id, name: part === undefined ? name : `${name} ${part}`, correlation: correlationId });
    }).ready;
  }
  return seen;
}

/** The processes of which something was lost, or decided twice. */
function wrongOf(once: readonly Seen[], count: number): readonly string[] {
  const parts = [...[1, 2, 3].map(part => `payments.charge ${part}`), 'shipping.ship', 'orders.close'];
  const wanted = parts.sort().join();
  return Array.from({ length: count }, (_, n) => {
    const mine = once.filter(({ correlation }) => correlation === `o-${n}`).map(({ name }) => name);
    return mine.sort().join() === wanted ? '' : `o-${n}: ${mine}`;
  }).filter(text => text !== '');
}

/** What stands at the broker, without repeats: for each process the topics of what it sent, in order. */
async function turnsOf(schema: string): Promise<readonly string[]> {
  const text = `SELECT topic, headers FROM ${schema}.message WHERE topic = ANY ($1) ORDER BY pos`;
  const { rows } = await pool.query(text, [names]);
  const turns = new Map<string, string>();
  for (const { topic: name, headers } of rows) {
    const of = (JSON.parse(headers) as Record<string, string>)['ce-correlationid'] ?? 'nothing';
    turns.set(of, `${turns.get(of) ?? ''}${names.indexOf(name)}`);
  }
  return [...new Set(turns.values())];
}

/** All have come to their ends, and nothing is left to do. */
async function checkTables(schema: string, count: number): Promise<void> {
  const { rows } = await pool.query(`SELECT DISTINCT state, late::int, version::int FROM ${schema}.process`);
  expect(rows).toEqual([{ state: '{"steps":["placed","paid","settled"]}', late: 0, version: 3 }]);
  const left = await pool.query(`SELECT
    (SELECT count(*) FROM ${schema}.process_outbox)::int AS outbox,
    (SELECT count(*) FROM ${schema}.process_timeout)::int AS timeouts,
    (SELECT count(*) FROM ${schema}.process_inbox)::int AS inbox`);
  expect(left.rows[0]).toEqual({ outbox: 0, timeouts: 0, inbox: 2 * count });
}

describe.skipIf(!there)('programs that manage processes and are killed', () => {
  const children: ChildProcess[] = [];
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
  });

  async function start(schema: string): Promise<ChildProcess> {
    const told = JSON.stringify({ config: serverConfig, schema });
    const child = fork(join(import.meta.dirname, 'process-worker.mjs'), [told]);
    children.push(child);
    await new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', () => reject(new Error('the worker ended')));
    });
    return child;
  }

  async function kill(child: ChildProcess): Promise<void> {
    const ended = new Promise(resolve => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  it('lose and double nothing, and keep the order of each process', async () => {
    const schema = schemaOf('killed');
    const least = long ? 1_000 : 150;
    let count = 0;
    const random = seededRandom(3);
    const workers = [await start(schema), await start(schema)];
    const bus = postgresBus({ client: pool, schema, pollMs: 50 });
    const seen = await listen(bus);
    let kills = 0;
    let over = false;
    const killing = (async () => {
      while (!over) {
        await sleep(200 + 400 * random());
        const at = Math.floor(random() * workers.length);
        await kill(workers[at]!);
        kills++;
        workers[at] = await start(schema);
      }
    })();
    // As long as it takes for some of them to be killed in the midst of it.
    for (; count < least || kills < 4; count++) {
      const correlationId = `o-${count}`;
      await bus.publish(topic('orders.placed'), { order: correlationId }, { correlationId });
      await bus.publish(topic('payments.paid'), { order: correlationId }, { correlationId });
      await sleep(long ? 10 : 20);
    }
    const ended = async () => {
      const text = `SELECT count(*)::int AS count FROM ${schema}.process WHERE ended_at IS NOT NULL`;
      return (
        (await pool.query(text)).rows[0].count === count &&
        new Set(seen.map(({ id }) => id)).size >= 5 * count
      );
    };
    await until(ended, 240_000).finally(() => {
      over = true;
    });
    await killing;
    await sleep(1_500);
    const once = seen.filter(({ id }, at) => seen.findIndex(each => each.id === id) === at);
    console.info(`process manager: ${count} processes, ${kills} kills, ${seen.length - once.length} repeats`);
    expect(kills).toBeGreaterThan(3);
    expect(wrongOf(once, count)).toEqual([]);
    await checkTables(schema, count);
    expect(await turnsOf(schema)).toEqual(['00012']);
    await bus.close();
    await Promise.all(workers.map(kill));
    await pool.query(`DROP SCHEMA ${schema} CASCADE`);
  }, 360_000);
});
