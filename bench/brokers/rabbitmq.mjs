import { connect as amqp } from 'amqplib';
import { rabbitmq } from '../../dist/rabbitmq.js';
import { handled, throughputGroup } from '../harness/throughput.mjs';
import { attributes, fresh, keelson } from '../subjects/brokers.mjs';

const url = process.env.AMQP_URL ?? 'amqp://guest:guest@127.0.0.1:5672';
const prefetch = 100;
const exchange = 'keelson-bench';

/** What a bus has made on the server, by its own names: they are seen where they are made. */
function watched(connection, queues) {
  const createChannel = connection.createChannel.bind(connection);
  connection.createChannel = async () => {
    const channel = await createChannel();
    const assertQueue = channel.assertQueue.bind(channel);
    channel.assertQueue = (name, options) => {
      queues.add(name);
      return assertQueue(name, options);
    };
    return channel;
  };
  return connection;
}

async function forget(queues) {
  const connection = await amqp(url);
  const channel = await connection.createChannel();
  for (const queue of queues) await channel.deleteQueue(queue);
  await connection.close();
}

const connect = async () => {
  const queues = new Set();
  const driver = rabbitmq({ connect: async () => watched(await amqp(url), queues) });
  return { driver, end: () => forget(queues) };
};

const raw = {
  name: 'amqplib 2.3.1',
  open: async seen => {
    const connection = await amqp(url);
    const queue = fresh();
    const channel = await connection.createConfirmChannel();
    const bounds = { 'x-queue-type': 'quorum', 'x-max-length': 100_000, 'x-overflow': 'reject-publish' };
    await channel.assertQueue(queue, { durable: true, arguments: bounds });
    await channel.assertExchange(exchange, 'topic', { durable: true });
    await channel.bindQueue(queue, exchange, queue);
    return {
      publish: async numbers => {
        for (const n of numbers) {
          const body = Buffer.from(JSON.stringify({ n }));
          const said = { persistent: true, mandatory: true, contentType: 'application/json' };
          channel.publish(exchange, queue, body, { ...said, headers: attributes('cloudEvents_', queue, n) });
        }
        await channel.waitForConfirms();
      },
      consume: async (count, many) => {
        const reading = await connection.createChannel();
        await reading.prefetch(prefetch);
        await reading.consume(queue, message => {
          seen(JSON.parse(message.content.toString()).n);
          reading.ack(message);
        });
        await handled(count, many);
        await reading.close();
      },
      close: async () => {
        await connection.close();
        await forget([queue]);
      },
    };
  },
};

export const group = throughputGroup({
  name: 'rabbitmq',
  title: `a quorum queue beside the raw client, prefetch ${prefetch}`,
  count: 20_000,
  subjects: [keelson(connect, { concurrency: prefetch, prefetch }), raw],
  targets: [
    { stretch: 'consume', of: raw.name, share: 0.8 },
    { stretch: 'publish', of: raw.name, share: 0.8 },
  ],
});
