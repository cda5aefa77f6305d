/** Writes one mail for each order that has ended, as the bus tells it. */
import { Inbox } from 'keelson/data';
import { openBus } from './buses.mjs';
import { openDatabase } from './database.mjs';
import { tellOps } from './ops.mjs';
import { serve, told } from './service.mjs';
import { ended } from './topics.mjs';

const LOSES_EACH = 5;
const failure = { redeliver: [100, 200, 500, 1_000, 2_000, 5_000] };

const db = await openDatabase(told);
await db.query('CREATE TABLE IF NOT EXISTS mail (id serial PRIMARY KEY, order_id text NOT NULL, says text)');
const store = db.barriers();
await store.connect();
const inbox = new Inbox({ store, consumer: 'notifications', redeliveryMs: 3_600_000 });
const bus = await openBus(told, 'notifications');
let [mails, repeats] = [0, 0];

const write = (tx, order, says) =>
  tx.query('INSERT INTO mail (order_id, says) VALUES ($1, $2)', [order, says]).then(() => undefined);

/** The mail and the note that the message was handled are one transaction. */
async function once(message, says) {
  const { outcome } = await db.transaction(tx =>
    inbox.run(tx.own, message, () => write(tx, message.data.id, says)),
  );
  if (outcome === 'duplicate') repeats++;
}

for (const [says, topic] of Object.entries(ended)) {
  await bus.subscribe(topic, { group: 'notifications', failure }, async message => {
    if (told.off === 'inbox') await db.transaction(tx => write(tx, message.data.id, says));
    else await once(message, says);
    // As if it had died between the commit and the acknowledgement: the message comes again.
    if (message.attempt === 1 && ++mails % LOSES_EACH === 0) throw new Error('the acknowledgement is lost');
  }).ready;
}
tellOps(bus);

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
