/** One remote call, wrapped once: callers keep the function they know, and it survives a bad moment. */
import { CircuitBreaker, pipeline, Retry, Timeout, wrap } from 'keelson';

/** Stands for a remote: its first two answers are errors. */
let requests = 0;
async function fetchStock(item, signal) {
  signal.throwIfAborted();
  requests++;
  if (requests <= 2) throw new Error(`HTTP 503 (request ${requests})`);
  return { item, inStock: 12 };
}

// The first is the outermost: each attempt is counted by the breaker and has 200 ms, all together have 1 s.
const policy = pipeline(
  new Timeout({ timeoutMs: 1_000, name: 'total' }),
  new Retry({ attempts: 3, backoff: { kind: 'exponential', initialMs: 10, maxMs: 100 } }),
  new CircuitBreaker({ failureRatio: 0.5, minCalls: 10, openMs: 5_000 }),
  new Timeout({ timeoutMs: 200, name: 'attempt' }),
);

const stockOf = wrap(policy, (context, item) => fetchStock(item, context.signal));

const { item, inStock } = await stockOf('tea');
console.log(`${inStock} × ${item}, after ${requests} requests`);
