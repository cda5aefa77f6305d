import { afterAll, describe, it } from 'vitest';
import { rabbitmq } from '../../src/adapters/rabbitmq/rabbitmq.js';
import { busLaws } from '../../src/testing/bus-laws.js';
import { Footprints, rabbitIsThere } from './rabbit-server.js';

const there = await rabbitIsThere();
const footprints = new Footprints();

/** A machine that many share is slow to answer: what is due may be late. */
const slackMs = 5_000;

describe.skipIf(!there)('a bus over a RabbitMQ server', () => {
  const driver = () => rabbitmq({ connect: footprints.connect, prefix: `laws-${process.pid}` });
  const { capabilities } = driver();
  afterAll(() => footprints.remove(), 60_000);
  const clean = (part: string) => footprints.remove(part);
  for (const { name, check } of busLaws({ capabilities, driver, clean, slackMs })) {
    it.concurrent(name, check, 60_000);
  }
});
