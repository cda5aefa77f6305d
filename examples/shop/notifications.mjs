/** Writes one mail for each order that has ended, as the bus tells it. */
import { Inbox } from 'keelson/data';
import { PostgresBarrierStore } from 'keelson/postgres';
import { openBus } from './bus.mjs';
import { ownDatabase } from './database.mjs';
import { serve, told } from './service.mjs';
import { ended } from './topics.mjs';

const LOSES_EACH = 5;

const db = await ownDatabase(told.data);
await db.query('CREATE TABLE IF NOT EXISTS mail (id serial PRIMARY KEY, order_id text NOT NULL, says text)');
const store = new PostgresBarrierStore({ client: db.client });
await store.connect();
const inbox = new Inbox({ store, consumer: 'notifications', redeliveryMs: 3_600_000 });
const bus = openBus('notifications');
let [mails, repeats] = [0, 0];

const write = (tx, order, says) =>
  tx.query('INSERT INTO mail (order_id, says) VALUES ($1, $2)', [order, says]).then(() => undefined);

/** The mail and the note that the message was handled are one transaction. */
async function once(message, says) {
  const { outcome } = await db.transaction(tx =>
    inbox.run(tx, message, () => write(tx, message.data.id, says)),
  );
  if (outcome === 'duplicate') repeats++;
}

for (const [says, topic] of Object.entries(ended)) {
  await bus.subscribe(topic, { group: 'notifications' }, async message => {
    if (told.off === 'inbox') await db.transaction(tx => write(tx, message.data.id, says));
    else await once(message, says);
    // As if it had died between the commit and the acknowledgement: the message comes again.
    if (message.attempt === 1 && ++mails % LOSES_EACH === 0) throw new Error('the acknowledgement is lost');
  }).ready;
}

await serve(
  'notifications',
  // The bare shop calls it.
  async ({ segments }) => {
    await write(db, segments[1], 'bare');
    return {};
  },
  {
    async ledger() {
      const { rows } = await db.query('SELECT order_id AS order, says FROM mail');
      return { rows, repeats };
    },
  },
);
