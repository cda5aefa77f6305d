/** Drives orders, run as a child process, until it is killed or its parent ends. */
import { SagaOrchestrator } from 'keelson/saga';
import { orderSaga, plainOrder, rules, storeAt } from './orders.mjs';

const { store, origins } = JSON.parse(process.argv[2]);

process.on('disconnect', () => process.exit());
// Nobody may be there any more to hear it.
const tell = message => process.connected && process.send(message, () => {});

// Without sagas: the orders that it is given are in its memory, and nowhere else.
process.on('message', (/** @type {any} */ { id }) => {
  void plainOrder(origins, id, undefined, step => tell({ type: 'done', step })).then(() =>
    tell({ type: 'end' }),
  );
});

if (store !== undefined) {
  const sagas = new SagaOrchestrator({ store: storeAt(store), definitions: [orderSaga(origins)], ...rules });
  sagas.on('progressed', ({ event }) => {
    if (event.kind === 'done') tell({ type: 'done', step: event.step });
  });
  sagas.on('takenOver', ({ sagaId }) => tell({ type: 'takenOver', sagaId }));
  await sagas.work();
}
tell({ type: 'ready' });
