import { existsSync } from 'node:fs';
import { bundle } from '../harness/bundle.mjs';
import { table } from '../harness/table.mjs';

const built = new URL('../../dist/index.js', import.meta.url);
const shared = ['eventemitter3', 'p-limit'];
const atMost = { CircuitBreaker: 2500 };

const peers = {
  'cockatiel 4.0.0, a breaker': "export { circuitBreaker, ConsecutiveBreaker, handleAll } from 'cockatiel4';",
  'cockatiel 4.0.0, a retry': "export { retry, ExponentialBackoff, handleAll } from 'cockatiel4';",
  'opossum 10.0.0': "export { default } from 'opossum';",
  'p-retry 7.1.1': "export { default } from 'p-retry';",
  'p-limit 7.3.3': "export { default } from 'p-limit';",
  'p-queue 9.3.5': "export { default } from 'p-queue';",
};

async function weigh(subject, source, platform) {
  const external = shared.filter(name => !source.includes(`'${name}'`));
  const alone = await bundle(source, { external, platform });
  const whole = await bundle(source, { platform });
  return {
    group: 'size',
    subject,
    min: alone.min,
    gzip: alone.gzip,
    gzipWithDependencies: whole.gzip,
  };
}

async function ours(notes) {
  if (!existsSync(built)) {
    notes.push('keelson left out: dist/ is not built: run `npm run build`');
    return [];
  }
  const names = Object.keys(await import(built)).sort();
  const from = JSON.stringify(built.pathname);
  const rows = [];
  for (const name of names) rows.push(await weigh(name, `export { ${name} } from ${from};`));
  return rows;
}

function verdict(rows) {
  return rows
    .filter(row => atMost[row.subject] !== undefined)
    .map(row => {
      const limit = atMost[row.subject];
      return `${row.gzip <= limit ? 'pass' : 'MISS'}  ${row.subject}: ${row.gzip} B, at most ${limit} B`;
    });
}

async function measure() {
  const notes = [];
  const rows = await ours(notes);
  for (const [name, source] of Object.entries(peers)) rows.push(await weigh(name, source, 'node'));
  const lines = table(
    ['one import', 'min B', 'min+gzip B', 'with eventemitter3 and p-limit'],
    rows.map(row => [row.subject, row.min, row.gzip, row.gzipWithDependencies]),
  );
  return { rows, lines: [...lines, ...verdict(rows)], notes, failures: [] };
}

export const group = { name: 'size', title: 'bundled size of one import (esbuild, ES2022)', measure };
