import { Bulkhead, CircuitBreaker, Fallback, pipeline, Retry, RetryBudget, Timeout } from 'keelson';

/** What the pipeline is set to, and what it promises follows from. */
export const limits = {
  /** All attempts of a call together. */
  totalMs: 2_000,
  attemptMs: 500,
  /** What the bare client has instead. */
  bareMs: 5_000,
  slots: 16,
  queue: 100,
  openMs: 1_000,
};

/** The policies that can be left out, to see what they were good for. */
export const names = ['fallback', 'timeout', 'retry', 'breaker', 'bulkhead'];

/** An answer that says no. `retryAfterMs` is what breaker and retry look for. */
class HttpError extends Error {
  constructor(answer) {
    super(`HTTP ${answer.status}`);
    this.status = answer.status;
    const seconds = answer.headers.get('retry-after');
    this.retryAfterMs = seconds === null ? undefined : Number(seconds) * 1_000;
  }
}

/** One HTTP request, the same for both clients. */
async function ask(origin, { kind, order }, init) {
  const method = kind === 'charge' ? 'POST' : 'GET';
  const answer = await fetch(`${origin}/${kind}/${order}`, { method, ...init });
  if (answer.ok) return await answer.json();
  await answer.body?.cancel();
  throw new HttpError(answer);
}

/** What everybody writes: fetch, and a timeout so that it ends some day. */
export function bareClient(origin) {
  return { call: wish => ask(origin, wish, { signal: AbortSignal.timeout(limits.bareMs) }) };
}

/** The same through a pipeline whose policies all calls share; `without` leaves one of them out. */
export function keelsonClient(origin, { without, signal }) {
  /** The price that was seen last: an old one is better than none. A charge has no such stand-in. */
  let lastPrice = { price: 9 };
  const fallback = new Fallback({ run: () => ({ ...lastPrice, stale: true }) });
  const total = new Timeout({ timeoutMs: limits.totalMs, name: 'all attempts' });
  const retry = new Retry({
    attempts: 3,
    backoff: { kind: 'exponential', initialMs: 50, maxMs: 400 },
    budget: new RetryBudget({ retryRatio: 0.2, reserve: 50 }),
  });
  const breaker = new CircuitBreaker({
    consecutiveFailures: 10,
    failureRatio: 0.5,
    window: { ms: 2_000 },
    openMs: limits.openMs,
    probeLeaseMs: limits.openMs,
  });
  const bulkhead = new Bulkhead({ slots: limits.slots, queue: limits.queue });
  const attempt = new Timeout({ timeoutMs: limits.attemptMs, name: 'attempt' });

  const keep = (name, policy) => (name === without ? pipeline() : policy);
  const charges = pipeline(
    keep('timeout', total),
    keep('retry', retry),
    keep('breaker', breaker),
    keep('bulkhead', bulkhead),
    keep('timeout', attempt),
  );
  const prices = pipeline(keep('fallback', fallback), charges);

  async function request(wish, context) {
    const { signal, idempotencyKey } = context;
    const headers = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
    const answer = await ask(origin, wish, { signal, headers });
    if (wish.kind === 'price') lastPrice = answer;
    return answer;
  }

  return {
    call: wish => {
      const policy = wish.kind === 'price' ? prices : charges;
      return policy.execute(context => request(wish, context), { signal });
    },
    state: () => breaker.state,
    /** Writes down the changes of the breaker's state. */
    watch(seconds) {
      const changes = [{ at: 0, state: breaker.state }];
      for (const event of /** @type {const} */ (['opened', 'halfOpened', 'closed'])) {
        breaker.on(event, ({ state }) => changes.push({ at: seconds(), state }));
      }
      return changes;
    },
  };
}
