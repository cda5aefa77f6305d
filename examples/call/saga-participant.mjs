/**
 * One of the services that an order calls, run as a child process: `reserve`, `charge` or `ship`. It takes
 * its time, refuses some orders, and loses some answers after it has done what was asked. It ends when its
 * parent does.
 */
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { InMemoryBarrierStore, ParticipantBarrier } from 'keelson/saga';

const [name] = process.argv.slice(2);
/** Every so many orders are refused. */
const refusesEach = { reserve: 11, charge: 5, ship: 7 }[name];
const LOSES_EACH = 6;

const store = new InMemoryBarrierStore();
const barrier = new ParticipantBarrier({ store });
/** By order: how often the effect was had, and how often it was undone. */
const ledger = {};
let calls = 0;
let repeats = 0;

function effect({ saga, direction, forwardResult }) {
  ledger[saga] ??= { applied: 0, undone: 0 };
  const entry = ledger[saga];
  if (direction === 'compensate') {
    if (!forwardResult.refused) entry.undone++;
    return {};
  }
  const number = Number(saga.split('-').at(-1));
  if (number % refusesEach === refusesEach - 1) return { refused: true };
  entry.applied++;
  return {};
}

async function handle(request, response) {
  const key = request.headers['idempotency-key'];
  const lost = ++calls % LOSES_EACH === 0;
  request.resume();
  await sleep(40 + ((calls * 37) % 80));
  const { outcome, result } = /** @type {any} */ (
    await store.transaction(transaction => barrier.run(transaction, key, effect))
  );
  if (outcome === 'duplicate') repeats++;
  if (lost) request.socket.resetAndDestroy();
  else response.writeHead(outcome === 'refused' ? 410 : result?.refused ? 422 : 200).end('{}');
}

const server = createServer((request, response) => void handle(request, response));
process.on('message', (/** @type {any} */ { type }) => process.send({ type, ledger, calls, repeats }));
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  process.send({ type: 'ready', port });
});
