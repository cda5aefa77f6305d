import { randomUUID } from 'node:crypto';
import { describe, it } from 'vitest';
import { mqtt5 } from '../../src/adapters/mqtt/mqtt5.js';
import { busLaws } from '../../src/testing/bus-laws.js';
import { connectTo, forgetSeats, mqttAnswers, mqttUrl } from '../fixtures/mqtt.js';

const there = await mqttAnswers();

/** A machine that many share is slow to answer: what is due may be late. */
const slackMs = 5_000;

describe.skipIf(!there)('a bus over MQTT', () => {
  const prefix = `keelson-test-${randomUUID().slice(0, 8)}`;
  const driver = () => mqtt5({ connect: connectTo(mqttUrl), prefix });
  const clean = () => forgetSeats(mqttUrl, prefix);
  for (const { name, check } of busLaws({ capabilities: driver().capabilities, driver, clean, slackMs })) {
    it(name, check, 60_000);
  }
});
