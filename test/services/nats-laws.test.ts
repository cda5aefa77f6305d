import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { jetStream } from '../../src/adapters/nats/jetstream.js';
import { busLaws } from '../../src/testing/bus-laws.js';
import { deleteStreams, natsAnswers, natsClient } from '../fixtures/nats.js';

const there = await natsAnswers();
const prefix = `laws-${process.pid}`;

/** A machine that many share is slow to answer: what is due may be late. */
const slackMs = 5_000;

describe.skipIf(!there)('a bus over NATS JetStream', async () => {
  if (!there) return;
  const client = await natsClient();
  // The streams are small: those of all tests together have to fit the server.
  const driver = () => jetStream({ client, prefix, maxBytes: 64 * 1_048_576 });
  beforeAll(async () => {
    const first = driver();
    await first.connect();
    await first.close();
  });
  afterAll(async () => {
    await deleteStreams(await jetstreamManager(client), prefix);
    await client.close();
  });
  const { capabilities } = driver();
  for (const { name, check } of busLaws({ capabilities, driver, slackMs })) {
    it.concurrent(name, check, 60_000);
  }
});
