import { fakeTime } from '../fake-time.mjs';
import { Lacks } from '../play.mjs';

export async function opossum() {
  const time = fakeTime();
  const { default: CircuitBreaker } = await import('opossum');
  const make = (settings, times, frozen) => {
    if (!(settings.kind in optionsOf) || settings.factor || settings.queue) throw new Lacks();
    const options = optionsOf[settings.kind](settings);
    if (settings.cancels) options.abortController = new AbortController();
    if (frozen) Object.freeze(options);
    return Array.from({ length: times }, () => policyOf(CircuitBreaker, options));
  };
  return () => ({ time, subject: { isOurs: error => CircuitBreaker.isOurError(error), make } });
}

function policyOf(CircuitBreaker, options, state) {
  // The operation is bound when the breaker is made, and begun within `fire`.
  let next;
  const action = () => next(options.abortController?.signal);
  const breaker = new CircuitBreaker(action, state === undefined ? options : { ...options, state });
  return {
    call: ({ operation, args }) => {
      next = operation;
      return breaker.fire(...args);
    },
    state: () => (breaker.opened ? 'open' : breaker.halfOpen ? 'half-open' : 'closed'),
    listen: hear => {
      for (const event of ['success', 'close']) breaker.on(event, () => hear(event));
    },
    save: () => breaker.toJSON().state,
    restore: saved => policyOf(CircuitBreaker, options, saved),
  };
}

const never = { timeout: false, errorThresholdPercentage: 100 };

const optionsOf = {
  // It knows no failures in a row: so many calls of which most fail.
  breaker: ({ failures, ratio, minCalls, windowMs, openMs, slots, timeoutMs }) => ({
    timeout: timeoutMs ?? false,
    errorThresholdPercentage: failures === undefined ? ratio * 100 : 50,
    volumeThreshold: failures ?? minCalls,
    rollingCountTimeout: windowMs ?? 10_000,
    resetTimeout: openMs,
    ...(slots && { capacity: slots }),
  }),
  bulkhead: ({ slots }) => ({ ...never, capacity: slots }),
  timeout: ({ timeoutMs, slots }) => ({ ...never, timeout: timeoutMs, ...(slots && { capacity: slots }) }),
  coalesce: () => ({ ...never, coalesce: true }),
  cache: () => ({ ...never, cache: true }),
};
