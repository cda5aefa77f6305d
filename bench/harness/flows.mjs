// Flows of several steps a second, side by side: so many under way at a time, each waited for to its end.
import { median, seeded, shuffled, spread } from './stats.mjs';

const LANES = 100;

const late = ms =>
  new Promise((_, reject) => setTimeout(reject, ms, new Error(`not within ${ms} ms`)).unref());

async function through(run, count) {
  let left = count;
  const lane = async () => {
    while (left-- > 0) await run();
  };
  await Promise.race([Promise.all(Array.from({ length: LANES }, lane)), late(180_000)]);
}

/** One round of one subject: flows a second, by the clock on the wall and by that of this process. */
async function roundOf({ open, name, count: own }, { count, warm, steps }) {
  const many = own ?? count;
  const { run, ran, close } = await open();
  try {
    await through(run, Math.min(warm, many));
    const before = ran?.();
    const cpu = process.cpuUsage();
    const from = performance.now();
    await through(run, many);
    const seconds = (performance.now() - from) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    // Each step once, or it has not done its job.
    if (ran !== undefined && ran() - before !== many * steps) {
      throw new Error(`${name} ran ${ran() - before} steps of ${many * steps}`);
    }
    return { wall: many / seconds, cpu: (many * 1e6) / (user + system) };
  } finally {
    await close();
  }
}

const rate = value => `${Math.round(value)}`.padStart(9);

function judge(targets, rounds) {
  const ours = rounds.get('keelson');
  return targets.map(({ of, share, atLeast }) => {
    if (of === undefined) {
      const value = median(ours.map(({ wall }) => wall));
      return `${value >= atLeast ? 'pass' : 'MISS'}  ${Math.round(value)}/s, at least ${atLeast}`;
    }
    const ratio = median(rounds.get(of).map(({ wall }, at) => ours[at].wall / wall));
    return `${ratio >= share ? 'pass' : 'MISS'}  ${ratio.toFixed(2)} x ${of}, at least ${share}`;
  });
}

async function measure(spec, settings) {
  const random = seeded(settings.seed);
  const many = Math.min(settings.rounds, 3);
  const rounds = new Map(spec.subjects.map(({ name }) => [name, []]));
  const quick = settings.rounds < 25;
  const sizes = { ...spec, count: quick ? spec.count / 4 : spec.count };
  for (let round = 0; round < many; round++) {
    for (const subject of shuffled(spec.subjects, random)) {
      rounds.get(subject.name).push(await roundOf(subject, sizes));
    }
  }
  const lines = [`${'a second'.padEnd(34)}      wall   +-       of cpu of this process`];
  const rows = [];
  for (const [subject, all] of rounds) {
    const [wall, cpu] = ['wall', 'cpu'].map(clock => all.map(each => each[clock]));
    rows.push({ group: spec.name, subject, wall: median(wall), cpu: median(cpu) });
    lines.push(`${subject.padEnd(32)} ${[median(wall), spread(wall), median(cpu)].map(rate).join(' ')}`);
  }
  const size = `${many} rounds of ${sizes.count}, ${LANES} at a time`;
  const note = `${size}; ratios are medians of those within a round`;
  return { rows, lines: [...lines, ...judge(spec.targets, rounds)], notes: [note], failures: [] };
}

/**
 * A group of subjects that run flows of `steps` steps. A subject is `{ name, open }`, where `open()` gives
 * `{ run, ran, close }`: one flow to its end, and how many steps ran so far. The one called `keelson` is
 * compared with the others by `targets`.
 */
export function flowGroup(spec) {
  return { ...spec, measure: (_file, settings) => measure(spec, settings) };
}
