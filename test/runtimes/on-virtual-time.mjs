import { fails, gate, hangs, rejects, same } from './check.mjs';

const consoleIsQuiet = async work => {
  const { error } = console;
  const said = [];
  console.error = (...all) => said.push(all);
  try {
    await work();
  } finally {
    console.error = error;
  }
  same(said.length, 0, 'reports on the console');
};

async function breaker({ keelson, testing }) {
  const clock = new testing.VirtualClock();
  const policy = new keelson.CircuitBreaker({ consecutiveFailures: 2, openMs: 5_000, probes: 1, clock });
  const heard = [];
  for (const name of ['opened', 'halfOpened', 'closed']) policy.on(name, () => heard.push(name));
  for (let i = 0; i < 2; i++) await policy.execute(fails('down')).catch(() => {});
  const refusal = await rejects(
    policy.execute(() => 1),
    'ERR_CIRCUIT_OPEN',
  );
  same(refusal.retryAfterMs, 5_000, 'when to come again');
  same(keelson.isRejected(refusal), true, 'a refusal is known as one');
  await clock.advance(5_000);
  same(await policy.execute(() => 'up'), 'up', 'the probe');
  same([policy.state, heard], ['closed', ['opened', 'halfOpened', 'closed']], 'the way through the states');
  const saved = JSON.parse(JSON.stringify(policy.snapshot()));
  new keelson.CircuitBreaker({ consecutiveFailures: 2, clock }).restore(saved, 0);
}

async function bulkhead({ keelson, testing }) {
  const orders = { fifo: [1, 2, 3], lifo: [3, 2, 1], priority: [2, 3, 1] };
  for (const [order, expected] of Object.entries(orders)) {
    const clock = new testing.VirtualClock();
    const policy = new keelson.Bulkhead({ slots: 1, queue: 3, order, clock });
    const first = gate();
    const ran = [];
    const calls = [policy.execute(first.run)];
    const priorities = [0, 2, 1];
    for (const i of [1, 2, 3]) {
      calls.push(policy.execute(() => ran.push(i), { priority: priorities[i - 1] }));
    }
    // The newcomer is refused, or takes the place of another: that depends on the order.
    if (order === 'fifo') await rejects(policy.execute(hangs), 'ERR_BULKHEAD_FULL');
    first.open();
    await Promise.all(calls);
    same(ran, expected, `the order ${order}`);
  }
}

async function abortInLine({ keelson, testing }) {
  const clock = new testing.VirtualClock();
  const policy = new keelson.Bulkhead({ slots: 1, queue: 3, queueTimeoutMs: 50, clock });
  const first = gate();
  const running = policy.execute(first.run);
  const caller = new AbortController();
  const gone = policy.execute(() => 'never', { signal: caller.signal });
  const late = policy.execute(() => 'never');
  caller.abort(Object.assign(new Error('gone'), { code: 'GONE' }));
  await rejects(gone, 'GONE');
  const outcome = rejects(late, 'ERR_QUEUE_TIMEOUT');
  await clock.advance(50);
  await outcome;
  const next = policy.execute(() => 'next');
  first.open();
  await running;
  same([await next, policy.snapshot().waiting, clock.timers], ['next', 0, 0], 'the line after that');
}

async function retry({ keelson, testing }) {
  const clock = new testing.VirtualClock();
  const budget = new keelson.RetryBudget({ reserve: 3, minPerSecond: 0, clock });
  const policy = new keelson.Retry({ attempts: 4, clock, budget, random: () => 0.5 });
  const waits = [];
  policy.on('retried', ({ delayMs }) => waits.push(delayMs));
  const operation = ({ attempt }) => (attempt < 4 ? fails('busy')() : attempt);
  same(await clock.runUntil(policy.execute(operation)), 4, 'the attempt that answers');
  same(waits, [50, 100, 200], 'the waits');
  const error = await clock.runUntil(policy.execute(fails('down')).catch(error => error));
  same(
    [error.message, keelson.attemptsOf(error).length],
    ['down', 0],
    'what is left when the budget is spent',
  );
}

