// The gateway under load: `node --expose-gc gateway.mjs <engine> <port of an instance> …`.

import { ApiGateway, HttpEngine } from '../../../dist/gateway.js';
import { Retry } from '../../../dist/index.js';
import { ServiceProxy } from '../../../dist/proxy.js';

const [kind, ...ports] = process.argv.slice(2);
const engines = {
  'node:http': () => new HttpEngine(),
  undici: async () => {
    const { UndiciEngine } = await import('../../../dist/undici.js');
    return new UndiciEngine({ undici: await import('undici') });
  },
};

const proxy = new ServiceProxy({
  service: 'echo',
  instances: ports.map(port => ({ id: port, address: `http://127.0.0.1:${port}` })),
});
const policy = new Retry({ attempts: 3, backoff: { kind: 'constant', delayMs: 5 } });
const routes = version => [
  { path: '/*', upstream: proxy, policy, answerHeaders: { 'x-version': String(version) } },
];
let version = 0;
const gateway = new ApiGateway({ engine: await engines[kind](), routes: routes(version) });
const { port } = await gateway.listen({ port: 0, host: '127.0.0.1' });

function report() {
  globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  const sockets = process.getActiveResourcesInfo().filter(name => name === 'TCPSocketWrap').length;
  const { inFlight, tunnels } = gateway.snapshot();
  return { bytes: heapUsed + external, rss, sockets, inFlight, tunnels, version };
}

process.on('message', message => {
  if (message === 'replace') gateway.replace(routes(++version));
  if (message === 'report') process.send(report());
});
process.on('disconnect', () => process.exit());
process.send({ port });
