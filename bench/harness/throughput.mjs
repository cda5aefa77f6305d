// Messages a second through a real server, side by side. Each round every subject gets the same messages.
import { median, seeded, shuffled, spread } from './stats.mjs';

const late = ms =>
  new Promise((_, reject) => setTimeout(reject, ms, new Error(`not within ${ms} ms`)).unref());

/** One round of one subject: messages a second, of each of its stretches. */
async function roundOf(subject, count) {
  const seen = [];
  let [first, last] = [0, 0];
  const { publish, consume, close } = await subject.open(n => {
    last = performance.now();
    if (seen.push(n) === 1) first = last;
  });
  try {
    const numbers = Array.from({ length: count }, (_, n) => n);
    const from = performance.now();
    await Promise.race([publish(numbers), late(120_000)]);
    const published = performance.now();
    await Promise.race([consume(count, () => seen.length), late(120_000)]);
    // Each once, or it has not done its job.
    if (seen.length !== count || new Set(seen).size !== count) {
      throw new Error(`${subject.name} handled ${seen.length} of ${count}, ${new Set(seen).size} different`);
    }
    // From the first to the last one: to subscribe costs the same for one message and for a million.
    const perMs = { publish: count / (published - from), consume: (count - 1) / (last - first) };
    return { publish: 1e3 * perMs.publish, consume: 1e3 * perMs.consume };
  } finally {
    await close();
  }
}

/** Waits until all are handled, and says when somebody hangs. */
export async function handled(count, seen) {
  while (seen() < count) await new Promise(resolve => setTimeout(resolve, 1));
}

const rate = value => `${Math.round(value)}`.padStart(8);

function judge({ targets }, rounds) {
  return targets.flatMap(({ of, stretch, share, atLeast }) => {
    const ours = rounds.get('keelson').map(each => each[stretch]);
    const lines = [];
    if (of !== undefined) {
      const ratio = median(rounds.get(of).map((each, at) => ours[at] / each[stretch]));
      const mark = ratio >= share ? 'pass' : 'MISS';
      lines.push(`${mark}  ${stretch}: ${ratio.toFixed(2)} x ${of}, at least ${share}`);
    }
    if (atLeast !== undefined) {
      const mark = median(ours) >= atLeast ? 'pass' : 'MISS';
      lines.push(`${mark}  ${stretch}: ${Math.round(median(ours))} messages/s, at least ${atLeast}`);
    }
    return lines;
  });
}

async function measure(spec, settings) {
  const random = seeded(settings.seed);
  // A round takes seconds, and not milliseconds.
  const many = Math.min(settings.rounds, spec.rounds ?? 5);
  const count = settings.rounds < 25 ? spec.count / 5 : spec.count;
  const rounds = new Map(spec.subjects.map(({ name }) => [name, []]));
  // The first one warms up the compiler, and does not count.
  for (let round = 0; round <= many; round++) {
    for (const subject of shuffled(spec.subjects, random)) {
      const figures = await roundOf(subject, count);
      if (round > 0) rounds.get(subject.name).push(figures);
    }
  }
  const lines = [`${'messages/s'.padEnd(34)} publish   +-        consume   +-`];
  const rows = [];
  for (const [subject, all] of rounds) {
    const [publish, consume] = ['publish', 'consume'].map(stretch => all.map(each => each[stretch]));
    rows.push({ group: spec.name, subject, publish: median(publish), consume: median(consume) });
    const figures = [median(publish), spread(publish), median(consume), spread(consume)].map(rate).join(' ');
    lines.push(`${subject.padEnd(32)} ${figures}`);
  }
  const note = `${many} rounds of ${count} messages; ratios are medians of those within a round`;
  return { rows, lines: [...lines, ...judge(spec, rounds)], notes: [note], failures: [] };
}

/**
 * A group of subjects that take the same messages through one server. A subject is `{ name, open }`, where
 * `open(handled)` gives `{ publish(numbers), consume(count, seen), close() }`; the one called `keelson` is
 * compared with the others by `targets`.
 */
export function throughputGroup(spec) {
  return { ...spec, measure: (_file, settings) => measure(spec, settings) };
}
