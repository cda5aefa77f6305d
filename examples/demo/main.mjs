/** One shop, two ways to call its services: `npm run demo`. See `--help`. */
import { parseArgs } from 'node:util';
import { names } from './clients.mjs';
import { documentOf, printReport } from './report.mjs';
import { run } from './run.mjs';
import { phases, totalSeconds } from './schedule.mjs';
import { legend, Screen } from './screen.mjs';

const help = `usage: npm run demo -- [--json] [--seed N] [--break ${names.join('|')}]

  --json     print one JSON document and nothing else
  --seed N   other traffic; the same for the same number (default 1)
  --break P  leave a policy out of the pipeline: a promise should be broken then

Exit code: 0 all promises kept, 1 a promise broken, 2 wrong usage.`;

/** @returns {never} */
function usage(problem) {
  console.error(`${problem}\n\n${help}`);
  process.exit(2);
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        json: { type: 'boolean', default: false },
        seed: { type: 'string', default: '1' },
        break: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    return usage(error.message);
  }
}

/** Who reads may go before the end, as \`head\` does: then stop as any Unix tool would. The verdict stands once found. */
let verdict;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', error => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(verdict ?? 141);
  });
}

const { json, seed, break: without, help: asked } = readArguments();
if (asked) {
  console.log(help);
  process.exit(0);
}
if (without !== undefined && !names.includes(without)) usage(`--break: there is no policy "${without}"`);
if (!Number.isSafeInteger(Number(seed))) usage('--seed must be an integer');

const screen = new Screen(json ? process.stderr : process.stdout);
const quiet = json && !screen.live;
if (!json) {
  screen.line(
    `The same calls through bare fetch and through a pipeline, ${totalSeconds} s, ${phases.length} phases.`,
  );
  if (without !== undefined) screen.line(`The pipeline runs without its ${without}.`);
  if (screen.live) screen.line(screen.paint('dim', legend));
}

const result = await run({ seed: Number(seed), without, screen: quiet ? undefined : screen });
const { ok, broken, ...rest } = documentOf(result);
verdict = ok ? 0 : 1;
process.exitCode = verdict;
if (json) {
  if (!quiet) screen.clear();
  process.stdout.write(`${JSON.stringify({ ok, broken, ...rest }, null, 2)}\n`);
} else {
  printReport(result, screen);
  screen.line();
  screen.line(ok ? 'All promises are kept.' : screen.paint('red', `Broken: ${broken.join(', ')}.`));
}

// Nothing may hold the process open now; this does not either, and fires only if something does.
setTimeout(() => {
  console.error(`still running because of: ${process.getActiveResourcesInfo().join(', ')}`);
  process.exit(1);
}, 2_000).unref();
