// The core suite in a runtime with modules of Node: through `import`, through `require`, and as CommonJS.
import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import * as keelson from 'keelson';
import * as testing from 'keelson/testing';
import { rejects, same } from './check.mjs';
import { runSuite } from './suite.mjs';
import { runUnits } from './units/dist/units.mjs';

const require = createRequire(import.meta.url);
const doors = {
  import: { keelson, testing },
  require: { keelson: require('keelson'), testing: require('keelson/testing') },
  // Where `require` finds the ES module, nobody else would load these files.
  CommonJS: { keelson: require('../../dist/index.cjs'), testing: require('../../dist/testing.cjs') },
};

/** Real sockets: a body that is given up takes its connection along. */
async function overHttp({ keelson }) {
  const closed = Promise.withResolvers?.() ?? deferred();
  let requests = 0;
  const server = createServer((_, response) => {
    requests++;
    if (requests === 1) {
      response.writeHead(503, { 'retry-after': '0' }).end('busy');
      return;
    }
    response.on('close', () => closed.resolve('closed'));
    response.writeHead(200).write('begin');
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  try {
    const caller = new AbortController();
    const fetch = keelson.resilientFetch();
    const response = await fetch(`http://127.0.0.1:${server.address().port}/`, { signal: caller.signal });
    same([response.status, requests], [200, 2], 'the answer after a 503');
    const text = response.text().catch(error => error.message);
    caller.abort(new Error('enough'));
    same([await text, await closed.promise], ['enough', 'closed'], 'both ends of the body');
  } finally {
    server.closeAllConnections?.();
    server.close();
  }
}

/** Where the doors lead to classes of their own, an error of the one is still known to the other. */
async function acrossDoors({ keelson }) {
  for (const other of Object.values(doors)) {
    const policy = other.keelson.pipeline(new keelson.Bulkhead({ slots: 1 }));
    const running = policy.execute(() => new Promise(resolve => setTimeout(resolve, 5)));
    const refusal = await rejects(
      policy.execute(() => 1),
      'ERR_BULKHEAD_FULL',
    );
    same(other.keelson.isRejected(refusal), true, 'a refusal of the other door');
    await running;
  }
}

function deferred() {
  let resolve;
  const promise = new Promise(settle => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** Work that has ended, in policies with long spans: none of it may hold the process open. */
async function leaveBehind({ keelson }) {
  await new keelson.Timeout({ timeoutMs: 3_600_000 }).execute(() => 1);
  await new keelson.CircuitBreaker({ consecutiveFailures: 1, openMs: 3_600_000 })
    .execute(() => Promise.reject(new Error('down')))
    .catch(() => {});
  await new keelson.Cache({ ttlMs: 3_600_000 }).execute(() => 1, { key: 'a' });
  await new keelson.RateLimiter({ limit: 1, perMs: 3_600_000 }).execute(() => 1);
  await new keelson.Hedge({ delayMs: 3_600_000, idempotent: true }).execute(() => 1);
  await new keelson.Bulkhead({ slots: 1 }).execute(() => 1);
  await new keelson.AdaptiveThrottle().execute(() => 1);
}

const withSockets = { 'resilientFetch over sockets': overHttp, 'doors know each other': acrossDoors };
const ran = {};
for (const [door, kit] of Object.entries(doors)) {
  ran[door] = await runSuite({ ...kit, AsyncLocalStorage }, withSockets);
  await leaveBehind(kit);
}
ran['unit tests'] = await runUnits();
const oneClass = doors.import.keelson.Timeout === doors.require.keelson.Timeout;
console.log(JSON.stringify({ ran, oneClass }));
// No exit by force: that the process ends now is part of the suite.
