/** What happens behind one port, for Prometheus to read: latencies, outcomes, a breaker that opens. */
import { createServer } from 'node:http';
import { CircuitBreaker, pipeline } from 'keelson';
import { logTo, Meter, Observatory, PrometheusExporter } from 'keelson/observe';

const meter = new Meter({ name: 'payments' });
const breaker = new CircuitBreaker({ name: 'payments', consecutiveFailures: 3 });
const pay = pipeline(meter, breaker);

const observatory = new Observatory({ service: 'shop' });
observatory.watch(meter);
observatory.watch(breaker);

const write = (fields, message) => console.log(`${fields.name}: ${message}`);
logTo(observatory, { debug() {}, info: write, warn: write, error: write });

await pay.execute(() => 'paid');
for (let call = 0; call < 5; call++) {
  await pay.execute(() => Promise.reject(new Error('no paper'))).catch(() => {});
}

const exporter = new PrometheusExporter(observatory);
const server = createServer(exporter.handler).listen(0, '127.0.0.1');
await new Promise(resolve => server.once('listening', resolve));
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
const reply = await fetch(`http://127.0.0.1:${port}/metrics`);
const lines = (await reply.text()).split('\n');
for (const line of lines) {
  if (/^keelson_(calls_|circuit_breaker_state).* [1-9]/.test(line)) console.log(line);
}
server.closeAllConnections();
server.close();
observatory[Symbol.dispose]();