async function timeout({ keelson, testing }) {
  const clock = new testing.VirtualClock();
  const race = new keelson.Timeout({ timeoutMs: 100, clock });
  const deaf = rejects(
    race.execute(() => new Promise(() => {})),
    'ERR_TIMEOUT',
  );
  const ofTheCaller = rejects(race.execute(hangs, { timeoutMs: 30 }), 'ERR_TIMEOUT');
  const cooperative = new keelson.Timeout({ timeoutMs: 100, strategy: 'cooperative', clock });
  const told = rejects(cooperative.execute(hangs), 'ERR_TIMEOUT');
  await clock.advance(100);
  await Promise.all([deaf, ofTheCaller, told]);
  same(clock.timers, 0, 'timers left');
}

async function fallback({ keelson }) {
  const chain = new keelson.Fallback({
    run: [() => Promise.reject(new Error('second')), error => `none: ${error.message}`],
  });
  same(await chain.execute(fails('first')), 'none: second', 'the chain');
  same(await new keelson.Fallback({ value: 7 }).execute(fails('first')), 7, 'the value');
}

async function hedge({ keelson, testing }) {
  const clock = new testing.VirtualClock();
  const policy = new keelson.Hedge({ delayMs: 100, maxHedges: 2, idempotent: true, clock });
  const started = [];
  const given = [];
  const call = policy.execute(context => {
    started.push([context.attempt, clock.now()]);
    if (context.attempt === 3) return 'third';
    context.signal.addEventListener('abort', () => given.push(context.attempt));
    return hangs(context);
  });
  same(await clock.runUntil(call), 'third', 'the answer');
  same(started.flat(), [1, 0, 2, 100, 3, 200], 'when attempts started');
  same(given, [1, 2], 'who was given up');
  await rejects(policy.execute(fails('down')), 'ERR_ALL_FAILED');
}

async function rateLimiter({ keelson, testing }) {
  for (const algorithm of ['token-bucket', 'sliding-window']) {
    const clock = new testing.VirtualClock();
    const rate = { limit: 2, perMs: 1_000, algorithm, clock };
    const strict = new keelson.RateLimiter(rate);
    for (let i = 0; i < 2; i++) await strict.execute(() => i);
    const refusal = await rejects(
      strict.execute(() => 2),
      'ERR_RATE_LIMITED',
    );
    same(refusal.retryAfterMs, algorithm === 'token-bucket' ? 500 : 1_000, `when ${algorithm} has a place`);
    const patient = new keelson.RateLimiter({ ...rate, maxWaitMs: 5_000 });
    const at = [];
    const calls = [1, 2, 3, 4].map(() => patient.execute(() => at.push(clock.now())));
    await clock.runUntil(Promise.all(calls));
    same(at, algorithm === 'token-bucket' ? [0, 0, 500, 1_000] : [0, 0, 1_000, 1_000], `turns: ${algorithm}`);
  }
}

async function cache({ keelson, testing }) {
  const clock = new testing.VirtualClock();
  const policy = new keelson.Cache({ ttlMs: 100, staleIfErrorMs: 1_000, maxEntries: 2, clock });
  let runs = 0;
  const ask = key => policy.execute(async () => ++runs, { key });
  same(await Promise.all([ask('a'), ask('a')]), [1, 1], 'a miss is shared');
  same(await ask('a'), 1, 'a hit');
  await clock.advance(101);
  same(await policy.execute(fails('down'), { key: 'a' }), 1, 'stale if error');
  same(await ask('a'), 2, 'what was too old is fetched anew');
  await ask('b');
  await ask('c');
  same(policy.snapshot().size, 2, 'entries');
}

async function coalesce({ keelson, testing }) {
  const clock = new testing.VirtualClock();
  const policy = new keelson.Coalesce({ clock });
  const remote = gate();
  let runs = 0;
  const run = () => {
    runs++;
    return remote.run();
  };
  const patient = policy.execute(run, { key: 'EUR' });
  const hasty = rejects(policy.execute(run, { key: 'EUR', timeoutMs: 5 }), 'ERR_TIMEOUT');
  await clock.advance(5);
  await hasty;
  remote.open('answer');
  same([await patient, runs], ['answer', 1], 'who is patient');
}

