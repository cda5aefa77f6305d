import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect as nats, headers as newHeaders } from '@nats-io/transport-node';
import { jetStream } from '../../dist/nats.js';
import { handled, throughputGroup } from '../harness/throughput.mjs';
import { attributes, fresh, keelson } from '../subjects/brokers.mjs';

const servers = process.env.NATS_URL ?? 'nats://127.0.0.1:4222';
const prefetch = 100;

async function forget(client, named) {
  const manager = await jetstreamManager(client);
  for await (const { config } of manager.streams.list()) {
    if (config.name.startsWith(named)) await manager.streams.delete(config.name);
  }
  await client.close();
}

const connect = async () => {
  const client = await nats({ servers });
  const prefix = fresh();
  const driver = jetStream({ client, prefix, maxBytes: 64 * 1_048_576 });
  return { driver, end: () => forget(client, prefix) };
};

const id = n => ({ msgID: `${n}` });

function headersOf(name, n) {
  const headers = newHeaders();
  for (const [key, value] of Object.entries(attributes('ce-', name, n))) headers.append(key, value);
  return headers;
}

/** `acked` settles one: without an answer, or with one as the bus does, for which `done` is a promise. */
const raw = (name, acked) => ({
  name,
  open: async seen => {
    const client = await nats({ servers });
    const name = fresh();
    const manager = await jetstreamManager(client);
    await manager.streams.add({ name, subjects: [name], max_bytes: 64 * 1_048_576 });
    await manager.consumers.add(name, { durable_name: 'g', ack_policy: AckPolicy.Explicit });
    const stream = jetstream(client);
    return {
      publish: async numbers => {
        // As many at a time as the bus sends in one batch.
        for (let at = 0; at < numbers.length; at += 256) {
          const batch = numbers.slice(at, at + 256);
          const send = n =>
            stream.publish(name, JSON.stringify({ n }), { headers: headersOf(name, n), ...id(n) });
          await Promise.all(batch.map(send));
        }
      },
      consume: async (count, many) => {
        const messages = await (await stream.consumers.get(name, 'g')).consume({ max_messages: prefetch });
        const settling = [];
        const reading = (async () => {
          for await (const message of messages) {
            seen(message.json().n);
            settling.push(acked(message));
          }
        })();
        await handled(count, many);
        await Promise.all(settling);
        await client.flush();
        await messages.close();
        await reading;
      },
      close: () => forget(client, name),
    };
  },
});

const acks = raw('@nats-io/jetstream 3.4.0, ack', message => message.ack());
const ackAcks = raw('@nats-io/jetstream 3.4.0, ackAck', message => message.ackAck());

export const group = throughputGroup({
  name: 'nats',
  title: `JetStream on files beside the raw client, ${prefetch} asked for at a time`,
  count: 20_000,
  subjects: [keelson(connect, { concurrency: prefetch, prefetch }), acks, ackAcks],
  targets: [
    { stretch: 'consume', of: acks.name, share: 0.8 },
    { stretch: 'consume', of: ackAcks.name, share: 0.8 },
    { stretch: 'publish', of: acks.name, share: 0.8 },
  ],
});
