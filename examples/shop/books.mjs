/** The books of the orders: one row each, and what is told of its end, in one transaction. */
import { Outbox } from 'keelson/data';
import { PostgresOutboxStore } from 'keelson/postgres';
import { openBus } from './buses.mjs';
import { ownSchema, sharedDatabase } from './database.mjs';
import { told } from './service.mjs';
import { ended } from './topics.mjs';

/** @typedef {Awaited<ReturnType<typeof openBooks>>} Books */

export async function openBooks() {
  const own = told.servers ? await ownSchema({ ...told, name: 'orders' }, { max: 6 }) : undefined;
  const db = own ?? sharedDatabase(told.orders, { max: 6 });
  const store = new PostgresOutboxStore({ client: db.client, schema: own?.schema ?? 'keelson' });
  await store.connect();
  const outbox = new Outbox({ store });
  const bus = await openBus(told, 'orders');
  await db
    .query('CREATE TABLE IF NOT EXISTS orders (id text PRIMARY KEY, status text NOT NULL)')
    .catch(error => {
      // Two that make it at the same time stand in each other's way; it is there then.
      if (error.code !== '23505' && error.code !== '42P07') throw error;
    });

  return {
    db,
    bus,
    outboxStore: store,
    async accept(id) {
      await db.query("INSERT INTO orders VALUES ($1, 'placed') ON CONFLICT DO NOTHING", [id]);
    },
    /** Ends an order, once; also one that was never written down, for an undo may come first. */
    async end(id, status) {
      const end = `INSERT INTO orders VALUES ($1, $2) ON CONFLICT (id)
        DO UPDATE SET status = $2 WHERE orders.status IN ('placed', 'taken') RETURNING id`;
      const event = { topic: ended[status], data: { id } };
      const changed = await db.transaction(async tx => {
        const { rows } = await tx.query(end, [id, status]);
        if (rows.length > 0 && told.off !== 'outbox') await outbox.publish(tx.own, event);
        return rows.length > 0;
      });
      // Switched off: it is published after the commit, and lost when the bus is away.
      if (changed && told.off === 'outbox') void bus.publish(event.topic, event.data).catch(() => {});
    },
  };
}
