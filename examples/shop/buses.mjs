/** The buses that the processes of the shop may share, and how what one has made on its server is cleared. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { createBus } from 'keelson/messaging';
import { mqtt5 } from 'keelson/mqtt';
import { jetStream } from 'keelson/nats';
import { postgresBus } from 'keelson/postgres';
import { rabbitmq } from 'keelson/rabbitmq';
import { redisStreams } from 'keelson/redis';
import { clearServers, ownSchema, sharedDatabase } from './database.mjs';

const { env } = process;
const urls = {
  redis: env.REDIS_URL ?? 'redis://127.0.0.1:6379',
  nats: env.NATS_URL ?? 'nats://127.0.0.1:4222',
  rabbitmq: env.AMQP_URL ?? 'amqp://guest:guest@127.0.0.1:5672',
  mqtt: env.MQTT_URL ?? 'mqtt://127.0.0.1:1883',
};

/** A client is loaded when its bus is asked for: each of them is an optional package. */
const clients = {
  async redis() {
    const { Redis } = await import('ioredis');
    const client = new Redis(urls.redis, { maxRetriesPerRequest: 2 });
    client.on('error', () => {});
    await client.ping();
    return client;
  },
  async nats() {
    const nats = await import('@nats-io/transport-node');
    return await nats.connect({ servers: urls.nats, timeout: 2_000, maxReconnectAttempts: -1 });
  },
  async rabbitmq() {
    const amqp = await import('amqplib');
    return () => amqp.connect(urls.rabbitmq);
  },
  async mqtt() {
    const mqtt = await import('mqtt');
    return options => mqtt.connect(urls.mqtt, options);
  },
};

export const redisClient = clients.redis;

/** @type {Record<string, (told: any, source: string) => Promise<any>>} */
const open = {
  postgres: async ({ busServer, servers, prefix }, source) => {
    const own = servers ? await ownSchema({ prefix, name: 'bus' }) : undefined;
    const { client } = own ?? sharedDatabase(busServer);
    return postgresBus({ client, source, pollMs: 150, schema: own?.schema ?? 'keelson' });
  },
  redis: async ({ prefix }, source) => {
    return createBus(redisStreams({ client: await clients.redis(), prefix }), { source });
  },
  nats: async ({ prefix }, source) => {
    return createBus(jetStream({ client: await clients.nats(), prefix, maxBytes: 4_194_304 }), { source });
  },
  rabbitmq: async ({ prefix }, source) => {
    return createBus(rabbitmq({ connect: await clients.rabbitmq(), prefix }), { source });
  },
  mqtt: async ({ prefix }, source) => {
    const made = await clients.mqtt();
    return createBus(mqtt5({ connect: made, prefix, sessionExpiryMs: 60_000, deadLetterGroup: null }), {
      source,
    });
  },
};

export const buses = Object.keys(open);

/** The bus of this shop. @param {any} told @param {string} source */
export const openBus = (told, source) => open[told.bus](told, `urn:shop:${source}`);

/** What a shop of this prefix has made. Sessions of MQTT end by themselves after a minute. */
const clear = {
  async redis(prefix) {
    const client = await clients.redis();
    // Of the bus, and of the sagas.
    for (const pattern of [`${prefix}:*`, `{${prefix}}*`]) {
      const left = await client.keys(pattern);
      if (left.length > 0) await client.del(...left);
    }
    client.disconnect();
  },
  async nats(prefix) {
    const client = await clients.nats();
    for (const stream of [prefix, `${prefix}-dead`]) await client.request(`$JS.API.STREAM.DELETE.${stream}`);
    await client.close();
  },
  async rabbitmq(prefix) {
    const connection = await (await clients.rabbitmq())();
    const channel = await connection.createChannel();
    const waits = Array.from({ length: 10 }, (_, place) => `:wait:${place}`);
    const groups = ['completed', 'undone'].flatMap(end => [
      `:group:notifications:orders.${end}`,
      `:dead:notifications:orders.${end}`,
    ]);
    for (const name of [...groups, ...waits]) await channel.deleteQueue(prefix + name);
    for (const name of ['', ':to', ':wait:over', ...waits]) await channel.deleteExchange(prefix + name);
    await connection.close();
  },
};

export async function clearAll({ bus, servers, prefix }) {
  await clear[bus]?.(prefix);
  // The sagas are there, too.
  if (servers && bus !== 'redis') await clear.redis(prefix);
  if (servers) await clearServers({ prefix });
}

/** Throws where the server of a bus takes no connection. */
export async function reachBus(bus) {
  if (bus === 'postgres') return;
  const { hostname, port } = new URL(urls[bus]);
  const socket = connect({ host: hostname, port: Number(port), timeout: 2_000 });
  socket.once('timeout', () => socket.destroy(new Error('no answer')));
  try {
    await once(socket, 'connect');
  } catch (error) {
    const refusal = new Error(`no ${bus} at ${hostname}:${port} (${error.code ?? error.message})`);
    throw Object.assign(refusal, { expected: true });
  } finally {
    socket.destroy();
  }
}
