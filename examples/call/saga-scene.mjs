import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { SagaOrchestrator } from 'keelson/saga';
import { watchStalls } from '../parts/stall.mjs';
import { orderSaga, rules, steps, storeAt } from './orders.mjs';
import { start } from './processes.mjs';

const ORDERS = 30;
/** So many reservations of a worker, and it is killed: most of its orders are half done by then. */
const KILLED_AFTER = 6;
/** Whatever is not over then is left as it is. */
const PATIENCE_MS = 30_000;
const INDENT = `${' '.repeat(9)}saga    `;

/**
 * @typedef {object} SagaScene
 * @property {number} orders
 * @property {number} completed All three services have had their effect.
 * @property {number} undone None has, or not any more.
 * @property {number} halfDone Neither.
 * @property {number} twice Effects that were had, or undone, twice.
 * @property {number} repeats Calls that a service has recognised as repeated.
 * @property {number} takenOver
 * @property {number} takeoverMs The longest time from the death of a worker to a takeover.
 * @property {number} stallMs
 */

/**
 * Orders over three services, driven by two workers, one of which is killed half way. `without` sagas, they
 * are plain code.
 *
 * @returns {Promise<SagaScene>}
 */
export async function sagaScene({ without, screen }) {
  const plain = without === 'saga';
  const [store, ...services] = await Promise.all([
    start('./saga-store.mjs'),
    ...steps.map(name => start('./saga-participant.mjs', name)),
  ]);
  const originOf = ({ port }) => `http://127.0.0.1:${port}`;
  const origins = Object.fromEntries(steps.map((name, at) => [name, originOf(services[at])]));
  const facts = JSON.stringify({ origins, ...(!plain && { store: originOf(store) }) });
  const workers = await Promise.all([1, 2].map(() => start('./saga-worker.mjs', facts)));
  screen?.line(`${INDENT}${ORDERS} orders over ${steps.join(', ')}, two workers`);

  const seen = { takenOver: new Set(), takeoverMs: 0, ends: 0 };
  const stalls = watchStalls();
  const death = killHalfWay(workers, seen, screen);
  try {
    await (plain ? placePlainly(workers, seen) : placeSagas(store, origins, originOf));
    await death;
    const ledgers = await Promise.all(services.map(service => service.ask('report')));
    const { takenOver, takeoverMs } = seen;
    return {
      ...tally(ledgers),
      ...{ takenOver: takenOver.size, takeoverMs: Math.round(takeoverMs), stallMs: stalls.longestMs() },
    };
  } finally {
    stalls.stop();
    await Promise.all([store, ...services, ...workers].map(one => one.stop()));
  }
}

/** Kills the worker that is the first to have so many orders under way; resolves when it is dead. */
function killHalfWay(workers, seen, screen) {
  const reserved = workers.map(() => 0);
  let killedAt;
  return new Promise(resolve => {
    workers.forEach(({ child, kill }, at) => {
      child.on('message', ({ type, step, sagaId }) => {
        if (type === 'end') seen.ends++;
        // A machine that stands still may make one living worker lose a saga to the other: that is no death.
        if (type === 'takenOver' && killedAt !== undefined && !seen.takenOver.has(sagaId)) {
          if (seen.takenOver.size === 0) screen?.line(`${INDENT}worker ${at + 1} takes over`);
          seen.takenOver.add(sagaId);
          seen.takeoverMs = Math.max(seen.takeoverMs, performance.now() - killedAt);
        }
        if (type !== 'done' || step !== 'reserve' || ++reserved[at] < KILLED_AFTER) return;
        if (killedAt !== undefined) return;
        killedAt = performance.now();
        screen?.line(`${INDENT}kill -9 of worker ${at + 1}, half way`);
        void kill().then(resolve);
      });
    });
  });
}

/** Starts the orders as a shop does that drives none itself, and waits for their ends. */
async function placeSagas(store, origins, originOf) {
  const order = orderSaga(origins);
  const sagas = new SagaOrchestrator({ store: storeAt(originOf(store)), definitions: [order], ...rules });
  const patience = new AbortController();
  // All orders listen to it.
  setMaxListeners(0, patience.signal);
  const timer = setTimeout(() => patience.abort(new Error('not over in time')), PATIENCE_MS);
  const ends = [];
  for (let number = 1; number <= ORDERS; number++) {
    const handle = await sagas.start(order, {}, { id: `order-${number}` });
    // How it ends is asked of the services.
    ends.push(handle.result({ signal: patience.signal }).catch(() => {}));
    await sleep(10);
  }
  await Promise.all(ends);
  clearTimeout(timer);
  await sagas.close();
}

/**
 * Hands the orders to the workers in turn. What the killed one has is lost, so there is an end to the
 * waiting.
 */
async function placePlainly(workers, seen) {
  for (let number = 1; number <= ORDERS; number++) {
    const living = workers.filter(({ child }) => child.connected);
    living[number % living.length].child.send({ id: `order-${number}` });
    await sleep(10);
  }
  for (let before = -1; before !== seen.ends; await sleep(1_000)) before = seen.ends;
}

/** What the services have in their books: nobody else knows how an order has really ended. */
function tally(ledgers) {
  const ends = { completed: 0, undone: 0, halfDone: 0 };
  let twice = 0;
  for (let number = 1; number <= ORDERS; number++) {
    const entries = ledgers.map(({ ledger }) => ledger[`order-${number}`] ?? { applied: 0, undone: 0 });
    const standing = entries.filter(({ applied, undone }) => applied > undone).length;
    ends[standing === steps.length ? 'completed' : standing === 0 ? 'undone' : 'halfDone']++;
    twice += entries.filter(({ applied, undone }) => applied > 1 || undone > applied).length;
  }
  const repeats = ledgers.reduce((sum, one) => sum + one.repeats, 0);
  return { orders: ORDERS, ...ends, twice, repeats };
}
