import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresBus } from '../../src/adapters/postgres/bus.js';
import { topic } from '../../src/messaging/topic.js';
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

describe.skipIf(!there)('a bus over a PostgreSQL that fails', () => {
  const server = new OwnPostgres();
  const processes = new ConsumerProcesses(server, 'faults');
  beforeAll(() => server.create());
  afterAll(async () => {
    await server.remove();
    await processes.end();
  });

  it('hands to a peer what a killed process was handling, when its lease is over', async () => {
    const from = topic<Sample>('faults.killed');
    await processes.start('victim', { topic: from.name, handlerMs: 60_000, leaseMs: 1_500 });
    const pool = poolOf(server.config);
    const bus = postgresBus({ client: pool, schema: 'faults' });
    await bus.publish(from, { n: 1, key: 'a' });
    await until(() => processes.lines('victim').includes('begun 1'));
    // It extends its lease for as long as it lives.
    await pass(3_000);
    const seen: number[] = [];
    const peer = bus.subscribe(
      from,
      { group: 'g', leaseMs: 1_500 },
      ({ attempt }) => void seen.push(attempt),
    );
    await peer.ready;
    await pass(500);
    expect(seen).toEqual([]);
    const killedAt = performance.now();
    await processes.kill('victim');
    await until(() => seen.length > 0);
    expect(performance.now() - killedAt).toBeLessThan(1_500 + 2_000);
    expect(seen).toEqual([2]);
    await bus.close();
    await pool.end();
  });

  it('loses nothing of thousands of messages while the server stops and crashes', async () => {
    const count = long ? 10_000 : 2_000;
    const from = topic<Sample>('faults.restarted');
    const pools = [poolOf(server.config), poolOf(server.config)];
    const [out, into] = pools.map(client =>
      postgresBus({ client, schema: 'faults', publishTimeoutMs: 60_000 }),
    );
    const seen = new Set<number>();
    const events: string[] = [];
    const options = { group: 'g', concurrency: 20, leaseMs: 5_000 } as const;
    const sub = into!.subscribe(from, options, ({ data }) => void seen.add(data.n));
    // One that has nothing to settle, and so asks and is told that nobody is there.
    const idle = into!.subscribe(topic<Sample>('faults.idle'), { group: 'g' }, () => {});
    idle.on('lost', () => void events.push('lost'));
    idle.on('ready', () => void events.push('ready'));
    await Promise.all([sub.ready, idle.ready]);
    const lost = () => events.filter(name => name === 'lost').length;
    const restart = async (how: 'crash' | 'fast') => {
      const before = lost();
      await server.stop(how);
      await until(() => lost() > before, 30_000);
      await server.start();
      // It says `lost` once, and again only when it has been back.
      await until(() => events.at(-1) === 'ready', 30_000);
    };
    let confirmed = 0;
    let restarting = true;
    const publishing = (async () => {
      // Until the server has gone twice, however long that takes.
      for (let n = 1; n <= count || restarting; n += 50) {
        const batch = upTo(50).map(at => out!.publish(from, { n: n + at - 1, key: 'a' }));
        confirmed += (await Promise.all(batch)).length;
        await pass(10);
      }
    })();
    await until(() => confirmed > count / 3, 60_000);
    await restart('fast');
    await until(() => confirmed > count / 2, 60_000);
    await restart('crash');
    restarting = false;
    await publishing;
    await until(() => seen.size === confirmed, 60_000);
    await Promise.all([out!.close(), into!.close()]);
    await Promise.all(pools.map(pool => pool.end()));
  });

  it('rejects by its deadline while the server is down, and comes back by itself', async () => {
    const from = topic<Sample>('faults.down');
    const pool = poolOf(server.config);
    const bus = postgresBus({ client: pool, schema: 'faults', publishTimeoutMs: 1_000 });
    await bus.connect();
    await server.stop();
    const startedAt = performance.now();
    const error = await bus.publish(from, { n: 1, key: 'a' }).catch((thrown: unknown) => thrown);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(error).toMatchObject({ code: 'ERR_PUBLISH', retryable: true, maybeStored: false });
    const seen: number[] = [];
    const sub = bus.subscribe(from, { group: 'g' }, ({ data }) => void seen.push(data.n));
    let ready = false;
    void sub.ready.then(() => {
      ready = true;
    });
    await pass(500);
    expect(ready).toBe(false);
    await server.start();
    await sub.ready;
    await bus.publish(from, { n: 2, key: 'a' });
    await until(() => seen.length > 0);
    expect(seen).toEqual([2]);
    await bus.close();
    await pool.end();
  });
});
