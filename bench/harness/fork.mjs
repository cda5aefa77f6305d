import { fork } from 'node:child_process';

const child = new URL('./child.mjs', import.meta.url);

// Both limits: with the upper one alone the young generation starts small and collects on its way up.
const bigYoungGeneration = ['--min-semi-space-size=256', '--max-semi-space-size=256'];

const flags = {
  check: [],
  time: [],
  bytes: ['--expose-gc', ...bigYoungGeneration],
  memory: ['--expose-gc'],
  timers: [],
};

/** Does one job of one group in a process of its own and gives its answer. */
export function inChild(file, job, subject, settings) {
  return new Promise((resolve, reject) => {
    const started = fork(child, [JSON.stringify([file, job, subject, settings])], {
      execArgv: ['--no-warnings', ...flags[job]],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let answer;
    let complaints = '';
    started.stderr.on('data', data => {
      complaints += data;
    });
    started.on('message', message => {
      answer = message;
    });
    started.on('error', reject);
    started.on('close', code => {
      if (answer !== undefined) resolve(answer);
      else reject(new Error(`${job} of ${subject ?? file} ended with ${code}\n${complaints}`));
    });
  });
}
