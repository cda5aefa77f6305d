import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { MqttConnection } from '../../src/adapters/mqtt/mqtt-connection.js';
import { type Mqtt5Options, mqtt5 } from '../../src/adapters/mqtt/mqtt5.js';
import { bytesCodec } from '../../src/messaging/codec.js';
import type { OutRecord, RawDelivery, SubscribeSpec } from '../../src/messaging/driver.js';
import { createBus } from '../../src/messaging/driver-bus.js';
import { topic } from '../../src/messaging/topic.js';
import { mosquittoInstalled, OwnMosquitto } from '../fixtures/mosquitto.js';
import { connectTo, mqttAnswers, mqttPrefix, mqttUrl, plainClient, retainedBelow } from '../fixtures/mqtt.js';
import { until } from './eventually.js';

const there = await mqttAnswers();
const installed = mosquittoInstalled();
const placed = topic<{ readonly n: number }>('orders.placed');

const recordOf = (facts: Partial<OutRecord> = {}): OutRecord => ({
  ...{ topic: placed.name, id: 'a', key: undefined, headers: {}, body: Buffer.from('{"n":1}') },
  ...{ notBefore: undefined, expiresAt: undefined, priority: 0, group: undefined },
  ...facts,
});

/** A driver, a bus, and its connections, to break them. */
function scene(options: Partial<Mqtt5Options> = {}, url = mqttUrl) {
  const prefix = options.prefix ?? mqttPrefix();
  const connections: MqttConnection[] = [];
  const connect: Mqtt5Options['connect'] = each => {
    const made = connectTo(url)(each);
    connections.push(made);
    return made;
  };
  const driver = () => {
    const made = mqtt5({ connect, prefix, ...options });
    onTestFinished(() => made.close());
    return made;
  };
  const bus = () => {
    const made = createBus(driver(), { publishTimeoutMs: 2_000 });
    onTestFinished(() => made.close());
    return made;
  };
  return { prefix, connections, driver, bus };
}

async function hold(driver: ReturnType<typeof mqtt5>, facts: Partial<SubscribeSpec> = {}) {
  const held: RawDelivery[] = [];
  const told: string[] = [];
  const spec: SubscribeSpec = {
    ...{ pattern: placed.name, group: 'g', start: 'latest', order: 'none', topology: 'ensure' },
    ...{ leaseMs: 1_000, ...facts },
  };
  const subscription = await driver.subscribe(spec, {
    deliver: delivery => void held.push(delivery),
    ready: () => void told.push('ready'),
    lost: () => void told.push('lost'),
  });
  return { held, told, subscription };
}

describe.skipIf(!there)('the sessions of a bus', () => {
  it('answer stale to a settlement of an older connection, and hand the message out again', async () => {
    const { driver, connections } = scene();
    const one = driver();
    await one.connect();
    const { held, told, subscription } = await hold(one);
    subscription.request(10);
    await one.publish([recordOf()]);
    await until(() => held.length === 1, 5_000);
    // The second one is that of the subscription.
    (connections[1] as unknown as { stream: { destroy(): void } }).stream.destroy();
    await until(() => held.length === 2, 5_000);
    expect([await held[0]?.ack(), held[0]?.attempt, held[1]?.attempt]).toEqual(['stale', undefined, 2]);
    expect([await held[1]?.ack(), await held[1]?.ack()]).toEqual(['done', 'stale']);
    await until(() => told.length === 3, 5_000);
    expect(told).toEqual(['ready', 'lost', 'ready']);
  });

  it('hold no more than they were asked to, and at most the prefetch in the process', async () => {
    const { driver } = scene();
    const one = driver();
    await one.connect();
    const { held, subscription } = await hold(one, { prefetch: 3 });
    for (let n = 0; n < 10; n++) await one.publish([recordOf({ id: `${n}` })]);
    subscription.request(2);
    await until(() => held.length === 2, 5_000);
    await subscription.pause();
    await held[0]?.ack();
    await sleep(100);
    expect(held).toHaveLength(2);
    subscription.request(1);
    await until(() => held.length === 3, 5_000);
  });

  it('hand out again, in the process, what is given back, no earlier than it was told', async () => {
    const { driver } = scene();
    const one = driver();
    await one.connect();
    const { held, subscription } = await hold(one);
    subscription.request(10);
    await one.publish([recordOf()]);
    await until(() => held.length === 1, 5_000);
    const from = performance.now();
    expect([await held[0]?.nack(200), await held[0]?.ack()]).toEqual(['done', 'stale']);
    await until(() => held.length === 2, 5_000);
    expect(performance.now() - from).toBeGreaterThanOrEqual(199);
    expect(held[1]?.attempt).toBe(2);
  });

  it('are not made where the topology is only checked', async () => {
    const { driver, prefix } = scene({ deadLetterGroup: null });
    const one = driver();
    await one.connect();
    await expect(hold(one, { topology: 'check' })).rejects.toMatchObject({ code: 'ERR_TOPOLOGY' });
    expect((await retainedBelow(mqttUrl, `${prefix}~`)).size).toBe(0);
    const { subscription } = await hold(one);
    await subscription.close();
    const two = driver();
    await two.connect();
    await hold(two, { topology: 'check' });
  });

  it('end with the subscriber where there is no group', async () => {
    const { driver, prefix } = scene();
    const one = driver();
    await one.connect();
    const { subscription } = await hold(one, { group: undefined });
    await subscription.close();
    await subscription.close();
    expect((await retainedBelow(mqttUrl, `${prefix}~`)).size).toBe(0);
  });
});

