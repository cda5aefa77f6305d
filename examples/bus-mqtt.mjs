/** Messages over MQTT 5: a group shares them, who leaves leaves nothing behind, devices take part. */

import { createBus, topic } from 'keelson/messaging';
import { mqtt5 } from 'keelson/mqtt';
import { connect, connectAsync } from 'mqtt';

const url = process.env.MQTT_URL ?? 'mqtt://127.0.0.1:1883';
let device;
try {
  device = await connectAsync(url, { protocolVersion: 5, connectTimeout: 3_000, reconnectPeriod: 0 });
} catch (error) {
  console.log(`skipped: no MQTT broker (${error.code ?? error.message})`);
  process.exit(process.env.CI ? 1 : 0);
}

// A prefix of its own, so that two of these do not hear of each other. The last group goes after a minute.
const prefix = `keelson-example-${process.pid}`;
const driver = () =>
  mqtt5({
    connect: options => connect(url, options),
    prefix,
    sessionExpiryMs: 60_000,
    deadLetterGroup: null,
  });
const readings = topic('home.kitchen.temperature');
const [one, two] = [createBus(driver()), createBus(driver())];
const [lines, seen] = [[], new Set()];
const consume = bus =>
  bus.subscribe(
    'home.*.temperature',
    { group: 'heating', failure: { redeliver: [20] } },
    ({ data, topic, attempt }) => {
      if (data.celsius === 21 && attempt === 1) throw new Error('bad luck');
      seen.add(data.celsius);
      lines.push(`${topic}: ${data.celsius} °C, delivery ${attempt}`);
    },
  );
const [first, second] = [consume(one), consume(two)];
await Promise.all([first.ready, second.ready]);

const until = async count => {
  while (seen.size < count) await new Promise(resolve => setTimeout(resolve, 10));
};
for (const celsius of [20, 21]) {
  await one.publish(readings, { celsius });
  await until(celsius - 19);
}
// A device that has never heard of a bus.
await device.publishAsync(`${prefix}/home/attic/temperature`, '{"celsius":22}', { qos: 1 });
await until(3);
// The broker deals out in turn: the second member would be waited for, were its session not taken over.
await second.close();
for (const celsius of [23, 24]) await one.publish(readings, { celsius });
await until(5);
for (const line of lines.slice(0, 3)) console.log(line);
console.log(`after one has left: ${[...seen].slice(3).sort().join(' and ')} °C`);

await Promise.all([one.close(), two.close()]);
await device.endAsync();
