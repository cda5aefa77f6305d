// What must hold before any test is run, side by side: each prints when it is done, and all have their say.
import { spawn } from 'node:child_process';

/** @param {string} script @returns {Promise<boolean>} whether it went well */
function run(script) {
  const started = performance.now();
  return new Promise(resolve => {
    const child = spawn('npm', ['run', '--silent', script], { stdio: ['ignore', 'pipe', 'pipe'] });
    const printed = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => printed.push(chunk));
    child.on('error', error => printed.push(Buffer.from(String(error))));
    child.on('close', code => {
      const seconds = Math.round((performance.now() - started) / 1000);
      console.log(`${script}: ${code === 0 ? 'fine' : 'FAILED'} in ${seconds} s`);
      if (code !== 0) process.stdout.write(Buffer.concat(printed));
      resolve(code === 0);
    });
  });
}

const fine = await Promise.all(['build', 'types', 'lint'].map(run));
process.exitCode = fine.every(Boolean) ? 0 : 1;
