// All tests, in two runs. What is covered is what the tests of single units cover: to count slows down those
// that walk every state of a machine by half.
import { spawn } from 'node:child_process';

const runs = {
  units: ['--coverage', '--project', 'unit', '--project', 'alone'],
  systems: ['--project', 'deep', '--project', 'wide', '--project', 'services'],
};

/** @param {string} name @param {readonly string[]} words @returns {Promise<boolean>} whether it went well */
function run(name, words) {
  const env = { ...process.env, RESULTS: `coverage/results-${name}.json` };
  const child = spawn('npx', ['vitest', 'run', ...words], { stdio: 'inherit', env });
  return new Promise((resolve, reject) => child.on('error', reject).on('close', code => resolve(code === 0)));
}

let fine = true;
// One after the other: each takes all that the machine has. The second tells more, whatever the first said.
for (const [name, words] of Object.entries(runs)) fine = (await run(name, words)) && fine;
process.exitCode = fine ? 0 : 1;
