import { defineSaga } from 'keelson/saga';
import { jsonOf } from './clients.mjs';
import { shop } from './settings.mjs';

/** What an order asks of others, in this order, and of whom. */
export const calls = [
  { step: 'reserve', service: 'inventory', amount: 1 },
  { step: 'charge', service: 'payments', amount: shop.priceCents },
  { step: 'ship', service: 'shipping', amount: 1 },
];

/** @param {any} input */
const idOf = input => input.id;

const STEP_MS = 3_000;

/** One step with another service: PUT does it, DELETE undoes it, the key says that it is the same call. */
function remote(services, { step, service, amount }) {
  const ask = method => async context => {
    const { id } = context.input;
    const headers = { 'idempotency-key': context.idempotencyKey, 'saga-epoch': String(context.epoch) };
    const path = `/orders/${id}?amount=${amount}`;
    const response = await services[service].fetch(path, { method, headers, signal: context.signal });
    return { [step]: (await jsonOf(response)).row ?? 0 };
  };
  const backoff = { kind: /** @type {const} */ ('exponential'), initialMs: 50, maxMs: 1_000 };
  return {
    forward: ask('PUT'),
    compensate: async context => void (await ask('DELETE')(context)),
    timeoutMs: STEP_MS,
    retry: { attempts: 12, backoff },
    compensation: { timeoutMs: STEP_MS, retry: { attempts: 40, backoff } },
  };
}

/**
 * An order: it stands in the books of the orders, is reserved, charged, shipped and completed; or none of
 * it. `books` are those of the orders.
 */
export function orderSaga(services, books) {
  const [reserve, charge, ship] = calls.map(call => remote(services, call));
  const patient = { attempts: 40, backoff: { kind: /** @type {const} */ ('constant'), delayMs: 250 } };
  return defineSaga('order')
    .step('accept', {
      forward: ({ input }) => books.accept(idOf(input)),
      compensate: ({ input }) => books.end(idOf(input), 'undone'),
      retry: patient,
      compensation: { retry: patient },
    })
    .step('reserve', reserve)
    .step('charge', charge)
    .step('ship', ship)
    .pivot('complete', { forward: ({ input }) => books.end(idOf(input), 'completed'), retry: patient });
}
