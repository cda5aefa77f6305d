import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import type { PostgresClient } from '../../src/adapters/postgres/client.js';
import { postgresSagaStore } from '../../src/adapters/postgres/saga-store.js';
import { redisSagaStore } from '../../src/adapters/redis/saga-store.js';
import { defineSaga } from '../../src/saga/definition.js';
import { SagaOrchestrator } from '../../src/saga/orchestrator.js';
import { StepFailedError } from '../../src/saga/saga-errors.js';
import type { SagaStore } from '../../src/saga/saga-store.js';
import { freshPglite } from '../fixtures/pglite.js';
import { deleteAll, redisAnswers, redisUrl } from '../fixtures/redis.js';
import { until } from './eventually.js';
import { poolOf, serverIsThere } from './postgres-server.js';

const places = { postgres: await serverIsThere(), redis: await redisAnswers(), pglite: true } as const;
const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);

/** A store for each of two workers, over the same sagas, and its end. */
async function storesOf(place: keyof typeof places): Promise<[SagaStore, SagaStore, () => Promise<unknown>]> {
  const name = `saga_on_${process.pid}`;
  if (place === 'redis') {
    const client = new Redis(redisUrl);
    const make = () => redisSagaStore({ client, prefix: name });
    return [make(), make(), () => deleteAll(client, `{${name}}`).finally(() => client.disconnect())];
  }
  const pool = place === 'postgres' ? poolOf() : undefined;
  const lite = place === 'pglite' ? await freshPglite() : undefined;
  const client: PostgresClient = pool ?? lite!;
  const make = () => postgresSagaStore({ client, schema: name });
  const end = async () => {
    await client.query(`DROP SCHEMA ${name} CASCADE`);
    await pool?.end();
    await lite?.close();
  };
  return [make(), make(), end];
}

describe.each(['postgres', 'redis', 'pglite'] as const)('sagas on %s', place => {
  it.skipIf(!places[place])('come to their ends, with signals, failures, and workers that go', async () => {
    const [one, other, end] = await storesOf(place);
    const stock = new Map<number, number>();
    const change = (n: number, by: number) => void stock.set(n, (stock.get(n) ?? 0) + by);
    const order = defineSaga<{ n: number }>('order')
      .step('reserve', {
        forward: ({ input }) => change(input.n, 1),
        compensate: ({ input }) => change(input.n, -1),
      })
      .waitForEvent('paid', { timeoutMs: 60_000 })
      .step('charge', {
        forward: ({ input }) => {
          if (input.n % 4 === 3) throw new StepFailedError('no money');
        },
        compensate: () => {},
      });
    const worker = (store: SagaStore) =>
      new SagaOrchestrator({ store, definitions: [order], pollMs: 20, maxPollMs: 50, concurrency: 10 });
    const [first, second] = [worker(one), worker(other)];
    await Promise.all([first.work(), second.work()]);
    await Promise.all(numbers(40).map(n => first.start(order, { n }, { key: `k${n}` })));
    await Promise.all(
      numbers(40).map(n => second.signal({ definition: 'order', key: `k${n}` }, 'paid', n, { dedupe: 'd' })),
    );
    // Whoever started them goes; what it had is given back, and ends with the other one.
    await first.close();
    await until(async () => (await one.census()).length === 0, 60_000);
    for (const n of numbers(40)) {
      const failed = n % 4 === 3;
      const record = await one.find('order', `k${n}`);
      expect(record?.status).toBe(failed ? 'compensated' : 'completed');
      expect(stock.get(n)).toBe(failed ? 0 : 1);
    }
    await second.close();
    await end();
  });

  it.skipIf(!places[place])('no parked one goes on within a lock that another one has by now', async () => {
    const [one, other, end] = await storesOf(place);
    let broken = true;
    const saga = defineSaga('locked')
      .lock('mine', () => 'k', { leaseMs: 200, timeoutMs: 60_000 })
      .pivot('decide', { forward: () => {} })
      .step('work', {
        retry: { attempts: 1 },
        forward: () => {
          if (broken) throw new Error('broken');
        },
      })
      .waitForEvent('go');
    const worker = (store: SagaStore) =>
      new SagaOrchestrator({ store, definitions: [saga], pollMs: 20, maxPollMs: 50, recheckMs: 50 });
    const [first, second] = [worker(one), worker(other)];
    await first.work();
    const reaches = (id: string, status: string) =>
      until(async () => (await one.get(id))?.status === status, 60_000);
    await first.start(saga, {}, { id: 'a' });
    await reaches('a', 'parked');
    broken = false;
    await first.start(saga, {}, { id: 'b' });
    await reaches('b', 'waiting');
    await until(async () => (await one.get('b'))?.state.entries['work']?.state === 'done', 60_000);
    const refusal = 'retry: the lock "k" of the saga a is another saga\'s by now';
    await expect(second.retry('a')).rejects.toThrow(refusal);
    await second.signal('b', 'go');
    await reaches('b', 'completed');
    await second.retry('a');
    await second.signal('a', 'go');
    await reaches('a', 'completed');
    await Promise.all([first.close(), second.close()]);
    await end();
  });
});
