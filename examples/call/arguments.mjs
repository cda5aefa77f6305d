import { parseArgs } from 'node:util';
import { names } from './clients.mjs';

/** What can be left out. */
const parts = [...names, 'saga'];

const help = `usage: npm run demo:call -- [--json] [--seed N] [--break ${parts.join('|')}] [--pictures F]

  --json     print one JSON document and nothing else
  --seed N   other traffic; the same for the same number (default 1)
  --break P  leave a policy out of the pipeline, or the sagas: a promise should be broken then
  --pictures F  write pictures of the run into the folder F, as SVG

exit code: 0 all promises kept, 1 a promise broken, 2 wrong usage, 3 the demo could not run,
           4 a promise broken, maybe because the machine was too busy to let the demo run`;

/** @returns {never} */
function refuse(problem) {
  console.error(`${problem}\n\n${help}`);
  process.exit(2);
}

function parse() {
  try {
    return parseArgs({
      options: {
        json: { type: 'boolean', default: false },
        seed: { type: 'string', default: '1' },
        break: { type: 'string' },
        pictures: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    return refuse(error.message);
  }
}

/** What the user asks for; ends the process when that is help, or makes no sense. */
export function readArguments() {
  const { json, seed, break: without, pictures, help: asked } = parse();
  if (asked) {
    console.log(help);
    process.exit(0);
  }
  if (without !== undefined && !parts.includes(without)) refuse(`--break: there is no policy "${without}"`);
  if (seed === '' || !Number.isSafeInteger(Number(seed))) refuse(`--seed must be an integer, got "${seed}"`);
  if (pictures === '') refuse('--pictures is the name of a folder, got ""');
  return { json, seed: Number(seed), without, pictures };
}
