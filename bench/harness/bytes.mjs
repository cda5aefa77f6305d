import { PerformanceObserver } from 'node:perf_hooks';
import { makeDriver, roundUp, turn } from './drivers.mjs';
import { median } from './stats.mjs';

/** How much one stretch may allocate: well inside the young generation that the child is started with. */
const budgetBytes = 64 * 2 ** 20;

const collections = [];
const observer = new PerformanceObserver(list => collections.push(...list.getEntries()));

/** Bytes per call of one stretch of n calls, or undefined when a collection fell inside it. */
async function stretch(drive, n) {
  globalThis.gc();
  await turn();
  await turn();
  collections.length = 0;
  const before = process.memoryUsage().heapUsed;
  await drive(n);
  const after = process.memoryUsage().heapUsed;
  await turn();
  await turn();
  return collections.length === 0 ? (after - before) / n : undefined;
}

async function bytesPerCall(drive, inflight, warmMs) {
  const until = performance.now() + warmMs;
  while (performance.now() < until) {
    await drive(roundUp(500, inflight));
    await turn();
  }
  const rough = (await stretch(drive, roundUp(1000, inflight))) ?? 50_000;
  let n = roundUp(Math.min(50_000, budgetBytes / Math.max(rough, 1)), inflight);
  const seen = [];
  for (let tries = 0; tries < 12 && seen.length < 5; tries++) {
    const bytes = await stretch(drive, n);
    if (bytes === undefined) n = roundUp(n / 2, inflight);
    else seen.push(bytes);
  }
  return seen.length === 0 ? null : median(seen);
}

/** Bytes per call of one subject, alone in its process, for each number of calls in flight. */
export async function bytesOf(group, subject, settings) {
  observer.observe({ entryTypes: ['gc'] });
  const rows = [];
  for (const inflight of group.inflight) {
    const drive = makeDriver(subject.make(group.settings, group.operation), inflight, group.rejects);
    rows.push({ inflight, bytes: await bytesPerCall(drive, inflight, settings.warmMs) });
  }
  return rows;
}
