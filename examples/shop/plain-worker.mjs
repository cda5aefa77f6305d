/** Orders without sagas: what is done stands in the memory of this process, and nowhere else. */
import { setTimeout as sleep } from 'node:timers/promises';
import { jsonOf } from './clients.mjs';
import { calls } from './order-saga.mjs';
import { tell } from './service.mjs';

const POLL_MS = 100;
const TAKE = `UPDATE orders SET status = 'taken' WHERE id IN
  (SELECT id FROM orders WHERE status = 'placed' LIMIT 10 FOR UPDATE SKIP LOCKED) RETURNING id`;

/** One call after the other, and undo what was done when one fails. */
async function drive(books, services, id) {
  const done = [];
  const ask = async ({ step, service, amount }, method) => {
    const key = `${id}:${step}:${method === 'PUT' ? 'forward' : 'compensate'}`;
    const headers = { 'idempotency-key': key, 'saga-epoch': '0' };
    await jsonOf(await services[service].fetch(`/orders/${id}?amount=${amount}`, { method, headers }));
  };
  try {
    for (const call of calls) {
      await ask(call, 'PUT');
      done.unshift(call);
      tell({ type: 'progress', sagaId: id, event: 'done', step: call.step });
    }
    await books.end(id, 'completed');
  } catch {
    for (const call of done) await ask(call, 'DELETE').catch(() => {});
    await books.end(id, 'undone');
  }
  tell({ type: 'progress', sagaId: id, event: 'completed' });
}

/** Takes what is placed, for ever. */
export async function workPlainly(books, services) {
  for (;;) {
    const taken = await books.db.query(TAKE).catch(() => ({ rows: [] }));
    for (const { id } of taken.rows) void drive(books, services, id).catch(() => {});
    await sleep(POLL_MS);
  }
}
