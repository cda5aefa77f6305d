// Takes variants as JSON on stdin, runs the killer of each, and writes a line of JSON about each to stdout.
import { readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { startVitest } from 'vitest/node';

const root = join(import.meta.dirname, '../..');

/** Wrong code for one file; `find` undefined leaves everything as it is. */
function wrong({ file, find, put }) {
  const path = join(root, file);
  return {
    name: 'zoo',
    enforce: 'pre',
    load: id =>
      id.split('?')[0] === path && find ? readFileSync(path, 'utf8').replace(find, () => put) : null,
  };
}

/** The first test that fails. Code that does not load is a mistake of the variant, and kills nothing. */
function verdictOf(vitest) {
  const modules = vitest.state.getTestModules();
  if (modules.length === 0) return { trouble: 'the killer has no tests' };
  const broken = modules.flatMap(module => module.errors()).concat(vitest.state.getUnhandledErrors())[0];
  const tests = modules.flatMap(module => [...module.children.allTests()]);
  const killedBy = tests.find(test => test.result().state === 'failed')?.fullName;
  return killedBy === undefined && broken ? { trouble: broken.message } : { killedBy, tests: tests.length };
}

async function kill(variant) {
  const since = performance.now();
  const vitest = await startVitest(
    'test',
    [],
    {
      ...{ root, config: false, include: [variant.killer], setupFiles: ['test/setup.ts'] },
      ...{
        watch: false,
        bail: 1,
        reporters: [{}],
        pool: 'threads',
        testTimeout: 60_000,
        fileParallelism: false,
      },
    },
    { plugins: [wrong(variant)] },
  );
  const verdict = verdictOf(vitest);
  await vitest.close();
  return { ...verdict, ms: Math.round(performance.now() - since) };
}

/** The longest of them walks all states of a machine, beside whatever else the machine does. */
const limitMs = 90_000;

/** A thread in a circle cannot be stopped, so the process ends; who started it goes on with the rest. */
for (const variant of JSON.parse(await text(process.stdin))) {
  const hangs = new Promise(resolve => {
    setTimeout(resolve, limitMs, {
      hangs: true,
      trouble: `does not end within ${limitMs} ms`,
      ms: limitMs,
    }).unref();
  });
  const verdict = await Promise.race([kill(variant), hangs]);
  writeSync(1, `${JSON.stringify({ name: variant.name, ...verdict })}\n`);
  if (verdict.hangs) process.kill(process.pid, 'SIGKILL');
}
process.exit(0);
