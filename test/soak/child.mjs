// node --expose-gc test/soak/child.mjs <subject> <calls>: prints what is left of that many calls, as JSON.
import * as keelson from 'keelson';
import { countingSignal } from 'keelson/testing';
import { subjects } from './subjects.mjs';

const [name, count] = process.argv.slice(2);
const BATCH = 500;
const ROUNDS = 10;
const perRound = Number(count) / ROUNDS;
const caller = countingSignal();
const call = subjects[name](keelson, caller);
const turn = () => new Promise(resolve => setImmediate(resolve));

let answered = 0;
let refused = 0;
const answer = () => {
  answered++;
};
const refuse = () => {
  refused++;
};

async function run(from) {
  const batch = [];
  for (let i = from; i < from + perRound; i++) {
    // Not `allSettled`: what it gathers would be most of the work of the collector.
    batch.push(call(i).then(answer, refuse));
    if (batch.length < BATCH) continue;
    await Promise.all(batch);
    batch.length = 0;
    await turn();
  }
  await Promise.all(batch);
}

async function heap() {
  for (let i = 0; i < 4; i++) {
    globalThis.gc();
    await turn();
  }
  return process.memoryUsage().heapUsed;
}

/**
 * The median of the slopes between all pairs of rounds (Theil and Sen): one late compilation or collection
 * moves it little.
 */
function slope(heaps) {
  const slopes = heaps.flatMap((b, j) => heaps.slice(0, j).map((a, i) => (b - a) / ((j - i) * perRound)));
  slopes.sort((a, b) => a - b);
  return slopes[slopes.length >> 1];
}

const startedAt = performance.now();
const heaps = [];
for (let round = 0; round < ROUNDS; round++) {
  await run(round * perRound);
  heaps.push(await heap());
}
const elapsedMs = performance.now() - startedAt;
// Background runs and refused timers end within a moment.
await new Promise(resolve => setTimeout(resolve, 20));
const handles = process.getActiveResourcesInfo().filter(kind => ['Timeout', 'Immediate'].includes(kind));
console.log(
  JSON.stringify({
    name,
    calls: Number(count),
    answeredRatio: answered / (answered + refused),
    elapsedMs,
    // What the first rounds compile is not what a call keeps.
    bytesPerCall: slope(heaps.slice(2)),
    heapMb: heaps.at(-1) / 2 ** 20,
    handles: handles.length,
    listeners: caller.listeners(),
  }),
);