describe.skipIf(!there)('a message over MQTT', () => {
  it('carries any text in its headers, control characters and halves of characters too', async () => {
    const { driver } = scene();
    const one = driver();
    await one.connect();
    const { held, subscription } = await hold(one);
    subscription.request(10);
    const headers = {
      a: 'two\nlines',
      b: '\0',
      c: '\ud800 %000a',
      d: '\uffff\u{1fffe}',
      e: '%000a 😀',
      f: '',
    };
    const body = Uint8Array.from({ length: 256 }, (_, at) => at);
    expect(await one.publish([recordOf({ headers, body })])).toEqual([{ ok: true }]);
    await until(() => held.length === 1, 5_000);
    expect(held[0]?.record.headers).toEqual(headers);
    expect(Buffer.compare(Buffer.from(held[0]!.record.body), Buffer.from(body))).toBe(0);
  });

  it('of a stranger is read as it is, and what has no name for a bus is left', async () => {
    const { bus, prefix } = scene();
    const one = createBus(mqtt5({ connect: connectTo(mqttUrl), prefix }), { codec: bytesCodec });
    onTestFinished(() => one.close());
    const seen: unknown[] = [];
    const options = { group: 'g' } as const;
    await one.subscribe(`home.>`, options, ({ data, topic: from, headers }) => {
      seen.push([from, String(Buffer.from(data as Uint8Array)), headers['unit']]);
    }).ready;
    await bus().connect();
    const client = await plainClient(mqttUrl);
    const properties = { userProperties: { unit: ['K', 'C'] } };
    await client.publishAsync(`${prefix}/home/a.b`, 'left', { qos: 1 });
    await client.publishAsync(`${prefix}/home/é`, 'left', { qos: 1 });
    await client.publishAsync(`${prefix}/home/kitchen/temp`, '21', { qos: 1, properties });
    await client.publishAsync(`${prefix}/home`, 'above', { qos: 1 });
    await client.publishAsync(`${prefix}/home/attic`, '22', { qos: 0 });
    await until(() => seen.length === 2, 5_000);
    await client.endAsync();
    await sleep(100);
    // What comes with QoS 0 does not wait for its turn.
    expect(seen.sort()).toEqual([
      ['home.attic', '22', undefined],
      ['home.kitchen.temp', '21', 'C'],
    ]);
  });

  it('that nobody has subscribed to is published, or refused where that is asked for', async () => {
    const one = scene().driver();
    await one.connect();
    expect(await one.publish([recordOf()])).toEqual([{ ok: true }]);
    const two = scene({ unrouted: 'refuse' }).driver();
    await two.connect();
    const refused = { ok: false, retryable: true, maybeStored: false, error: { reasonCode: 16 } };
    expect(await two.publish([recordOf()])).toMatchObject([refused]);
    const { subscription } = await hold(two);
    expect(await two.publish([recordOf()])).toEqual([{ ok: true }]);
    await subscription.close();
    expect(await two.publish([recordOf()])).toEqual([{ ok: true }]);
  });

  it('is retained where that is asked for, for who comes without a group', async () => {
    const { bus, prefix } = scene({ retained: ['orders.*'] });
    const one = bus();
    await one.publish(placed, { n: 1 });
    await one.publish(placed, { n: 2 });
    const [alone, grouped]: [number[], number[]] = [[], []];
    await one.subscribe(placed, { group: null }, ({ data }) => void alone.push(data.n)).ready;
    await one.subscribe(placed, { group: 'g' }, ({ data }) => void grouped.push(data.n)).ready;
    await one.publish(placed, { n: 3 });
    await until(() => alone.length === 2 && grouped.length === 1, 5_000);
    expect([alone, grouped]).toEqual([[2, 3], [3]]);
    const client = await plainClient(mqttUrl);
    await client.publishAsync(`${prefix}/orders/placed`, '', { qos: 1, retain: true });
    await client.endAsync();
  });

  it('that dies is kept for a group of its own, also of a pattern with wildcards', async () => {
    const one = scene().bus();
    const failure = { redeliver: [] };
    const options = { group: 'g', failure } as const;
    const fail = (): never => {
      throw new RangeError('no such thing');
    };
    await one.subscribe('orders.*', options, fail).ready;
    await one.publish(placed, { n: 7 }, { headers: { tenant: 't' } });
    await sleep(300);
    const dead: unknown[] = [];
    await one.subscribe(topic<{ n: number }>('orders.placed.g.dlq'), { group: 'dead-letters' }, message => {
      const { data, headers } = message;
      dead.push([data.n, headers['tenant'], message.id !== '']);
    }).ready;
    await sleep(300);
    // Its keeper is that of `orders.*.g.dlq`: who wants to read it there asks for that.
    const all: unknown[] = [];
    await one.subscribe('orders.*.g.dlq', { group: 'dead-letters' }, ({ data, headers }) => {
      all.push([(data as { n: number }).n, headers['tenant']]);
    }).ready;
    await until(() => all.length === 1, 5_000);
    expect([dead, all]).toEqual([[], [[7, 't']]]);
  });

  it('that dies stays with its group where nobody would keep it', async () => {
    const one = scene({ deadLetterGroup: null }).bus();
    const told: string[] = [];
    const subscription = one.subscribe(placed, { group: 'g', failure: { redeliver: [] } }, () => {
      throw new RangeError('no such thing');
    });
    subscription.on('unsettled', ({ error }) => void told.push(String(error)));
    subscription.on('deadLettered', () => void told.push('dead'));
    await subscription.ready;
    await one.publish(placed, { n: 7 });
    await until(() => told.length === 1, 5_000);
    expect(told[0]).toContain('nobody has subscribed');
    await one.subscribe('orders.placed.g.dlq', { group: 'dead-letters' }, () => {}).ready;
    await until(() => told.includes('dead'), 10_000);
  });
});

