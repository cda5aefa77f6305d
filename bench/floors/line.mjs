import { Session } from 'node:inspector/promises';
import { table } from '../harness/table.mjs';
import { bulkhead as bound } from '../subjects/bound.mjs';
import { bulkhead as keelson } from '../subjects/keelson.mjs';

const settings = { slots: 10, queue: 1000 };
const INFLIGHT = 1000;

async function forMs(ms, call) {
  const until = performance.now() + ms;
  while (performance.now() < until) {
    const calls = [];
    for (let i = 0; i < INFLIGHT; i++) calls.push(call());
    await Promise.all(calls);
  }
}

/** The share of the samples that each function was on top of the stack in, largest first. */
async function profileOf(call, ms) {
  await forMs(ms, call);
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 100 });
  await session.post('Profiler.start');
  await forMs(4 * ms, call);
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  const self = new Map();
  let all = 0;
  for (const { callFrame, hitCount } of profile.nodes) {
    const name = callFrame.functionName || '(anonymous)';
    self.set(name, (self.get(name) ?? 0) + hitCount);
    all += hitCount;
  }
  return [...self]
    .map(([name, hits]) => ({ name, share: hits / all }))
    .sort((a, b) => b.share - a.share)
    .filter(({ share }) => share >= 0.01);
}

async function measure(_file, { warmMs }) {
  const rows = [];
  const lines = [];
  const notes = [];
  for (const subject of [keelson, bound]) {
    const make = await subject.load();
    if (make === undefined) {
      notes.push(`${subject.name} left out: ${subject.missing}`);
      continue;
    }
    const found = await profileOf(
      make(settings, async () => 1),
      2 * warmMs,
    );
    const cells = found.map(each => [each.name, percent(each)]);
    lines.push(...table([`${subject.name}: function`, 'self'], cells));
    rows.push(...found.map(({ name, share }) => ({ group: 'line', subject: subject.name, name, share })));
  }
  return { rows, lines, notes, failures: [] };
}

const percent = ({ share }) => `${(100 * share).toFixed(1)} %`;

export const group = {
  name: 'line',
  title: 'where the time of a bulkhead goes while 990 calls wait behind 10 slots',
  measure,
};
