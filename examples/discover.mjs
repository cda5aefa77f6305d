/** Instances that come and go, found through a registry; calls go to those that answer. */
import { createServer } from 'node:http';
import { Retry, roundRobin, ServiceProxy } from 'keelson';
import { InMemoryRegistry, ServiceWatcher } from 'keelson/discovery';

const registry = new InMemoryRegistry();

/** An instance in a server of its own, which says that it is there. @param {string} id */
async function start(id) {
  const server = createServer((_, response) => response.end(id));
  await new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const registration = registry.register({ service: 'stock', id, address: `http://127.0.0.1:${port}` });
  await registration.ready;
  return { server, registration };
}

const [a, b] = [await start('a'), await start('b')];
const watcher = new ServiceWatcher({ registry, service: 'stock' });
await watcher.ready;
const stock = new ServiceProxy({
  service: 'stock',
  instances: watcher,
  balancer: { by: roundRobin() },
  policy: new Retry({ attempts: 2, backoff: { kind: 'constant', delayMs: 10 } }),
});

/** Who answers twelve requests. */
async function ask() {
  const counts = new Map();
  for (let n = 0; n < 12; n++) {
    const id = await (await stock.fetch('/items/7', { headers: { connection: 'close' } })).text();
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return [...counts].map(([id, count]) => `${id} ${count}`).sort();
}

console.log(`two: ${await ask()}`);

// It falls silent without a word: its lease lasts, and whoever is sent there is sent on.
a.server.close();
console.log(`one of them is dead: ${await ask()}`);

const c = await start('c');
// It says that it goes: nobody is sent there any more, and nobody is failed.
await b.registration.close({ drainMs: 0 });
console.log(`another has come, and one has left: ${await ask()}`);
console.log(`known: ${watcher.usable().map(({ id }) => id)}`);

watcher.close();
for (const { server } of [b, c]) server.close();
await registry.close();
