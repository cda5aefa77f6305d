/** Drives orders, and relays what is told of them. There are two; either may be killed at any time. */
import { OutboxRelay } from 'keelson/data';
import { SagaOrchestrator } from 'keelson/saga';
import { openBooks } from './books.mjs';
import { finder } from './clients.mjs';
import { tellOps } from './ops.mjs';
import { calls, orderSaga } from './order-saga.mjs';
import { workPlainly } from './plain-worker.mjs';
import { openSagaStore } from './sagas.mjs';
import { answerParent, endWithParent, tell, told } from './service.mjs';
import { relayRules, sagaRules } from './settings.mjs';

endWithParent();
answerParent({});
const find = finder();
const found = await Promise.all(calls.map(async ({ service }) => [service, await find(service)]));
const services = Object.fromEntries(found);
const books = await openBooks();

const things = [];
if (told.off === 'saga') void workPlainly(books, services);
else {
  const order = orderSaga(services, books);
  const store = await openSagaStore(told, books);
  const sagas = new SagaOrchestrator({ store, definitions: [order], name: told.name, ...sagaRules });
  sagas.on('progressed', ({ sagaId, event }) =>
    tell({ type: 'progress', sagaId, event: event.kind, step: /** @type {any} */ (event).step }),
  );
  sagas.on('takenOver', ({ sagaId }) => tell({ type: 'takenOver', sagaId }));
  await sagas.work();
  things.push(sagas);
}
const relay = new OutboxRelay({ store: books.outboxStore, bus: books.bus, name: told.name, ...relayRules });
await relay.start();
tellOps(books.bus, relay, ...things);
tell({ type: 'ready' });
