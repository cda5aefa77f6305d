/** Calls of a client of gRPC through policies, by an interceptor. */
import * as grpc from '@grpc/grpc-js';
import { CircuitBreaker, pipeline, Retry, Timeout } from 'keelson';
import { grpcInterceptor, grpcRetryVerdict, grpcVerdict } from 'keelson/grpc';

// A service without a .proto file, to have all in one place: messages are JSON.
const requestSerialize = value => Buffer.from(JSON.stringify(value));
const requestDeserialize = bytes => JSON.parse(String(bytes));
const [responseSerialize, responseDeserialize] = [requestSerialize, requestDeserialize];
const codec = { requestSerialize, requestDeserialize, responseSerialize, responseDeserialize };
const path = '/stock.Stock/GetItem';
const stock = { getItem: { path, requestStream: false, responseStream: false, ...codec } };

// A server that fails twice, does not know of ghosts, and hangs when it is asked for coffee.
let calls = 0;
function getItem({ request, metadata }, reply) {
  if (request.sku === 'ghost') reply({ code: grpc.status.NOT_FOUND, details: 'no such item' });
  else if (++calls < 3) reply({ code: grpc.status.UNAVAILABLE, details: 'busy' });
  else if (request.sku === 'tea') {
    reply(null, { inStock: 12, callsBefore: metadata.get('grpc-previous-rpc-attempts')[0] });
  }
}
const server = new grpc.Server();
server.addService(stock, { getItem });
const port = await new Promise(resolve => {
  server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (_, bound) => resolve(bound));
});

const breaker = new CircuitBreaker({ name: 'stock', consecutiveFailures: 3, classify: grpcVerdict });
const retry = new Retry({ backoff: { kind: 'constant', delayMs: 5 }, classify: grpcRetryVerdict });
const interceptor = grpcInterceptor({
  policy: pipeline(retry, breaker, new Timeout({ timeoutMs: 100 })),
  repeatable: method => method.startsWith('/stock.Stock/Get'),
});
const Stock = grpc.makeGenericClientConstructor(stock, 'Stock');
const to = grpc.credentials.createInsecure();
const client = new Stock(`127.0.0.1:${port}`, to, { interceptors: [interceptor] });

async function show(sku) {
  const answer = await new Promise(resolve => {
    client.getItem({ sku }, (error, item) => resolve(error ?? item));
  });
  if (!(answer instanceof Error)) return console.log(`${sku}: ${JSON.stringify(answer)}`);
  const { code, cause } = /** @type {{ code?: number, cause?: { code: string } }} */ (answer);
  console.log(`${sku}: ${grpc.status[code ?? 2]}, by ${cause?.code ?? 'gRPC'}`);
}

await show('tea');
// An answer of a server that works: neither repeated nor counted.
await show('ghost');
// Three attempts that time out, and the breaker is open for the next call.
await show('coffee');
await show('tea');

client.close();
server.forceShutdown();
