// npm run release [-- --publish]
// Says what stands in the way of a release; with --publish, and nothing in the way, runs all tests, publishes
// with provenance, and sets the tag. Provenance wants the identity of a CI that npm knows: `id-token`
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { obstacles } from './release-checks.mjs';

const { publish } = parseArgs({ options: { publish: { type: 'boolean' } } }).values;
/** @param {string} program @param {readonly string[]} words */
const ask = (program, ...words) => execFileSync(program, words, { encoding: 'utf8' }).trim();
/** @param {string} program @param {readonly string[]} words */
const run = (program, ...words) => execFileSync(program, words, { stdio: 'inherit' });

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const [packed] = JSON.parse(ask('npm', 'pack', '--dry-run', '--json', '--ignore-scripts'));
const found = obstacles({
  version,
  changelog: readFileSync('CHANGELOG.md', 'utf8'),
  changed: ask('git', 'status', '--porcelain'),
  branch: ask('git', 'branch', '--show-current'),
  tags: ask('git', 'tag').split('\n'),
  files: packed.files.map(file => file.path),
});

console.log(`keelson ${version}: ${packed.entryCount} files, ${packed.size} bytes packed`);
for (const each of found) console.log(`  in the way: ${each}`);
if (found.length > 0) process.exit(1);
if (!publish) {
  console.log('Nothing stands in the way: npm run release -- --publish');
  process.exit(0);
}
// It runs the tests before (`prepublishOnly`).
run('npm', 'publish', '--provenance', '--access', 'public');
run('git', 'tag', `v${version}`);
console.log(`Published. The tag is yours to push: git push origin v${version}`);
