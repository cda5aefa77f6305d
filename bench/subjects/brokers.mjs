import { createBus, topic } from '../../dist/messaging.js';
import { handled } from '../harness/throughput.mjs';

let runs = 0;
/** A name that no round has had. */
export const fresh = () => `bench-${process.pid}-${++runs}`;

/** What a bus says of a message besides its data, for clients that are to send the same. */
export const attributes = (prefix, type, n) => ({
  [`${prefix}specversion`]: '1.0',
  [`${prefix}id`]: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`,
  [`${prefix}source`]: 'keelson',
  [`${prefix}type`]: type,
  [`${prefix}time`]: '2026-01-01T00:00:00.000Z',
  [`${prefix}schemaversion`]: '1',
});

/**
 * A bus over the driver that `connect` makes: a durable group is there, then all is published, then all is
 * consumed and settled.
 */
export const keelson = (connect, options) => ({
  name: 'keelson',
  open: async seen => {
    const { driver, end } = await connect();
    const bus = createBus(driver, { maxPublishing: 200_000, publishTimeoutMs: 120_000 });
    const orders = topic(fresh());
    const consumer = { group: 'g', ...options };
    const first = bus.subscribe(orders, consumer, () => {});
    await first.ready;
    await first.close();
    return {
      publish: async numbers => {
        const all = await bus.publishAll(
          orders,
          numbers.map(n => ({ n })),
        );
        const failed = all.find(({ ok }) => !ok);
        if (failed !== undefined) throw failed.error;
      },
      consume: async (count, many) => {
        const sub = bus.subscribe(orders, consumer, ({ data }) => seen(data.n));
        await handled(count, many);
        // All that is handled is settled, too.
        await sub.close();
      },
      close: async () => {
        await bus.close();
        await end?.();
      },
    };
  },
});
