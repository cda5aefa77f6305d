/** Takes orders. One that it has answered is in the store of the sagas, and comes to its end without it. */
import { Outbox } from 'keelson/data';
import { SagaOrchestrator } from 'keelson/saga';
import { openBooks } from './books.mjs';
import { orderSaga } from './order-saga.mjs';
import { openSagaStore } from './sagas.mjs';
import { serve, told } from './service.mjs';
import { sagaRules } from './settings.mjs';

const books = await openBooks();
const order = orderSaga({}, books);
const outbox = new Outbox({ store: books.outboxStore });
const store = await openSagaStore(told, books);
const sagas = new SagaOrchestrator({ store, definitions: [order], ...sagaRules });
await store.open();

await serve(
  'orders',
  async ({ segments }) => {
    const id = segments[1];
    // Again is nothing new: there is one order of each id.
    if (told.off === 'saga') await books.accept(id);
    else await sagas.start(order, { id }, { id });
    return { status: 202, body: { id } };
  },
  {
    async ledger() {
      const { rows } = await books.db.query('SELECT id AS order, status FROM orders');
      const { messages } = await outbox.lag();
      const open = (await store.census()).reduce((sum, { count }) => sum + count, 0);
      const parked = await sagas.list({ status: 'parked' });
      return { rows, open, parked: parked.length, waiting: messages };
    },
  },
);
