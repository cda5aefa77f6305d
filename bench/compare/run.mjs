// Who gets which scenario wrong. Exit code: 0; 1 when keelson gets one wrong or does not finish.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { scenarios, subjects } from './scenarios.mjs';

const child = fileURLToPath(new URL('child.mjs', import.meta.url));

const verdictsOf = subject =>
  new Promise(resolve => {
    const verdicts = new Map();
    const player = fork(child, [subject], { execArgv: ['--unhandled-rejections=warn'], silent: true });
    player.on('message', ({ id, verdict }) => verdicts.set(id, verdict));
    player.on('exit', () => resolve(verdicts));
  });

const marks = { right: 'right', lacks: '-' };
const all = scenarios();
const names = Object.keys(subjects);
const table = new Map();
for (const name of names) table.set(name, await verdictsOf(name));
const verdict = (name, { id }) => table.get(name).get(id) ?? 'broke off: the process ended';

const line = cells =>
  console.log(
    cells
      .map((cell, at) => cell.padEnd([6, 56][at] ?? 17))
      .join('')
      .trimEnd(),
  );
line(['', '', ...names]);
for (const scenario of all) {
  line([scenario.id, scenario.name, ...names.map(name => marks[verdict(name, scenario)] ?? 'WRONG')]);
}
console.log('\n-: has no such policy or option\n');
for (const scenario of all) {
  for (const name of names) {
    const why = verdict(name, scenario);
    if (!(why in marks)) console.log(`${scenario.id.padEnd(5)} ${name.padEnd(16)} ${why}`);
  }
}
process.exitCode = all.every(scenario => verdict('keelson', scenario) === 'right') ? 0 : 1;
