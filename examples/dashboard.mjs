/**
 * A dashboard in a service: what a page would get, and an action by somebody who may.
 * `node examples/dashboard.mjs stay` keeps it open for a browser.
 */
import { createServer } from 'node:http';
import { Bulkhead, CircuitBreaker } from 'keelson';
import { dashboard } from 'keelson/dashboard';
import { Observatory } from 'keelson/observe';

const observatory = new Observatory({ service: 'shop' });
const payments = new CircuitBreaker({ name: 'payments', consecutiveFailures: 3 });
observatory.watch(payments);
observatory.watch(new Bulkhead({ name: 'search', slots: 4 }));

// Whoever sits at this machine may do anything; a real service asks who it is.
const board = dashboard({ observatory, authorise: () => 'somebody here' });
board.on('acted', ({ who, action, outcome }) =>
  console.log(`${who}: ${action.action} ${action.target}, ${outcome}`),
);
const server = createServer(board.handler);
await new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(undefined)));
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
const url = `http://127.0.0.1:${port}`;

for (let call = 0; call < 4; call++) {
  await payments.execute(() => Promise.reject(new Error('the bank is down'))).catch(() => {});
}

const state = /** @type {any} */ (await (await fetch(`${url}/api/state`)).json());
for (const { name, kind } of state.things) console.log(`${kind}: ${name}`);
console.log(state.things[0].detail.text);
console.log(state.events.map(({ event, count }) => `${event} × ${count}`).join(', '));

const session = await fetch(`${url}/api/session`);
const { token } = /** @type {any} */ (await session.json());
const answer = await fetch(`${url}/api/act`, {
  method: 'POST',
  headers: {
    'content-type': 'application/json',
    origin: url,
    cookie: session.headers.get('set-cookie').split(';')[0],
    'x-csrf-token': token,
  },
  body: JSON.stringify({ epoch: state.epoch, action: 'breaker.reset', key: state.things[0].key }),
});
console.log(answer.status, payments.state);

if (process.argv[2] === 'stay') {
  console.log(`look at ${url}`);
} else {
  board.close();
  server.close();
}
