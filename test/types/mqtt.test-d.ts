import { connect } from 'mqtt';
import { describe, it } from 'vitest';
import { mqtt5 } from '../../src/adapters/mqtt/mqtt5.js';
import { createBus } from '../../src/messaging/driver-bus.js';
import { topic } from '../../src/messaging/topic.js';

const orders = topic<{ readonly n: number }>('orders');

describe('the types of a bus over MQTT', () => {
  it('take a client of MQTT.js, and refuse what MQTT cannot do', () => {
    const bus = createBus(mqtt5({ connect: options => connect('mqtt://x', { keepalive: 10, ...options }) }));
    void bus.publish(orders, { n: 1 }, { ttlMs: 5 });
    bus.subscribe('orders.*', { group: 'g', prefetch: 4 }, () => {});
    bus.subscribe(orders, { group: null }, () => {});
    // @ts-expect-error: there is no publishing for later
    void bus.publish(orders, { n: 1 }, { delayMs: 5 });
    // @ts-expect-error: there is no order
    bus.subscribe(orders, { group: 'g', order: 'key' }, () => {});
    // @ts-expect-error: there is nothing from before
    bus.subscribe(orders, { group: 'g', start: 'earliest' }, () => {});
    // @ts-expect-error: a way to connect is needed
    mqtt5({});
  });
});
