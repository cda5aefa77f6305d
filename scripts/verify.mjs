// npm run verify [-- --only test,soak] [-- --except bench,mutation] [-- --list]
// Everything that proves this package, the long forms too, one after the other, and one table at the end.
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';

/** What is run, in this order: what fails soonest first. Each is a script of the manifest with its words. */
const steps = {
  check: ['check'],
  test: ['test'],
  site: ['test:site'],
  demo: ['demo'],
  call: ['demo:call'],
  zoo: ['zoo'],
  compare: ['compare'],
  outbox: ['compare:outbox'],
  fuzz: ['fuzz'],
  simulate: ['simulate'],
  services: ['test:services'],
  chaos: ['test:chaos'],
  luck: ['demo', '--', '--chaos', '10'],
  soak: ['soak'],
  connections: ['soak:gateway'],
  dashboard: ['test:dashboard'],
  prisma: ['test:prisma'],
  runtimes: ['test:runtimes'],
  mutation: ['mutation'],
  bench: ['bench', '--', 'policies'],
};
const folder = 'coverage/verify';

function fail(message) {
  console.error(message);
  process.exit(2);
}

function wanted() {
  try {
    const options = { only: { type: 'string' }, except: { type: 'string' }, list: { type: 'boolean' } };
    const { only, except, list } = parseArgs({ options }).values;
    const names = text => (text === undefined ? undefined : text.split(','));
    const unknown = [...(names(only) ?? []), ...(names(except) ?? [])].find(name => !(name in steps));
    if (unknown !== undefined)
      fail(`there is no step ${unknown}; there are ${Object.keys(steps).join(', ')}`);
    const chosen = Object.keys(steps).filter(
      name => (names(only)?.includes(name) ?? true) && !names(except)?.includes(name),
    );
    if (!list) return chosen;
    for (const name of chosen) console.log(`${name}: npm run ${steps[name].join(' ')}`);
    process.exit(0);
  } catch (error) {
    fail(error.message);
  }
}

/** Runs one step, with its words in a file. Resolves with its exit code. */
function run(name) {
  const log = createWriteStream(`${folder}/${name}.log`);
  return new Promise((resolve, reject) => {
    const child = spawn('npm', ['run', ...steps[name]], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    child.on('error', reject).on('close', code => log.end(() => resolve(code)));
  });
}

const took = ms => `${Math.floor(ms / 60_000)} min ${String(Math.round(ms / 1_000) % 60).padStart(2)} s`;

const names = wanted();
mkdirSync(folder, { recursive: true });
const rows = [];
for (const [at, name] of names.entries()) {
  console.log(`${at + 1} of ${names.length}: npm run ${steps[name].join(' ')}`);
  const from = performance.now();
  const code = await run(name);
  rows.push([name, code === 0 ? 'passed' : 'failed', took(performance.now() - from)]);
}

console.log();
const widths = [0, 1, 2].map(column => Math.max(0, ...rows.map(row => row[column].length)));
for (const [name, verdict, time] of rows) {
  const cells = [name.padEnd(widths[0]), verdict.padEnd(widths[1]), time.padStart(widths[2])];
  console.log(`  ${cells.join('  ')}  ${folder}/${name}.log`);
}
process.exitCode = rows.every(([, verdict]) => verdict === 'passed') ? 0 : 1;