async function chaos({ keelson, testing }) {
  const clock = new testing.VirtualClock();
  const policy = new keelson.Chaos({
    faultRatio: 0.5,
    latencyRatio: 1,
    latencyMs: 10,
    clock,
    random: testing.seededRandom(7),
  });
  let faults = 0;
  for (let i = 0; i < 20; i++) {
    await clock.runUntil(
      policy
        .execute(() => 1)
        .catch(() => {
          faults++;
        }),
    );
  }
  // The same numbers on every runtime: that is what a seed is for.
  same([faults, clock.now()], [7, 200], 'what was injected');
  policy.disable();
  same(await policy.execute(() => 'live'), 'live', 'after the kill switch');
}

async function throttle({ keelson, testing }) {
  const clock = new testing.VirtualClock();
  const policy = new keelson.AdaptiveThrottle({ minRequests: 10, clock, random: () => 0 });
  for (let i = 0; i < 10; i++) await policy.execute(fails('busy')).catch(() => {});
  await rejects(
    policy.execute(() => 1),
    'ERR_THROTTLED',
  );
}

async function config({ keelson, testing }) {
  const { Bulkhead, pipeline, pipelineFrom, Retry, Timeout } = keelson;
  const clock = new testing.VirtualClock();
  const written = pipeline(
    new Timeout({ timeoutMs: 500, clock }),
    new Retry({ attempts: 2, clock }),
    new Bulkhead({ slots: 5, clock }),
  );
  const text = JSON.stringify(written.describe());
  const read = pipelineFrom(JSON.parse(text), { clock });
  same(JSON.stringify(read.describe()), text, 'what was read');
  let error;
  try {
    pipelineFrom({ pipeline: [{ kind: 'retri' }, { kind: 'timeout', timeoutMs: -1 }] });
  } catch (thrown) {
    error = thrown;
  }
  same([error.name, error.problems.length], ['ConfigError', 2], 'mistakes');
  same(Array.isArray(keelson.lint(read)), true, 'lint');
}

async function stack({ keelson, testing }) {
  const { Bulkhead, CircuitBreaker, Fallback, pipeline, Retry, Timeout, wrap } = keelson;
  const clock = new testing.VirtualClock();
  const policy = pipeline(
    new Fallback({ value: 'instead', clock }),
    new Timeout({ timeoutMs: 1_000, clock }),
    new Retry({ attempts: 3, backoff: { kind: 'constant', delayMs: 10 }, clock }),
    new CircuitBreaker({ consecutiveFailures: 3, clock }),
    new Bulkhead({ slots: 1, queue: 10, clock }),
    new Timeout({ timeoutMs: 100, clock }),
  );
  const call = wrap(policy, ({ attempt }, name) => (attempt < 2 ? fails('busy')() : `${name} ${attempt}`));
  same(await clock.runUntil(call('attempt')), 'attempt 2', 'the second attempt');
  same(await clock.runUntil(policy.execute(hangs)), 'instead', 'a remote that hangs');
  same(clock.timers, 0, 'timers left');
}

/** What `keelson/testing` holds every policy to. */
async function laws({ keelson, testing }) {
  const { Bulkhead, CircuitBreaker, pipeline, RateLimiter, Timeout } = keelson;
  const makes = [
    clock => new Timeout({ timeoutMs: 500, clock }),
    clock => new Bulkhead({ slots: 2, queue: 100, clock }),
    clock => new CircuitBreaker({ consecutiveFailures: 1_000, clock }),
    clock => new RateLimiter({ limit: 1_000, perMs: 1_000, clock }),
    clock => pipeline(new Bulkhead({ slots: 100, clock }), new Timeout({ timeoutMs: 500, clock })),
  ];
  await consoleIsQuiet(async () => {
    for (const make of makes) await testing.checkLaws(testing.policyLaws(make));
  });
}

export const onVirtualTime = {
  'a breaker opens, probes and closes': breaker,
  'a bulkhead keeps the order of its line': bulkhead,
  'a call leaves the line by abort and by time': abortInLine,
  'a retry waits longer each time, within its budget': retry,
  'a timeout ends races and tells operations': timeout,
  'a fallback answers': fallback,
  'a hedge starts attempts beside each other': hedge,
  'a rate limiter knows when the next turn is': rateLimiter,
  'a cache shares, keeps and evicts': cache,
  'coalesced callers keep their own deadline': coalesce,
  'chaos is the same for the same seed': chaos,
  'an adaptive throttle spares the remote': throttle,
  'a pipeline is made of JSON': config,
  'a whole stack works together': stack,
  'policies keep the laws': laws,
};
