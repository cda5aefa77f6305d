// A program that manages processes, over the built package; a test ends it by force.
import { topic } from 'keelson/messaging';
import { PostgresProcessStore, postgresBus } from 'keelson/postgres';
import { defineProcess, ProcessManager } from 'keelson/saga';
import pg from 'pg';

const { config, schema } = JSON.parse(process.argv[2]);
const pool = new pg.Pool(config);
pool.on('error', () => {});
const bus = postgresBus({ client: pool, schema, pollMs: 50 });
const [placed, paid] = ['orders.placed', 'payments.paid'].map(name => topic(name));
const [charge, ship, close] = ['payments.charge', 'shipping.ship', 'orders.close'].map(name => topic(name));

const order = defineProcess({
  name: 'order',
  receives: { placed, paid },
  sends: { charge, ship, close },
  timeouts: { settle: 50 },
  startedBy: ['placed'],
  initial: () => ({ steps: [] }),
  correlate: ({ data }) => data.order,
  decide: (_, { type, data }) => {
    if (type === 'placed') {
      return { events: ['placed'], send: [1, 2, 3].map(part => ({ to: 'charge', data: { ...data, part } })) };
    }
    // It ends at a timeout: what it has to say then waits for nothing.
    if (type === 'paid') return { events: ['paid'], schedule: { settle: true } };
    return {
      events: ['settled'],
      send: [
        { to: 'ship', data: {} },
        { to: 'close', data: {} },
      ],
      end: true,
    };
  },
  evolve: ({ steps }, event) => ({ steps: [...steps, event] }),
});
const store = new PostgresProcessStore({ client: pool, schema });
const failure = { redeliver: Array.from({ length: 99 }, () => 50) };
const manager = new ProcessManager({
  ...{ process: order, bus, store, pollMs: 50, leaseMs: 1_000, retryMs: 50 },
  subscribe: { concurrency: 8, leaseMs: 1_000, failure },
});
await manager.start();
process.send('ready');
