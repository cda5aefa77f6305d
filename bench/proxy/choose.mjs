import { median, seeded, shuffled } from '../harness/stats.mjs';
import { choosers } from '../subjects/choosers.mjs';

const COUNTS = [100, 10_000];

/** ns of one call of `run`, of so many in a row. */
function nsOf(run, times) {
  const start = process.hrtime.bigint();
  for (let at = 0; at < times; at++) run(at);
  return Number(process.hrtime.bigint() - start) / times;
}

/** @param {{ rounds: number, seed: number, warmMs: number }} settings */
async function measure(_, { rounds, seed, warmMs }) {
  const random = seeded(seed);
  const times = warmMs < 100 ? 50_000 : 1_000_000;
  const rows = [];
  for (const count of COUNTS) {
    const subjects = await choosers(count);
    const taken = new Map(subjects.map(({ name }) => [name, []]));
    for (const { choose } of subjects) nsOf(choose, times);
    for (let round = 0; round < rounds; round++) {
      // A choice that looks at all instances is asked less often.
      for (const { name, choose, slow } of shuffled(subjects, random)) {
        taken.get(name).push(nsOf(choose, slow ? times / 100 : times));
      }
    }
    for (const { name, update } of subjects) {
      const updateMs = Math.min(...Array.from({ length: 3 }, () => nsOf(update, 2) / 1e6));
      rows.push({ group: 'choose', subject: name, inflight: count, ns: median(taken.get(name)), updateMs });
    }
  }
  const lines = rows.map(
    ({ subject, inflight, ns, updateMs }) =>
      `  ${String(inflight).padStart(6)}  ${subject.padEnd(18)} ` +
      `${ns.toFixed(1).padStart(9)} ns ${updateMs.toFixed(2).padStart(9)} ms`,
  );
  return { rows, lines, notes: [], failures: [] };
}

export const group = {
  name: 'choose',
  title: 'the choice alone among so many instances; and the time until one of them has another weight',
  measure,
};