describe.skipIf(!installed)('a broker with rules', () => {
  it('is believed about the largest packet, before anything is sent', async () => {
    const broker = await OwnMosquitto.make(['max_packet_size 2000']);
    onTestFinished(() => broker.remove());
    await broker.start();
    const one = scene({ prefix: 'p' }, broker.url).driver();
    await one.connect();
    const body = new Uint8Array(2_000);
    const refused = {
      ok: false,
      retryable: false,
      maybeStored: false,
      error: { code: 'ERR_RECORD_TOO_LARGE' },
    };
    const fits = new Uint8Array(1_800);
    expect(await one.publish([recordOf({ body }), recordOf({ body: fits })])).toMatchObject([
      refused,
      { ok: true },
    ]);
  });

  it('is believed about what it does not allow', async () => {
    const broker = await OwnMosquitto.make([]);
    onTestFinished(() => broker.remove());
    const acl = join(broker.folder, 'acl');
    writeFileSync(acl, 'topic readwrite p~/#\ntopic readwrite p/orders/#\n');
    broker.configure([`acl_file ${acl}`]);
    await broker.start();
    const one = scene({ prefix: 'p', deadLetterGroup: null }, broker.url).driver();
    await one.connect();
    const refused = { ok: false, retryable: false, maybeStored: false, error: { reasonCode: 0x87 } };
    expect(await one.publish([recordOf({ topic: 'secrets' })])).toMatchObject([refused]);
    // This broker closes the connection as well: the driver makes another one.
    await until(async () => (await one.publish([recordOf()]))[0]?.ok === true, 5_000);
  });

  it('that lets nobody in makes connecting fail', async () => {
    const broker = await OwnMosquitto.make(['allow_anonymous false']);
    onTestFinished(() => broker.remove());
    await broker.start(false);
    const one = scene({ prefix: 'p' }, broker.url).driver();
    await expect(one.connect()).rejects.toMatchObject({ reasonCode: 0x87 });
  });
});
