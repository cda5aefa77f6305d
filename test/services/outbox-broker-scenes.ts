import { randomUUID } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import { Redis } from 'ioredis';
import { jetStream } from '../../src/adapters/nats/jetstream.js';
import { rabbitmq } from '../../src/adapters/rabbitmq/rabbitmq.js';
import { redisStreams } from '../../src/adapters/redis/redis-streams.js';
import { createBus } from '../../src/messaging/driver-bus.js';
import type { Handler } from '../../src/messaging/handling.js';
import type { MessageBus } from '../../src/messaging/message-bus.js';
import { deleteStreams, natsAnswers, natsClient, natsUrl } from '../fixtures/nats.js';
import { deleteAll, redisAnswers, redisUrl } from '../fixtures/redis.js';
import { event, type KeyEvent } from './outbox-storm.js';
import { Footprints, rabbitIsThere, rabbitUrl } from './rabbit-server.js';

/** A part of a broker for one test. */
export interface BrokerScene {
  /** What a relay is told of it. */
  readonly told: { readonly broker: string; readonly url: string; readonly prefix: string };
  /** Is told of all events in the order in which the broker has them. */
  watch(handler: Handler<KeyEvent>): Promise<void>;
  /** Handles all events, many at a time, each again until it is handled. */
  handle(handler: Handler<KeyEvent>): Promise<void>;
  /** Leaves nothing there. */
  remove(): Promise<void>;
}

/** One that fails comes again until it does not: the database may be away for as long as that takes. */
const failure = { redeliver: Array.from({ length: 100 }, () => 200) };

const groupsOf = (bus: MessageBus, order: 'key' | 'topic'): Pick<BrokerScene, 'watch' | 'handle'> => ({
  watch: async handler => void (await bus.subscribe(event, { group: 'watch', order }, handler).ready),
  handle: async handler => {
    await bus.subscribe(event, { group: 'billing', concurrency: 16, failure }, handler).ready;
  },
});

const newPrefix = () => `outbox-${randomUUID().slice(0, 18)}`;

async function redisScene(): Promise<BrokerScene> {
  const client = new Redis(redisUrl);
  const prefix = newPrefix();
  const bus = createBus(redisStreams({ client, prefix }));
  return {
    told: { broker: 'redis', url: redisUrl, prefix },
    ...groupsOf(bus, 'key'),
    remove: async () => {
      await bus.close();
      await deleteAll(client, prefix);
      client.disconnect();
    },
  };
}

async function rabbitScene(): Promise<BrokerScene> {
  const prefix = newPrefix();
  const footprints = new Footprints();
  const bus = createBus(rabbitmq({ connect: footprints.connect, prefix }));
  return {
    told: { broker: 'rabbitmq', url: rabbitUrl, prefix },
    ...groupsOf(bus, 'topic'),
    remove: async () => {
      await bus.close();
      await footprints.remove();
    },
  };
}

async function natsScene(): Promise<BrokerScene> {
  const client = await natsClient();
  const prefix = newPrefix();
  const bus = createBus(jetStream({ client, prefix, maxBytes: 64 * 1_048_576 }));
  return {
    told: { broker: 'nats', url: natsUrl, prefix },
    ...groupsOf(bus, 'topic'),
    remove: async () => {
      await bus.close();
      await deleteStreams(await jetstreamManager(client), prefix);
      await client.close();
    },
  };
}

/** Each broker, whether it is there, and how a scene of it is made. */
export const brokerScenes = async (): Promise<
  readonly (readonly [name: string, there: boolean, make: () => Promise<BrokerScene>])[]
> => [
  ['Redis Streams', await redisAnswers(), redisScene],
  ['RabbitMQ', await rabbitIsThere(), rabbitScene],
  ['NATS JetStream', await natsAnswers(), natsScene],
];
