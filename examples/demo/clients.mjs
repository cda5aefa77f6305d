import { pipeline, Timeout } from 'keelson';

/** What the pipeline is set to, and what it promises follows from. */
export const limits = {
  /** All attempts of a call together. */
  totalMs: 1_500,
  attemptMs: 400,
  slots: 16,
  queue: 100,
  openMs: 1_000,
};

/** The policies that can be left out, to see what they were good for. */
export const names = ['timeout'];

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
  return { call: wish => ask(origin, wish, { signal: AbortSignal.timeout(5_000) }) };
}

/** The same through a pipeline. All calls to the service share its policies; `without` leaves one of them out. */
export function keelsonClient(origin, { without, signal }) {
  const policies = [
    ['timeout', new Timeout({ timeoutMs: limits.totalMs, name: 'all attempts' })],
    ['timeout', new Timeout({ timeoutMs: limits.attemptMs, name: 'attempt' })],
  ];
  const charges = pipeline(...policies.filter(([name]) => name !== without).map(([, policy]) => policy));
  return {
    call: wish =>
      charges.execute(
        context =>
          ask(origin, wish, {
            signal: context.signal,
            headers:
              context.idempotencyKey === undefined ? {} : { 'idempotency-key': context.idempotencyKey },
          }),
        { signal },
      ),
    state: () => 'closed',
    watch: _seconds => [{ at: 0, state: 'closed' }],
  };
}
