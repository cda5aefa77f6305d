import { defineSaga } from 'keelson/saga';

/** What the workers are set to: short, so that a demo can wait for it. */
export const rules = { leaseMs: 1_500, marginMs: 300, pollMs: 50, maxPollMs: 200 };

/** What an order consists of, each step with a service of its own. */
export const steps = ['reserve', 'charge', 'ship'];

/** A store in another process, as its port shows it: whatever is asked goes over the wire as JSON. */
export function storeAt(origin) {
  const ask =
    method =>
    async (...args) => {
      const answer = await fetch(`${origin}/${method}`, { method: 'POST', body: JSON.stringify(args) });
      const { value, error } = /** @type {any} */ (await answer.json());
      if (!answer.ok) throw new Error(error);
      return value;
    };
  const methods = [
    ...['open', 'now', 'insert', 'claim', 'claimOne', 'write', 'renew', 'signal', 'signals', 'cancel'],
    ...['wake', 'lock', 'get', 'find', 'list', 'census', 'history', 'purge'],
  ];
  return /** @type {any} */ (Object.fromEntries(methods.map(method => [method, ask(method)])));
}

/** Calls a service. A status that says no is told by the error: 4xx had no effect. */
async function call(origin, idempotencyKey, signal) {
  const headers = { 'idempotency-key': idempotencyKey };
  const answer = await fetch(origin, { method: 'POST', headers, signal });
  await answer.body?.cancel();
  if (!answer.ok) throw Object.assign(new Error(`HTTP ${answer.status}`), { status: answer.status });
}

/** An order as a saga. */
export function orderSaga(origins) {
  const retry = { backoff: { kind: /** @type {const} */ ('constant'), delayMs: 20 } };
  const step = name => ({
    forward: ({ idempotencyKey, signal }) => call(origins[name], idempotencyKey, signal),
    compensate: ({ idempotencyKey, signal }) => call(origins[name], idempotencyKey, signal),
    retry,
    compensation: { retry },
    timeoutMs: 5_000,
  });
  return defineSaga('order')
    .step('reserve', step('reserve'))
    .step('charge', step('charge'))
    .step('ship', step('ship'));
}

/** What everybody writes: one call after the other, and undo what was done when one fails. */
export async function plainOrder(origins, id, signal, onStep) {
  const done = [];
  try {
    for (const name of steps) {
      await call(origins[name], `${id}:${name}:forward`, signal);
      done.unshift(name);
      onStep(name);
    }
  } catch {
    for (const name of done) await call(origins[name], `${id}:${name}:compensate`, signal).catch(() => {});
  }
}
