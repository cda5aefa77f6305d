import { fakeTime } from '../fake-time.mjs';
import { Lacks } from '../play.mjs';

const states = ['closed', 'open', 'half-open', 'isolated'];

/** `load` imports the package, once its time is ours. */
export async function cockatiel(load) {
  const time = fakeTime();
  const library = await load();
  return () => ({
    time,
    subject: { isOurs: error => library.isBrokenCircuitError(error), make: makeWith(library) },
  });
}

const makeWith = library => (settings, times) =>
  Array.from({ length: times }, () => {
    if (!(settings.kind in makers)) throw new Lacks();
    return policyOf(library, settings);
  });

function policyOf(library, settings, saved) {
  const { kind, slots, timeoutMs } = settings;
  let policy = makers[kind](library, settings, saved);
  const inner = policy;
  if (kind !== 'bulkhead' && slots) policy = library.wrap(policy, library.bulkhead(slots));
  if (kind === 'breaker' && timeoutMs) policy = library.wrap(inner, makers.timeout(library, settings));
  return {
    call: ({ operation, signal }) => policy.execute(context => operation(context.signal), signal),
    state: () => states[inner.state],
    listen: hear => {
      inner.onSuccess(() => hear('success'));
      inner.onReset?.(() => hear('closed'));
    },
    save: () => inner.toJSON(),
    restore: saved => policyOf(library, settings, saved),
  };
}

const makers = {
  breaker: (library, settings, initialState) =>
    library.circuitBreaker(library.handleAll, {
      halfOpenAfter: breakOf(library, settings),
      breaker: ruleOf(library, settings),
      ...(initialState !== undefined && { initialState }),
    }),
  bulkhead: ({ bulkhead }, { slots, queue }) => bulkhead(slots, queue),
  timeout: ({ timeout, TimeoutStrategy }, { timeoutMs }) => timeout(timeoutMs, TimeoutStrategy.Aggressive),
  // `maxAttempts` counts the retries, not the first try.
  retry: ({ retry, handleAll, ConstantBackoff }, { attempts, delayMs }) =>
    retry(handleAll, { maxAttempts: attempts - 1, backoff: new ConstantBackoff(delayMs) }),
};

function breakOf({ ExponentialBackoff, noJitterGenerator }, { openMs, factor }) {
  if (factor === undefined) return openMs;
  return new ExponentialBackoff({ initialDelay: openMs, exponent: factor, generator: noJitterGenerator });
}

function ruleOf({ ConsecutiveBreaker, SamplingBreaker }, { failures, ratio, minCalls, windowMs }) {
  if (failures !== undefined) return new ConsecutiveBreaker(failures);
  const minimumRps = minCalls / (windowMs / 1000);
  return new SamplingBreaker({ threshold: ratio, duration: windowMs, minimumRps });
}
