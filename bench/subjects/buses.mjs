import { ServiceBroker } from 'moleculer';
import { z } from 'zod';
import { CircuitBreaker, pipeline, Timeout } from '../../dist/index.js';
import { InMemoryBus, topic } from '../../dist/messaging.js';

const Order = z.object({ id: z.string(), cents: z.number().int() });

/**
 * Publishes to one group and answers when the message was handled. That is before `publish` answers, but for
 * what is published when the group has handed out for ten milliseconds and leaves the turn to timers and
 * sockets.
 */
const bus = (name, options, { schema, policy } = {}) => ({
  name,
  load: async () => (settings, operation) => {
    const messages = new InMemoryBus({ maxPublishing: 100_000, ...options });
    const orders = schema === undefined ? topic('orders.placed') : topic('orders.placed', { schema });
    const consumer = { group: 'billing', concurrency: 1_000, prefetch: 2_000, ...policy?.() };
    let published = 0;
    let handled = 0;
    const waiting = [];
    const { ready } = messages.subscribe(orders, consumer, ({ data }) => {
      handled++;
      waiting.shift()?.();
      return operation(data);
    });
    const { payload } = settings;
    let open = false;
    return async () => {
      if (!open) {
        await ready;
        open = true;
      }
      const place = ++published;
      await messages.publish(orders, payload);
      if (handled < place) await new Promise(resolve => waiting.push(resolve));
    };
  },
});

const guarded = () => ({
  policy: pipeline(new CircuitBreaker({ window: { calls: 100 } }), new Timeout({ timeoutMs: 10_000 })),
});

export const reference = bus('keelson, by reference', { passByReference: true });
export const copies = bus('keelson, a copy each', {});
export const checked = bus(
  'keelson, by reference',
  { passByReference: true },
  { schema: Order, policy: guarded },
);
export const checkedCopies = bus('keelson, a copy each', {}, { schema: Order, policy: guarded });

/** Its local events: no broker, no settlement, no redelivery. `validated` by its own validator. */
const moleculer = (name, params) => ({
  name,
  load: async () => (settings, operation) => {
    const broker = new ServiceBroker({ logger: false });
    const handler = context => operation(context.params);
    broker.createService({
      name: 'billing',
      events: { 'orders.placed': params === undefined ? { handler } : { params, handler } },
    });
    const started = broker.start();
    const { payload } = settings;
    let ready = false;
    return async () => {
      if (!ready) {
        await started;
        ready = true;
      }
      return broker.emit('orders.placed', payload);
    };
  },
});

export const local = moleculer('moleculer 0.15.2, local events');
export const localChecked = moleculer('moleculer 0.15.2, validated', {
  id: 'string',
  cents: { type: 'number', integer: true },
});
