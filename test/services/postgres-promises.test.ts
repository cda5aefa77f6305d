import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresBus } from '../../src/adapters/postgres/bus.js';
import type { PostgresCapabilities } from '../../src/adapters/postgres/bus-capabilities.js';
import type { MessageBus } from '../../src/messaging/message-bus.js';
import { topic } from '../../src/messaging/topic.js';
import { seededRandom } from '../../src/testing/seeded-random.js';
import { ConsumerProcesses } from './consumer-processes.js';
import { until } from './eventually.js';
import { OwnPostgres } from './own-postgres.js';
import { poolOf, serverIsThere } from './postgres-server.js';

interface Sample {
  readonly n: number;
  readonly key: string;
}

const long = process.env['SERVICES'] === 'long';
const there = await serverIsThere();
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);
const pass = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));
const seed = Number(process.env['FC_SEED'] ?? 20260101);

const from = topic<Sample>('promises.all', { key: ({ key }) => key });
const publishers = 50;
const perPublisher = long ? 200 : 20;
const total = publishers * perPublisher;
const patience = long ? 600_000 : 120_000;

/** Consumers of this process, which fail now and then, and what they saw. */
class Witness {
  readonly handled: Sample[] = [];
  overlaps = 0;
  readonly #random = seededRandom(seed);
  readonly #running = new Set<string>();

  async join(bus: MessageBus<PostgresCapabilities>): Promise<void> {
    const failure = { redeliver: upTo(50).map(() => 20) };
    const options = { group: 'g', order: 'key', concurrency: 8, leaseMs: 2_000, failure } as const;
    await bus.subscribe(from, options, ({ data }) => this.#handle(data)).ready;
  }

  async #handle(data: Sample): Promise<void> {
    if (this.#running.has(data.key)) this.overlaps++;
    this.#running.add(data.key);
    try {
      await pass(1);
      if (this.#random() < 0.05) throw new Error('not this time');
      this.handled.push(data);
    } finally {
      this.#running.delete(data.key);
    }
  }
}

describe.skipIf(!there)(
  `among 50 publishers, 10 consumers, failures, kills and a crash, seed ${seed}`,
  () => {
    const server = new OwnPostgres();
    const processes = new ConsumerProcesses(server, 'promises');
    beforeAll(() => server.create());
    afterAll(async () => {
      await processes.end();
      await server.remove();
    });

    it('nothing is lost, nothing is both done and dead, and each key keeps its order', async () => {
      const names = upTo(4).map(n => `member-${n}`);
      const facts = { topic: from.name, order: 'key', handlerMs: 1, leaseMs: 2_000 };
      await Promise.all(names.map(name => processes.start(name, facts)));
      const pool = poolOf(server.config);
      const options = { client: pool, schema: 'promises', publishTimeoutMs: patience };
      const buses = upTo(6).map(() => postgresBus(options));
      const witness = new Witness();
      await Promise.all(buses.map(bus => witness.join(bus)));
      const confirmed: number[] = [];
      const publishing = upTo(publishers).map(async at => {
        for (const turn of upTo(perPublisher)) {
          const n = at * 1_000 + turn;
          await buses[at % 6]!.publish(from, { n, key: `k${at}` });
          confirmed.push(n);
        }
      });
      await until(() => confirmed.length > total / 4, patience);
      await processes.kill('member-1');
      await until(() => confirmed.length > total / 2, patience);
      await server.stop('crash');
      await pass(200);
      await server.start();
      await processes.kill('member-2');
      await Promise.all(publishing);
      const all = () =>
        new Set([...witness.handled.map(({ n }) => n), ...names.flatMap(n => processes.done(n))]);
      await until(() => all().size === total, patience);
      const left = async () => (await pool.query('SELECT 1 FROM promises.delivery')).rows.length;
      await until(async () => (await left()) === 0);
      expect([...all()].sort((a, b) => a - b)).toEqual([...confirmed].sort((a, b) => a - b));
      expect(await buses[0]!.deadLetters(from, 'g').list()).toEqual([]);
      expect(witness.overlaps).toBe(0);
      // Whatever comes twice stands where it stood: the first time of each is in order.
      for (const at of upTo(publishers)) {
        const mine = witness.handled.filter(({ key }) => key === `k${at}`).map(({ n }) => n);
        const firsts = [...new Set(mine)];
        expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
      }
      await Promise.all(buses.map(bus => bus.close()));
      await pool.end();
    });
  },
);
