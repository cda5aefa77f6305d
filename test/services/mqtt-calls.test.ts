import { describe, expect, it, onTestFinished } from 'vitest';
import { type Mqtt5Options, mqtt5 } from '../../src/adapters/mqtt/mqtt5.js';
import { createBus } from '../../src/messaging/driver-bus.js';
import { topic } from '../../src/messaging/topic.js';
import { connectTo, mqttAnswers, mqttPrefix, mqttUrl, plainClient } from '../fixtures/mqtt.js';
import { until } from './eventually.js';

const there = await mqttAnswers();
const placed = topic<{ readonly n: number }>('orders.placed');
const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

describe.skipIf(!there)('the members of a group', () => {
  it('are asked once for each publisher, however many messages wait for the answer', async () => {
    const prefix = mqttPrefix();
    const bus = () => {
      const made = createBus(mqtt5({ connect: connectTo(mqttUrl), prefix }));
      onTestFinished(() => made.close());
      return made;
    };
    let handled = 0;
    const members = upTo(3).map(() => bus().subscribe(placed, { group: 'g' }, () => void handled++));
    await Promise.all(members.map(({ ready }) => ready));
    const heard: string[] = [];
    const listening = await plainClient(mqttUrl);
    onTestFinished(() => listening.endAsync());
    listening.on('message', name => void heard.push(name));
    await listening.subscribeAsync(`${prefix}~/seats/g/${placed.name}/+`, { qos: 1, rap: true, rh: 2 });
    const publishers = upTo(5).map(() => bus());
    const all = upTo(500).map(n => publishers[n % 5]!.publish(placed, { n }));
    await Promise.all(all);
    await until(() => handled >= 500);
    const calls = heard.filter(name => name.endsWith('/call')).length;
    expect(calls).toBeGreaterThan(0);
    expect(calls).toBeLessThanOrEqual(5);
    // Each member answers each call at the most.
    expect(heard.length - calls).toBeLessThanOrEqual(5 * 3);
  });

  it('are heard when they are asked before they know that the broker has heard of them', async () => {
    const prefix = mqttPrefix();
    const seats = `${prefix}~/seats/g/${placed.name}/`;
    const heard: string[] = [];
    const listening = await plainClient(mqttUrl);
    onTestFinished(() => listening.endAsync());
    listening.on('message', (name, payload) => void heard.push(`${name.slice(seats.length)} ${payload}`));
    await listening.subscribeAsync(`${seats}+`, { qos: 1, rap: true, rh: 2 });
    // The broker has been told of the seat, and its answer to that is slow.
    const slow: (() => void)[] = [];
    let isSlow = true;
    const slowly: Mqtt5Options['connect'] = options => {
      const made = connectTo(mqttUrl)(options);
      const publish = made.publish.bind(made);
      made.publish = ((...given: Parameters<typeof publish>) => {
        const [name, body, how, done] = given;
        const late: typeof done = (...answer) =>
          isSlow ? void slow.push(() => done(...answer)) : done(...answer);
        return publish(name, body, how, name.startsWith(seats) ? late : done);
      }) as typeof publish;
      return made;
    };
    const busOf = (connect: Mqtt5Options['connect']) => {
      const made = createBus(mqtt5({ connect, prefix }), { publishTimeoutMs: 30_000 });
      onTestFinished(() => made.close());
      return made;
    };
    let handled = 0;
    const member = busOf(slowly).subscribe(placed, { group: 'g' }, () => void handled++);
    await until(() => slow.length === 1);
    const published = busOf(connectTo(mqttUrl)).publish(placed, { n: 1 });
    await until(() => heard.some(each => each.startsWith('call')));
    isSlow = false;
    for (const done of slow) done();
    await member.ready;
    await published;
    await until(() => handled === 1);
    // Nobody took the seat of a member that is there.
    const holders = new Set(heard.filter(each => !each.startsWith('call')).map(each => each.split(' ')[1]));
    expect([...holders]).toHaveLength(1);
  });
});
