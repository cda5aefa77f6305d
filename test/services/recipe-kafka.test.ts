import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type Kafka, logLevel, type ProducerRecord } from 'kafkajs';
import { expect, it, onTestFinished } from 'vitest';
import type { CircuitBreaker } from '../../src/resilience/circuit-breaker.js';
import { moduleOfPage } from '../fixtures/page-module.js';
import { freePort } from '../fixtures/redis-server.js';

/** What the page exports. */
interface Recipe {
  kafkaClient(brokers: string[]): Kafka;
  kafkaVerdict(outcome: { ok: false; error: unknown } | { ok: true; value: unknown }): string | undefined;
  guardedProducer(
    kafka: Kafka,
    options?: { timeoutMs?: number; attempts?: number },
  ): {
    readonly breaker: CircuitBreaker;
    send(record: ProducerRecord): Promise<unknown>;
    close(): Promise<void>;
  };
}

const record: ProducerRecord = { topic: 'orders', messages: [{ key: 'o-1', value: 'tea' }] };
const errorOf = (promise: Promise<unknown>): Promise<{ code?: string; name?: string } | undefined> =>
  promise.then(
    () => undefined,
    (error: { code?: string; name?: string }) => error,
  );

/** A socket that does what `greet` does with whoever comes; how many have come. */
async function listening(greet: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server: Server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    greet(socket);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise(resolve => server.close(resolve));
  });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, sockets };
}

async function producerOf(address: string, options: { timeoutMs?: number; attempts?: number } = {}) {
  const { kafkaClient, guardedProducer, kafkaVerdict } = await moduleOfPage<Recipe>(
    'docs/adapters/kafka-recipe.md',
  );
  const kafka = kafkaClient([address]);
  kafka.logger().setLogLevel(logLevel.NOTHING);
  const producer = guardedProducer(kafka, options);
  onTestFinished(() => producer.close());
  return { ...producer, kafkaVerdict };
}

it('a broker that cannot be reached is tried as often as was said, and then left alone', async () => {
  const { address, sockets } = await listening(socket => socket.destroy());
  const { send, breaker } = await producerOf(address, { attempts: 3 });
  expect((await errorOf(send(record)))?.name).toMatch(/^KafkaJS/);
  expect(sockets.size).toBe(3);
  expect((await errorOf(send(record)))?.name).toMatch(/^KafkaJS|CircuitOpenError/);
  expect(breaker.state).toBe('open');
  const before = sockets.size;
  expect((await errorOf(send(record)))?.code).toBe('ERR_CIRCUIT_OPEN');
  expect(sockets.size).toBe(before);
});

it('one that is not there at all is left alone as well', async () => {
  const { send, breaker } = await producerOf(`127.0.0.1:${await freePort()}`, { attempts: 5 });
  expect((await errorOf(send(record)))?.name).toMatch(/^KafkaJS/);
  expect(breaker.state).toBe('open');
});

it('one that takes connections and says nothing is given up in time', async () => {
  const { address } = await listening(() => {});
  const { send } = await producerOf(address, { timeoutMs: 300 });
  const began = performance.now();
  expect((await errorOf(send(record)))?.code).toBe('ERR_TIMEOUT');
  expect(performance.now() - began).toBeLessThan(2_000);
});

it('what kafkajs would not try again is no failure of the broker', async () => {
  const { address } = await listening(() => {});
  const { kafkaVerdict } = await producerOf(address);
  const { KafkaJSNonRetriableError, KafkaJSConnectionError, KafkaJSNumberOfRetriesExceeded } = await import(
    'kafkajs'
  );
  const verdict = (error: unknown) => kafkaVerdict({ ok: false, error });
  expect(verdict(new KafkaJSNonRetriableError('too large'))).toBe('success');
  const lost = new KafkaJSConnectionError('lost');
  expect(verdict(lost)).toBeUndefined();
  const exceeded = new KafkaJSNumberOfRetriesExceeded(lost, { retryCount: 0, retryTime: 1 });
  expect(verdict(exceeded)).toBeUndefined();
});
