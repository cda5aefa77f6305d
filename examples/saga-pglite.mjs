/** Sagas in a folder: the process that drives them is killed half way, and the next one goes on. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import { postgresSagaStore } from 'keelson/postgres';
import { defineSaga, SagaOrchestrator } from 'keelson/saga';

const [folder, fate] = process.argv.slice(2);

/** Each step of the order says what it does, and with which key. */
const step = name => ({
  forward: async ({ idempotencyKey, attempt }) => {
    console.log(`${idempotencyKey}, attempt ${attempt}`);
    // So that the parent can kill it while nobody knows whether the card is charged.
    if (name === 'charge' && fate === 'dies') {
      process.send('charging');
      await sleep(60_000);
    }
    return `${name} done`;
  },
  compensate: () => console.log(`${name} undone`),
});
const order = defineSaga('order')
  .step('reserve', step('reserve'))
  .step('charge', step('charge'))
  .step('ship', step('ship'));

async function work() {
  const client = await PGlite.create(folder);
  const store = postgresSagaStore({ client });
  const sagas = new SagaOrchestrator({ store, definitions: [order], leaseMs: 3_000, marginMs: 500 });
  sagas.on('takenOver', ({ sagaId }) => console.log(`taken over: ${sagaId}`));
  await sagas.work();
  // Starting it again is nothing new: there is one saga of each id.
  console.log(await sagas.run(order, {}, { id: 'order-7' }));
  await sagas.close();
  await client.close();
}

if (folder !== undefined) await work();
else {
  const made = await mkdtemp(join(tmpdir(), 'keelson-saga-'));
  const first = fork(import.meta.filename, [made, 'dies']);
  await once(first, 'message');
  first.kill('SIGKILL');
  await once(first, 'exit');
  console.log('killed');
  const second = fork(import.meta.filename, [made, 'lives']);
  await once(second, 'exit');
  await rm(made, { recursive: true });
}
