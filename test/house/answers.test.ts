import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mqttCapabilities } from '../../src/adapters/mqtt/mqtt-capabilities.js';
import { jetStreamCapabilities } from '../../src/adapters/nats/jetstream-capabilities.js';
import { postgresCapabilities } from '../../src/adapters/postgres/bus-capabilities.js';
import { rabbitCapabilities } from '../../src/adapters/rabbitmq/rabbit-capabilities.js';
import { redisCapabilities } from '../../src/adapters/redis/redis-capabilities.js';
import type { Capabilities } from '../../src/messaging/capabilities.js';
import { InMemoryBroker } from '../../src/messaging/in-memory-broker.js';
import { MemoryDriver } from '../../src/messaging/memory-driver.js';
import { answersTable, answersWords, replaceBlock, withHow } from './rules/answers.js';
import { root } from './tree.js';

const drivers: Readonly<Record<string, Partial<Capabilities>>> = {
  'In memory': new MemoryDriver(new InMemoryBroker()).capabilities,
  '[Redis Streams](adapters/redis.md)': redisCapabilities,
  '[PostgreSQL](adapters/postgres.md)': postgresCapabilities,
  '[RabbitMQ](adapters/rabbitmq.md)': rabbitCapabilities,
  '[JetStream](adapters/nats.md)': jetStreamCapabilities,
  '[MQTT 5](adapters/mqtt.md)': mqttCapabilities,
};

/** The page of each driver, and where its capabilities are declared. */
const told: Readonly<Record<string, readonly [string, Partial<Capabilities>]>> = {
  redis: ['redis/redis-capabilities', redisCapabilities],
  postgres: ['postgres/bus-capabilities', postgresCapabilities],
  rabbitmq: ['rabbitmq/rabbit-capabilities', rabbitCapabilities],
  nats: ['nats/jetstream-capabilities', jetStreamCapabilities],
  mqtt: ['mqtt/mqtt-capabilities', mqttCapabilities],
};
const pages = Object.entries(told).map(([name, [file, capabilities]]) => {
  const path = `docs/adapters/${name}.md`;
  const source = readFileSync(`${root}/src/adapters/${file}.ts`, 'utf8');
  return { path, source, capabilities };
});

const page = `${root}/docs/messaging.md`;
const table = answersTable(drivers);
if (process.env['ANSWERS'] === 'rewrite') {
  writeFileSync(page, replaceBlock(readFileSync(page, 'utf8'), table));
  for (const { path, ...declared } of pages) {
    const text = readFileSync(`${root}/${path}`, 'utf8');
    writeFileSync(`${root}/${path}`, withHow({ ...declared, page: text }));
  }
}

describe('the answers of the drivers', () => {
  it('are those of the page', () => {
    const text = readFileSync(page, 'utf8');
    expect(text, 'run `npm run answers`').toBe(replaceBlock(text, table));
  });

  it.each(pages)('are told in $path as where they are declared', ({ path, source, capabilities }) => {
    const text = readFileSync(`${root}/${path}`, 'utf8');
    const rewritten = withHow({ source, capabilities, page: text });
    expect(text, 'run `npm run answers`').toBe(rewritten);
    const rows = [...rewritten.matchAll(/^\| `(\w+)` \| `[^`]+` \| \S.* \|$/gm)].map(row => row[1]);
    expect(rows).toEqual(expect.arrayContaining([...Object.keys(capabilities), 'maxRecordBytes']));
  });

  it('have a word for everything that a driver declares', () => {
    const declared = new Set(Object.values(drivers).flatMap(Object.keys));
    for (const bound of ['maxRecordBytes', 'longestLeaseMs']) declared.delete(bound);
    expect([...declared].sort()).toEqual(Object.keys(answersWords).sort());
  });

  it('are told for what is missing, and for what no driver says', () => {
    const text = answersTable({ A: { fanOut: true, ttl: 'none' }, B: { fanOut: false, ttl: 'native' } });
    expect(text).toContain('| A subscriber without a group gets everything (`fanOut`) | yes | – |');
    expect(text).toContain('| A message has an end (`ttl`) | – | native |');
    expect(text).toContain('| How many priorities there are (`priorities`) | – | – |');
  });
});
