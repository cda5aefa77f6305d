// No case fails because the machine was slow: what has to come first is waited for.
import { fails, gate, hangs, rejects, same, sleep } from './check.mjs';

async function timeout({ keelson }) {
  const policy = new keelson.Timeout({ timeoutMs: 20 });
  await rejects(
    policy.execute(() => new Promise(() => {})),
    'ERR_TIMEOUT',
  );
  await rejects(policy.execute(hangs), 'ERR_TIMEOUT');
  await rejects(new keelson.Timeout({ timeoutMs: 60_000 }).execute(hangs, { timeoutMs: 10 }), 'ERR_TIMEOUT');
  // Beyond what a timer of the host can hold.
  const long = new keelson.Timeout({ timeoutMs: 2 ** 40 });
  same(await long.execute(() => sleep(30).then(() => 'in time')), 'in time', 'a span beyond 31 bits');
}

async function retry({ keelson }) {
  const policy = new keelson.Retry({ attempts: 3, backoff: { kind: 'constant', delayMs: 5 } });
  same(
    await policy.execute(({ attempt }) => (attempt < 3 ? fails('busy')() : attempt)),
    3,
    'the attempt that answers',
  );
  const error = await policy.execute(fails('down')).catch(error => error);
  same(keelson.attemptsOf(error).length, 3, 'attempts told');
  const caller = new AbortController();
  const patient = new keelson.Retry({ backoff: { kind: 'constant', delayMs: 60_000 } });
  const call = patient.execute(fails('down'), { signal: caller.signal });
  await sleep(5);
  caller.abort(Object.assign(new Error('gone'), { code: 'GONE' }));
  await rejects(call, 'GONE');
}

async function breaker({ keelson }) {
  const policy = new keelson.CircuitBreaker({ consecutiveFailures: 1, openMs: 30, probes: 1 });
  await policy.execute(fails('down')).catch(() => {});
  same(policy.state, 'open', 'after a failure');
  await sleep(60);
  same([await policy.execute(() => 'up'), policy.state], ['up', 'closed'], 'the probe');
}

async function bulkhead({ keelson }) {
  const policy = new keelson.Bulkhead({ slots: 2, queue: 8, queueTimeoutMs: 10_000 });
  let inside = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++inside);
    await sleep(2);
    inside--;
  };
  await Promise.all(Array.from({ length: 10 }, () => policy.execute(work)));
  same([most, policy.snapshot().taken], [2, 0], 'at a time');
  const busy = new keelson.Bulkhead({ slots: 1, queue: 1, queueTimeoutMs: 10 });
  const first = gate();
  const running = busy.execute(first.run);
  await rejects(
    busy.execute(() => 1),
    'ERR_QUEUE_TIMEOUT',
  );
  first.open();
  await running;
}

async function hedge({ keelson }) {
  const policy = new keelson.Hedge({ delayMs: 10, idempotent: true });
  same(
    await policy.execute(context => (context.attempt === 1 ? hangs(context) : 'second')),
    'second',
    'the winner',
  );
  await sleep(5);
  same(policy.snapshot().losers, 0, 'losers');
}

async function rateLimiter({ keelson }) {
  const policy = new keelson.RateLimiter({ limit: 1, perMs: 20, maxWaitMs: 5_000 });
  const startedAt = performance.now();
  await Promise.all([1, 2, 3].map(() => policy.execute(() => 1)));
  const took = performance.now() - startedAt;
  if (took < 38) throw new Error(`the third turn came after ${took} ms`);
}

async function cache({ keelson }) {
  const policy = new keelson.Cache({ ttlMs: 20, staleWhileRevalidateMs: 60_000 });
  let runs = 0;
  const ask = () => policy.execute(async () => ++runs, { key: 'a' });
  await ask();
  await sleep(40);
  same(await ask(), 1, 'the stale value');
  await sleep(10);
  same(runs, 2, 'a run in the background');
}

async function coalesce({ keelson }) {
  const policy = new keelson.Coalesce();
  const remote = gate();
  const patient = policy.execute(remote.run, { key: 'a' });
  await rejects(policy.execute(remote.run, { key: 'a', timeoutMs: 5 }), 'ERR_TIMEOUT');
  remote.open('there');
  same(await patient, 'there', 'who is patient');
}

async function chaos({ keelson }) {
  const policy = new keelson.Chaos({ truncateRatio: 1, truncateAfter: 2 });
  const response = await policy.execute(() => new Response('body'));
  const text = await response.text().catch(() => 'broke off');
  same(text, 'broke off', 'the answer');
}

async function resilientFetch({ keelson }) {
  let calls = 0;
  const fetch = keelson.resilientFetch({
    fetch: async () =>
      calls++ === 0
        ? new Response('busy', { status: 503, headers: { 'retry-after': '0' } })
        : new Response('{"count":7}'),
  });
  const response = await fetch('http://stock.example/7');
  same([await response.json(), calls], [{ count: 7 }, 2], 'the answer after a 503');
}

/** What waits in a line goes on in the async context of its own caller. */
async function asyncContext({ keelson, AsyncLocalStorage }) {
  if (AsyncLocalStorage === undefined) return 'the host gives none';
  const storage = new AsyncLocalStorage();
  const seen = [];
  const policies = [
    new keelson.Bulkhead({ slots: 1, queue: 9 }),
    new keelson.RateLimiter({ limit: 1, perMs: 5, maxWaitMs: 5_000 }),
    keelson.pipeline(
      new keelson.Bulkhead({ slots: 1, queue: 9 }),
      new keelson.CircuitBreaker(),
      new keelson.Timeout({ timeoutMs: 60_000 }),
    ),
    new keelson.Retry({ backoff: { kind: 'constant', delayMs: 1 } }),
  ];
  for (const policy of policies) {
    const calls = ['a', 'b', 'c'].map(name =>
      storage.run(name, () =>
        policy.execute(async ({ attempt }) => {
          if (policy instanceof keelson.Retry && attempt === 1) throw new Error('busy');
          await sleep(1);
          seen.push(storage.getStore() === name);
        }),
      ),
    );
    await Promise.all(calls);
  }
  same(seen, new Array(12).fill(true), 'contexts');
}

async function dispose({ keelson }) {
  if (Symbol.dispose === undefined) return 'the host has no Symbol.dispose';
  const policy = new keelson.Bulkhead({ slots: 1, queue: 1 });
  const first = gate();
  const running = policy.execute(first.run);
  const waiting = policy.execute(() => 1).catch(error => keelson.isRejected(error));
  policy[Symbol.dispose]();
  same(await waiting, true, 'who waited');
  first.open();
  await running;
}

export const onRealTime = {
  'a timeout ends calls': timeout,
  'a retry tries again, and stops by abort': retry,
  'a breaker probes when its break is over': breaker,
  'a bulkhead lets so many in': bulkhead,
  'a hedge answers for a slow attempt': hedge,
  'a rate limiter spreads calls': rateLimiter,
  'a cache looks in the background': cache,
  'coalesced callers leave alone': coalesce,
  'chaos breaks off a body': chaos,
  'resilientFetch tries a 503 again': resilientFetch,
  'async context is kept in the line': asyncContext,
  'a bulkhead is disposed of': dispose,
};
