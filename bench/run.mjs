// npm run bench -- policies [--only breaker.count,retry] [--rounds N] [--seed N] [--quick] [--json]
//   [--write docs/benchmarks.md]
import { existsSync, readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { machine } from './harness/machine.mjs';
import { writeSection } from './harness/page.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    rows: { type: 'string' },
    seed: { type: 'string', default: '1' },
    write: { type: 'string' },
  },
});

function fail(message) {
  console.error(message);
  process.exit(2);
}

// A suite is a folder beside this file whose files each export one `group`.
const [suite = 'policies'] = positionals;
const folder = new URL(`./${suite}/`, import.meta.url);
if (!existsSync(folder)) fail(`there is no suite called ${suite}`);

async function groupsOf(wanted) {
  const groups = [];
  for (const name of readdirSync(folder).filter(each => each.endsWith('.mjs'))) {
    const file = new URL(name, folder).href;
    groups.push({ file, group: (await import(file)).group });
  }
  groups.sort((a, b) => (a.group.name < b.group.name ? -1 : 1));
  const unknown = wanted?.filter(name => !groups.some(({ group }) => group.name === name)) ?? [];
  if (unknown.length > 0)
    fail(`no group called ${unknown.join(', ')}; there are ${groups.map(g => g.group.name).join(', ')}`);
  return wanted === undefined ? groups : groups.filter(({ group }) => wanted.includes(group.name));
}

/** A group that breaks off must not take the others with it. */
const brokenOff = error => ({ rows: [], lines: [], notes: [], failures: [`broken off: ${error.stack}`] });

const pace = values.quick
  ? { rounds: 5, sampleMs: 1, warmMs: 60, instances: 10_000 }
  : { rounds: 25, sampleMs: 5, warmMs: 300, instances: 100_000 };
const rounds = values.rounds === undefined ? pace.rounds : Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1)
  fail(`--rounds must be a positive integer, got ${values.rounds}`);
const rows = values.rows === undefined ? undefined : Number(values.rows);
if (rows !== undefined && !(Number.isInteger(rows) && rows >= 1))
  fail(`--rows must be a positive integer, got ${values.rows}`);
const settings = { ...pace, rounds, rows, seed: Number(values.seed) };

// Rows alone go to the output of --json; whatever a person reads then goes to stderr.
const say = values.json ? console.error : console.log;
const all = [];
const written = [];
let failed = false;

const facts = [
  ...machine(),
  `${rounds} rounds, seed ${settings.seed}; per call; over = median of (subject - bare) in a round`,
];
for (const line of facts) say(line);
for (const { file, group } of await groupsOf(values.only?.split(','))) {
  say(`\n${group.name}: ${group.title}`);
  const { rows, lines, notes, failures } = await group.measure(file, settings).catch(brokenOff);
  for (const line of [...lines, ...notes, ...failures]) say(line);
  written.push({ title: `${group.name}: ${group.title}`, lines: [...lines, ...notes, ...failures] });
  all.push(...rows);
  failed ||= failures.length > 0;
}
if (values.write !== undefined) writeSection(values.write, { suite, facts, groups: written });
if (values.json) console.log(JSON.stringify(all, null, 1));
process.exitCode = failed ? 1 : 0;
