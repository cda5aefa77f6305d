import { median, seeded, shuffled } from '../harness/stats.mjs';
import { bounds } from '../subjects/chooser-bounds.mjs';
import { choosers } from '../subjects/choosers.mjs';

const COUNTS = [100, 10_000];
/** What is asked for, in ns; and in ms for another weight of one host. */
const MOST_NS = {
  'round robin': 10,
  'weighted turns': 10,
  'two choices': 60,
  'peak EWMA': 90,
  maglev: 60,
};
const MOST_MS = { 'weighted turns': 1, 'hash ring': 1, maglev: 1 };

/** Changes before those that count. */
const WARM = 20;

/** ms of the processor that `run` took: others who want it as well do not count. */
function cpuOf(run) {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e3;
}

/** What a change costs who makes it, and the longest choice after it, in ms; and those of all of them. */
function changesOf({ update, run }, count, times) {
  const changes = Array.from({ length: times + WARM }, (_, at) => {
    const updateMs = cpuOf(() => update((at * 37) % count));
    const after = Array.from({ length: 400 }, () => cpuOf(() => run(1)));
    return { updateMs, longest: Math.max(...after), all: updateMs + after.reduce((sum, ms) => sum + ms, 0) };
  });
  const of = part => median(changes.slice(WARM).map(each => each[part]));
  return { updateMs: of('updateMs'), longestMs: of('longest'), totalMs: of('all') };
}

const mark = (value, most) => (most === undefined ? '' : value <= most ? ' pass' : ` MISS ${most}`);

function lineOf({ subject, inflight, ns, bound, updateMs, longestMs, totalMs }) {
  const parts = [
    String(inflight).padStart(6),
    subject.padEnd(16),
    `${ns.toFixed(1).padStart(9)} ns${mark(ns, MOST_NS[subject])}`.padEnd(20),
    (bound === undefined ? '' : `by hand ${bound.toFixed(1)}`).padEnd(15),
    `change ${updateMs.toFixed(3)} ms${mark(updateMs, MOST_MS[subject])}`.padEnd(23),
    `longest choice after it ${longestMs.toFixed(3)}, both and 399 more ${totalMs.toFixed(3)}`,
  ];
  return `  ${parts.join('  ')}`;
}

/** @param {{ rounds: number, seed: number, warmMs: number }} settings */
async function measure(_, { rounds, seed, warmMs }) {
  const random = seeded(seed);
  const isQuick = warmMs < 100;
  const times = 20_000;
  const rows = [];
  for (const count of COUNTS) {
    const subjects = [...(await choosers(count)), ...bounds(count)];
    const taken = new Map(subjects.map(({ name }) => [name, []]));
    const timesOf = ({ slow }) => (slow ? times / 100 : times);
    for (const subject of subjects) subject.run(timesOf(subject) * 10);
    for (let round = 0; round < rounds * 4; round++) {
      // A choice that looks at all instances is asked less often.
      for (const subject of shuffled(subjects, random)) {
        taken.get(subject.name).push((cpuOf(() => subject.run(timesOf(subject))) * 1e6) / timesOf(subject));
      }
    }
    for (const subject of subjects.filter(({ update }) => update !== undefined)) {
      rows.push({
        group: 'choose',
        subject: subject.name,
        inflight: count,
        ns: median(taken.get(subject.name)),
        bound: taken.has(`by hand: ${subject.name}`)
          ? median(taken.get(`by hand: ${subject.name}`))
          : undefined,
        ...changesOf(subject, count, isQuick ? 5 : 25),
      });
    }
  }
  const notes = [
    '  by hand: the least that makes that choice, without weights, failures or bars, in the same rounds',
  ];
  return { rows, lines: rows.map(lineOf), notes, failures: [] };
}

export const group = {
  name: 'choose',
  title: 'the choice alone among so many instances, and what another weight of one of them costs',
  measure,
};
