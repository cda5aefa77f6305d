import { onRealTime } from './on-real-time.mjs';
import { onVirtualTime } from './on-virtual-time.mjs';

const PATIENCE_MS = 20_000;

function within(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`did not end in ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/**
 * The core suite: it needs nothing but the language, timers and what it is given, so that it runs wherever
 * the package does. `kit` is `{ keelson, testing, AsyncLocalStorage }`; the last is left out where the host
 * has none. Answers with a line for each case.
 */
export async function runSuite(kit, more = {}) {
  const lines = [];
  for (const [name, run] of Object.entries({ ...onVirtualTime, ...onRealTime, ...more })) {
    try {
      const skipped = await within(run(kit));
      lines.push(skipped === undefined ? { name } : { name, skipped });
    } catch (error) {
      lines.push({ name, failed: String(error?.stack ?? error) });
    }
  }
  return lines;
}
