// A program whose bus ends it at one command, over the built package.
import { InMemoryBus, topic } from 'keelson/messaging';
import { PostgresProcessStore } from 'keelson/postgres';
import { defineProcess, ProcessManager } from 'keelson/saga';
import pg from 'pg';

const { config, schema, deadly } = JSON.parse(process.argv[2]);
const pool = new pg.Pool(config);
pool.on('error', () => {});
const go = topic('test.go');
const out = topic('test.out');
const bus = new InMemoryBus();
const publish = bus.publish.bind(bus);
bus.publish = async (to, data, options) => {
  if (to === out && data.n === deadly) {
    process.kill(process.pid, 'SIGKILL');
    // It is over as soon as the system comes to it.
    await new Promise(() => {});
  }
  process.send({ n: data.n, id: options.id });
  return publish(to, data, options);
};
const definition = defineProcess({
  name: 'test',
  receives: { go },
  sends: { out },
  initial: () => ({}),
  correlate: ({ data }) => data.key,
  decide: (_, { data }) => ({ send: data.ns.map(n => ({ to: 'out', data: { n } })) }),
  evolve: state => state,
});
const manager = new ProcessManager({
  process: definition,
  bus,
  store: new PostgresProcessStore({ client: pool, schema }),
  ...{ pollMs: 20, leaseMs: 1_000, purgeEveryMs: Number.POSITIVE_INFINITY },
});
await manager.start();
