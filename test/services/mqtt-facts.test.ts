import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type MqttClient } from 'mqtt';
import { describe, expect, it, onTestFinished } from 'vitest';
import { mosquittoInstalled, OwnMosquitto } from '../fixtures/mosquitto.js';
import { plainClient } from '../fixtures/mqtt.js';
import { until } from './eventually.js';

const there = mosquittoInstalled();

async function ownBroker(settings: readonly string[] = []): Promise<OwnMosquitto> {
  const broker = await OwnMosquitto.make(settings);
  onTestFinished(() => broker.remove());
  await broker.start();
  return broker;
}

interface Member {
  readonly client: MqttClient;
  /** What came, with a star where it came again. */
  readonly got: string[];
}

/** A session that takes what comes and acknowledges nothing. */
async function member(
  broker: OwnMosquitto,
  clientId: string,
  expiry: number,
  filter?: string,
): Promise<Member> {
  const properties = { sessionExpiryInterval: expiry, receiveMaximum: 100 };
  const options = { protocolVersion: 5, reconnectPeriod: 0, clientId, clean: false, properties } as const;
  const client = connect(broker.url, options);
  const got: string[] = [];
  client.handleMessage = ({ payload, dup }, callback) => {
    got.push(`${payload}${dup ? '*' : ''}`);
    callback(new Error('not acknowledged'));
  };
  client.on('error', () => {});
  await new Promise(resolve => client.once('connect', resolve));
  if (filter !== undefined) await client.subscribeAsync(filter, { qos: 1 });
  onTestFinished(() => client.endAsync(true));
  return { client, got };
}

async function publisher(broker: OwnMosquitto) {
  const client = await plainClient(broker.url);
  onTestFinished(() => client.endAsync(true));
  const reasons: unknown[] = [];
  client.on('packetreceive', packet => {
    if (packet.cmd === 'puback') reasons.push(packet.reasonCode ?? 0);
    if (packet.cmd === 'disconnect') reasons.push(`disconnected ${packet.reasonCode}`);
  });
  const publish = async (texts: readonly string[]): Promise<void> => {
    for (const text of texts) await client.publishAsync('t', text, { qos: 1 });
  };
  return { client, reasons, publish };
}

const six = ['0', '1', '2', '3', '4', '5'];
const shared = '$share/g/t';

/** Why the driver does what it does. Should one fail with a newer broker, something can be simpler. */
describe.skipIf(!there)('Mosquitto', () => {
  it('loses what a crashed member of a group held, where its session ends with it', async () => {
    const broker = await ownBroker();
    const { publish } = await publisher(broker);
    const [a, b] = [await member(broker, 'a', 0, shared), await member(broker, 'b', 0, shared)];
    await publish(six);
    await until(() => a.got.length + b.got.length === 6, 5_000);
    expect([a.got, b.got]).toEqual([
      ['0', '2', '4'],
      ['1', '3', '5'],
    ]);
    a.client.stream.destroy();
    await sleep(300);
    await publish(['6', '7']);
    await until(() => b.got.length === 5, 5_000);
    expect(b.got).toEqual(['1', '3', '5', '6', '7']);
  });

  it('keeps for a crashed member what it held and its share, where its session stays', async () => {
    const broker = await ownBroker();
    const { publish } = await publisher(broker);
    const [a, b] = [await member(broker, 'a', 600, shared), await member(broker, 'b', 600, shared)];
    await publish(six);
    await until(() => a.got.length + b.got.length === 6, 5_000);
    a.client.stream.destroy();
    await sleep(300);
    await publish(['6', '7', '8', '9']);
    await sleep(300);
    expect(b.got).toEqual(['1', '3', '5', '7', '9']);
    // Whoever comes by its name gets it, and nobody else ever does.
    const again = await member(broker, 'a', 600);
    await until(() => again.got.length === 5, 5_000);
    expect(again.got).toEqual(['0*', '2*', '4*', '6', '8']);
    await again.client.endAsync(false, { properties: { sessionExpiryInterval: 0 } });
    await sleep(300);
    expect(b.got).toEqual(['1', '3', '5', '7', '9']);
  });

  it('gives a session to who comes by its name, and does not tell who had it why', async () => {
    const broker = await ownBroker();
    const { publish } = await publisher(broker);
    const first = await member(broker, 'a', 600, shared);
    const told: unknown[] = [];
    first.client.on('disconnect', packet => void told.push(packet.reasonCode));
    first.client.on('close', () => void told.push('closed'));
    await publish(['0']);
    const second = await member(broker, 'a', 600);
    await until(() => second.got.length === 1 && told.length > 0, 5_000);
    expect([second.got, told]).toEqual([['0*'], ['closed']]);
  });

  it('forgets shared subscriptions when it is started again, and remembers the others', async () => {
    for (const [filter, reason, kept] of [[shared, 16, []] as const, ['t', 0, ['0']] as const]) {
      const broker = await ownBroker();
      const first = await member(broker, 'a', 600, filter);
      await first.client.endAsync();
      await broker.stop();
      await broker.start();
      const { publish, reasons } = await publisher(broker);
      await publish(['0']);
      expect(reasons).toEqual([reason]);
      const again = await member(broker, 'a', 600);
      await sleep(200);
      expect(again.got).toEqual(kept);
    }
  });

  it('drops what a session has no room for, and acknowledges it all the same', async () => {
    const broker = await ownBroker(['max_queued_messages 3']);
    const first = await member(broker, 'a', 600, shared);
    await first.client.endAsync();
    const { publish, reasons } = await publisher(broker);
    await publish(six);
    expect(reasons).toEqual([0, 0, 0, 0, 0, 0]);
    const again = await member(broker, 'a', 600);
    await sleep(200);
    expect(again.got).toEqual(['0', '1', '2']);
  });

  it('forgets with a crash what it has not written down, and nothing else', async () => {
    for (const [how, kept] of [['crash', 0] as const, ['term', 6] as const]) {
      const broker = await ownBroker();
      const first = await member(broker, 'a', 600, 't');
      await first.client.endAsync();
      const { publish } = await publisher(broker);
      await publish(six);
      await broker.stop(how);
      await broker.start();
      const again = await member(broker, 'a', 600);
      await sleep(200);
      expect(again.got).toHaveLength(kept);
    }
  });

  it('closes the connection of who sends a control character, or too large a packet', async () => {
    const broker = await ownBroker(['max_packet_size 1000']);
    const one = await publisher(broker);
    one.client.publish('t', 'x', { qos: 1, properties: { userProperties: { a: 'two\nlines' } } });
    await until(() => !one.client.connected, 5_000);
    const two = await publisher(broker);
    expect(two.client.serverProperties?.maximumPacketSize).toBe(1_000);
    two.client.publish('t', 'x'.repeat(2_000), { qos: 1 });
    await until(() => !two.client.connected, 5_000);
    expect(two.reasons).toEqual(['disconnected 149']);
  });
});
