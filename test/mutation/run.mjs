// npm run mutation [-- circuit limits src/kernel/clock.ts]      --short for the sample that is in npm test
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { groups, sample } from './groups.mjs';
import { mutantsOf } from './stryker.mjs';
import { figures, judge } from './survivors.mjs';

/** Below this score of a room a whole run fails, whatever is explained of it. */
const BREAK = 97;

const here = import.meta.dirname;
process.chdir(join(here, '../..'));

/** Whether Stryker is there. Without a registry there is nothing to run, and CI does not put up with that. */
function install() {
  if (existsSync(join(here, 'node_modules/@stryker-mutator/vitest-runner'))) return true;
  try {
    execFileSync('npm', ['install', '--no-audit', '--no-fund'], { cwd: here, stdio: 'inherit' });
    return true;
  } catch (error) {
    const told = process.env.CI ? 'FAILED' : 'skipped';
    console.log(`mutation: ${told}, for npm cannot install Stryker in test/mutation: ${error.message}`);
    if (process.env.CI) process.exitCode = 1;
    return false;
  }
}

const namesOf = (group, file) => [group, file, basename(file), basename(file, '.ts')];

/** The groups, each with those of its files that are asked for; a group is asked for by its name. */
function chosen(wanted) {
  const all = Object.entries(groups);
  const known = new Set(all.flatMap(([name, { mutate }]) => mutate.flatMap(file => namesOf(name, file))));
  const unknown = wanted.filter(one => !known.has(one));
  if (unknown.length > 0)
    throw new Error(`no group and no file of core or kernel is called ${unknown.join(', ')}`);
  return all.flatMap(([name, { mutate, ...how }]) => {
    const isWanted = file => wanted.length === 0 || namesOf(name, file).some(one => wanted.includes(one));
    const files = mutate.filter(isWanted);
    if (files.length === 0) return [];
    // What is known of a whole group is not to be lost by a run of one of its files.
    const part = files.length < mutate.length ? `-${files.map(file => basename(file, '.ts')).join('-')}` : '';
    return [{ name: name + part, mutate: files, ...how }];
  });
}

const columns = ['mutants', 'killed', 'timeouts', 'survived', 'explained', 'score'];
const row = (name, cells) => [name.padEnd(32), ...cells.map(cell => String(cell).padStart(10))].join('');

function tell(name, mutants, list) {
  const of = figures(mutants, list);
  console.log(
    row(
      name,
      columns.map(column => (column === 'score' ? `${of.score.toFixed(2)} %` : of[column])),
    ),
  );
  return of;
}

function complain({ unexplained, stale, undecided, unreasoned }) {
  for (const { file, line, mutatorName, status, code, becomes } of unexplained) {
    console.log(`\n${file}:${line} ${mutatorName}: ${status}. Write a test that notices, or explain it:`);
    console.log(`  ${JSON.stringify({ code, becomes, why: '' })}`);
  }
  for (const { file, code, becomes } of stale) {
    console.log(`\n${file}: an explanation for nothing: take it out of test/mutation/survivors.json`);
    console.log(`  ${JSON.stringify({ code, becomes })}`);
  }
  for (const { file, line, code, becomes } of undecided) {
    console.log(`\n${file}:${line} is not known to be noticed: its tests fail without it, too`);
    console.log(`  ${JSON.stringify({ code, becomes })}`);
  }
  for (const { file, code } of unreasoned) console.log(`\n${file}: no reason is given for ${code}`);
  return unexplained.length + stale.length + undecided.length + unreasoned.length === 0;
}

async function run(some, whole) {
  const since = performance.now();
  const list = JSON.parse(readFileSync(join(here, 'survivors.json'), 'utf8'));
  const mutants = [];
  for (const group of some) mutants.push(...(await mutantsOf(group)));
  console.log(row('', columns));
  for (const file of [...new Set(mutants.map(one => one.file))].sort()) {
    tell(
      file,
      mutants.filter(one => one.file === file),
      list,
    );
  }
  let passed = complain(judge(list, mutants));
  for (const room of ['src/core', 'src/kernel']) {
    const inside = mutants.filter(({ file }) => file.startsWith(`${room}/`));
    if (inside.length === 0) continue;
    const { score } = tell(room, inside, list);
    if (!whole || score >= BREAK) continue;
    passed = false;
    console.log(`${room}: ${score.toFixed(2)} % is below ${BREAK} %`);
  }
  console.log(
    `mutation: ${passed ? 'passed' : 'FAILED'} in ${Math.round((performance.now() - since) / 1000)} s`,
  );
  return passed;
}

const wanted = process.argv.slice(2);
const some = wanted.includes('--short') ? [sample] : chosen(wanted);
if (install()) process.exitCode = (await run(some, wanted.length === 0)) ? 0 : 1;
