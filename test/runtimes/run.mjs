// npm run test:runtimes [-- Bun Deno]
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, symlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { programOf, runtimes } from './runtimes.mjs';
import { bundleUnits, unitFiles } from './units/bundle-units.mjs';
import { complaints, mayBeSkipped, summary } from './verdict.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const KILL_AFTER_MS = 120_000;
/** A suite that lost its cases would pass everywhere. */
const LEAST_CASES = { 'unit tests': 1_500, other: 27 };

/** They are optional packages: one that cannot be had leaves the others be. */
function install() {
  const missing = runtimes.filter(one => one.path !== undefined && !existsSync(programOf(one)));
  if (missing.length > 0) {
    console.log(`installing ${missing.map(({ name }) => name).join(', ')}`);
    try {
      execFileSync('npm', ['install', '--no-audit', '--no-fund'], { cwd: here, stdio: 'inherit' });
    } catch (error) {
      console.log(`npm install failed: ${error.message}`);
    }
  }
  // The package under the name by which its users know it; npm would install what it needs once more.
  mkdirSync(`${here}node_modules`, { recursive: true });
  const link = `${here}node_modules/keelson`;
  if (lstatSync(link, { throwIfNoEntry: false }) === undefined) symlinkSync('../../..', link);
}

/** Why a runtime cannot run here; `undefined` when it can. */
function missing(runtime) {
  if (runtime.only !== undefined && !runtime.only.test(process.version)) {
    return `this is ${process.version}: start the script with that version`;
  }
  if (existsSync(programOf(runtime))) return undefined;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `its package is for linux-x64, this is ${process.platform}-${process.arch}`;
  }
  return `npm did not install ${runtime.path.split('/bin/')[0]}; try npm install in test/runtimes`;
}

async function bundle() {
  await build({
    entryPoints: [`${here}workerd/worker.mjs`],
    outfile: `${here}workerd/dist/worker.mjs`,
    bundle: true,
    format: 'esm',
    conditions: ['workerd'],
    logLevel: 'warning',
  });
}

function run(runtime) {
  const suite = runtime.bundled ? 'workerd/config.capnp' : 'program.mjs';
  const options = { cwd: here, timeout: KILL_AFTER_MS, maxBuffer: 2 ** 26 };
  return new Promise(resolve => {
    const child = execFile(programOf(runtime), [...runtime.args, suite], options, (_, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr });
    });
  });
}

async function tell(runtime) {
  const why = missing(runtime);
  if (why !== undefined) {
    console.log(`${runtime.name}: skipped: ${runtime.unavailable ?? why}`);
    return mayBeSkipped(runtime, process.env.CI === 'true');
  }
  if (runtime.bundled) await bundle();
  const startedAt = performance.now();
  const end = await run(runtime);
  const wrong = complaints(runtime, end, LEAST_CASES);
  const version = execFileSync(programOf(runtime), ['--version'], { encoding: 'utf8' }).split('\n')[0];
  const took = `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
  const [first, ...rest] = wrong.length === 0 ? summary(end) : ['FAILED', ...wrong];
  console.log([`${runtime.name} [${version}] ${took}: ${first}`, ...rest].join('\n  '));
  return wrong.length === 0;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter(name => !runtimes.some(runtime => runtime.name === name));
if (unknown.length > 0) {
  const known = runtimes.map(({ name }) => name).join(', ');
  console.error(
    `${basename(import.meta.filename)}: no runtime called ${unknown.join(', ')}; there are ${known}`,
  );
  process.exit(2);
}
if (!existsSync(new URL('../../dist/index.cjs', import.meta.url))) {
  throw new Error('there is no dist/: run `npm run build`');
}
install();
for (const { file, needs } of unitFiles()) {
  if (needs !== undefined) console.log(`test/${file}: not run: it needs ${needs}`);
}
await bundleUnits();
let passed = true;
for (const runtime of runtimes) {
  if (wanted.length > 0 && !wanted.includes(runtime.name)) continue;
  passed = (await tell(runtime)) && passed;
}
process.exitCode = passed ? 0 : 1;
