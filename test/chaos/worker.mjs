// A worker of sagas in a process of its own, over the built package; a test kills and stops it as it likes.
import { postgresSagaStore } from 'keelson/postgres';
import { SagaOrchestrator } from 'keelson/saga';
import pg from 'pg';
import { orderSaga } from './order-saga.mjs';

const { config, ports, timing } = JSON.parse(process.argv[2]);
const pool = new pg.Pool({ ...config, max: 3 });
pool.on('error', () => {});
const order = orderSaga(ports);
const store = postgresSagaStore({ client: pool, statementTimeoutMs: 5_000 });
const sagas = new SagaOrchestrator({ store, definitions: [order], ...timing });
let takenOver = 0;
let lost = 0;
sagas.on('takenOver', () => {
  takenOver++;
});
sagas.on('lost', () => {
  lost++;
});

/** Until it is known to be kept: the store may be away. */
async function start(input) {
  for (;;) {
    try {
      const { id } = await sagas.start(order, input, { key: `order ${input.order}` });
      return process.send({ started: input.order, id, takenOver, lost });
    } catch (error) {
      if (error.code !== 'ERR_SAGA_STORE') throw error;
      await new Promise(resolve => setTimeout(resolve, 200));
    }
  }
}

for (;;) {
  try {
    await sagas.work();
    break;
  } catch {
    await new Promise(resolve => setTimeout(resolve, 200));
  }
}
process.on('message', orders => {
  for (const input of orders) void start(input);
});
// Whoever made it is gone.
process.on('disconnect', () => process.exit());
process.send({ owner: sagas.snapshot().owner });
setInterval(() => process.send({ takenOver, lost }), 500);
