/**
 * The same calls to a service that misbehaves, once through bare fetch and once through a pipeline; then
 * orders whose worker is killed half way.
 */
import { readArguments } from './arguments.mjs';
import { limits, names } from './clients.mjs';
import { writePictures } from './pictures.mjs';
import { documentOf, printReport } from './report.mjs';
import { run } from './run.mjs';
import { phases, totalSeconds } from './schedule.mjs';
import { legend, Screen } from './screen.mjs';

const codes = { kept: 0, broken: 1, unclear: 4 };
/** The exit code, once it is known. */
let code;

// Who reads may go before the end, as `head` does: then stop, as any Unix tool would.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', error => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(code ?? 141);
  });
}

const { json, seed, without, pictures } = readArguments();
const screen = new Screen(json ? process.stderr : process.stdout);
process.on('exit', () => screen.clear());

if (!json) {
  const kept = names.map(name => (name === without ? `no ${name}` : name));
  screen.line(`The same calls to a service that misbehaves, ${totalSeconds} s in ${phases.length} phases:`);
  screen.line(`  bare     fetch with a timeout of ${limits.bareMs / 1_000} s`);
  screen.line(`  keelson  fetch in a pipeline of ${kept.join(', ')}`);
  screen.line(
    `and orders over three services, by ${without === 'saga' ? 'code' : 'sagas'}, whose worker is killed`,
  );
  if (screen.live) screen.line(screen.paint('dim', legend));
}

try {
  const result = await run({ seed, without, screen: json && !screen.live ? undefined : screen });
  const document = documentOf(result);
  code = codes[document.verdict];
  screen.clear();
  if (json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  else printReport(result, document, screen);
  if (pictures !== undefined) {
    const written = writePictures(pictures, result);
    if (!json) screen.line(`Pictures in ${pictures}: ${written.join(', ')}`);
  }
} catch (error) {
  code = 3;
  console.error('the demo could not run:', error);
}
process.exitCode = code;

// Nothing may hold the process open now. This does not either, and fires only if something does.
setTimeout(() => {
  console.error(`still running because of: ${process.getActiveResourcesInfo().join(', ')}`);
  process.exit(code || 1);
}, 2_000).unref();
