/**
 * A shop's pricing and charging service, run as a child process. It behaves as its parent tells it to,
 * counts what reaches it, and ends when the parent does.
 */
import { createServer } from 'node:http';
import { watchStalls } from '../parts/stall.mjs';
import { phases, STEP_MS, steps } from './schedule.mjs';

/** What becomes of a request, by the mood and by how many came before it in this phase. */
const moods = {
  well: count => ({ act: 'answer', afterMs: 5 + ((count * 7) % 20) }),
  flaky: count =>
    count % 5 === 4 ? { act: count % 2 === 0 ? 'unavailable' : 'reset', afterMs: 5 } : moods.well(count),
  rush: () => ({ act: 'answer', afterMs: 30 }),
  slow: count => ({ act: 'answer', afterMs: 1_500 + ((count * 137) % 1_000) }),
  hangs: () => ({ act: 'hang', afterMs: 0 }),
  busy: () => ({ act: 'unavailable', afterMs: 2, retryAfter: 1 }),
  resets: () => ({ act: 'reset', afterMs: 2 }),
};

let stalls;
let phase = 0;
let startedAt = 0;
let inFlight = 0;
const seen = {
  /** Requests for each phase, and the most that were here at once. */
  phases: phases.map(() => ({ requests: 0, peak: 0 })),
  /** Requests for each step of time. */
  steps: new Array(steps).fill(0),
  booked: 0,
  /** Charges recognised as the repetition of one that is booked already. */
  repeats: 0,
  /** Charges booked for an order that had been charged before. */
  twice: 0,
};
const orders = new Set();
const keys = new Set();

function count() {
  const here = seen.phases[phase];
  const step = Math.floor((performance.now() - startedAt) / STEP_MS);
  if (step < steps) seen.steps[step]++;
  inFlight++;
  here.peak = Math.max(here.peak, inFlight);
  return here.requests++;
}

/** Charges as it should be done: the key tells a repetition from a second wish. */
function book(order, key) {
  if (key !== undefined && keys.has(key)) {
    seen.repeats++;
    return;
  }
  if (orders.has(order)) seen.twice++;
  if (key !== undefined) keys.add(key);
  orders.add(order);
  seen.booked++;
}

function act(plan, request, response) {
  if (plan.act === 'reset') request.socket.resetAndDestroy();
  if (plan.act === 'unavailable') {
    response.writeHead(503, plan.retryAfter === undefined ? {} : { 'retry-after': String(plan.retryAfter) });
    response.end();
  }
  if (plan.act === 'answer') {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ price: 1 + (request.url.length % 9) }));
  }
}

const server = createServer((request, response) => {
  const plan = moods[phases[phase].mood](count());
  request.resume();
  // A service that resets connections may well have done the work: nobody can tell from outside.
  if (request.method === 'POST' && plan.act !== 'unavailable') {
    book(request.url, request.headers['idempotency-key']);
  }
  const timer = setTimeout(() => act(plan, request, response), plan.afterMs);
  response.on('close', () => {
    clearTimeout(timer);
    inFlight--;
  });
});

const orderedBy = {
  start: () => {
    startedAt = performance.now();
    stalls = watchStalls();
  },
  phase: message => {
    phase = message.phase;
  },
  report: () => process.send({ type: 'report', seen, stallMs: stalls.longestMs() }),
};

process.on('message', (/** @type {any} */ message) => orderedBy[message.type](message));
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  process.send({ type: 'ready', port });
});
