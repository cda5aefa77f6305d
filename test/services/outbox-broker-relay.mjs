// A relay to a broker in a process of its own, over the built package; a test ends it by force.
import { connect as connectNats } from '@nats-io/transport-node';
import { connect as connectRabbit } from 'amqplib';
import { Redis } from 'ioredis';
import { OutboxRelay } from 'keelson/data';
import { createBus } from 'keelson/messaging';
import { jetStream } from 'keelson/nats';
import { PostgresOutboxStore } from 'keelson/postgres';
import { rabbitmq } from 'keelson/rabbitmq';
import { redisStreams } from 'keelson/redis';
import pg from 'pg';

const { config, schema, broker, url, prefix } = JSON.parse(process.argv[2]);

const drivers = {
  redis: () => {
    const client = new Redis(url);
    client.on('error', () => {});
    return redisStreams({ client, prefix });
  },
  rabbitmq: () => rabbitmq({ connect: () => connectRabbit(url), prefix }),
  nats: async () => {
    const client = await connectNats({ servers: url, maxReconnectAttempts: -1, timeout: 2_000 });
    return jetStream({ client, prefix, maxBytes: 64 * 1_048_576 });
  },
};

const pool = new pg.Pool({ ...config, max: 6 });
pool.on('error', () => {});
const store = new PostgresOutboxStore({ client: pool, schema });
const bus = createBus(await drivers[broker]());
// Killed without a reason, relays accuse whoever they tried alone: here nobody is to be parked for that.
const rules = { leaseMs: 800, marginMs: 200, pollMs: 50, retryMs: 50, pauseMs: 50, maxCrashes: 1_000 };
await new OutboxRelay({ store, bus, ...rules }).start();
process.send('ready');
// Nor does it outlive a test that was given up.
process.once('disconnect', () => process.exit());
