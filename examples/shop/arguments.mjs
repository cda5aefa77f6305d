import { parseArgs } from 'node:util';
import { buses } from './buses.mjs';
import { patterns } from './settings.mjs';

const help = `usage: npm run demo -- [--seconds N] [--seed N] [--off PATTERN] [--json]
                          [--chaos MINUTES | --watch]

  --seconds N    how long customers come (default 45)
  --seed N       other customers; the same for the same number (default 1)
  --off PATTERN  switches one pattern off, and a promise breaks:
                 ${Object.keys(patterns).join(', ')}
  --bus NAME     ${buses.join(', ')}: the first is the shop's own, the others are
                 servers that have to be there (default postgres)
  --servers      databases on PostgreSQL and MariaDB, sagas in Redis: they have to be there
  --chaos N      N minutes of what chance does to it; then only the books are looked at
  --watch        begins again and again, with a dashboard, until you end it
  --json         print one JSON document and nothing else

exit code: 0 all promises kept, 1 a promise broken, 2 wrong usage, 3 the shop could not open,
           4 a promise broken, maybe because the machine was too busy`;

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
        seconds: { type: 'string', default: '45' },
        bus: { type: 'string', default: 'postgres' },
        servers: { type: 'boolean', default: false },
        off: { type: 'string' },
        chaos: { type: 'string' },
        watch: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    return refuse(error.message);
  }
}

function numberOf(name, text, least, most) {
  const value = Number(text);
  if (text !== '' && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  return refuse(`--${name} must be an integer from ${least} to ${most}, got "${text}"`);
}

/** What the user asks for; ends the process when that is help, or makes no sense. */
export function readArguments() {
  const { json, seed, seconds, off, bus, servers, chaos, watch, help: asked } = parse();
  if (asked) {
    console.log(help);
    process.exit(0);
  }
  if (off !== undefined && !Object.hasOwn(patterns, off)) refuse(`--off: there is no pattern "${off}"`);
  if (!buses.includes(bus)) refuse(`--bus: there is no bus "${bus}"`);
  if (watch && (json || chaos !== undefined)) refuse('--watch: stands neither with --json nor with --chaos');
  return {
    json,
    seed: numberOf('seed', seed, 0, 2 ** 31),
    seconds: numberOf('seconds', seconds, 10, 3_600),
    minutes: chaos === undefined ? 0 : numberOf('chaos', chaos, 1, 1_440),
    watch,
    bus,
    servers,
    off,
  };
}
