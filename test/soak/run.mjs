// npm run soak [-- --calls 1e6] [-- Timeout 'Cache whose runs fail']
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { subjects } from './subjects.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { calls: { type: 'string', default: '1e7' } },
});
const calls = Number(values.calls);
const unknown = positionals.filter(name => !Object.hasOwn(subjects, name));
if (!Number.isInteger(calls / 10) || calls < 1_000 || unknown.length > 0) {
  console.error(
    `--calls is a multiple of ten, at least a thousand; policies: ${Object.keys(subjects).join(', ')}`,
  );
  process.exit(2);
}

const child = fileURLToPath(new URL('child.mjs', import.meta.url));

/** What one call may leave behind is less than the smallest thing there is. */
const wrong = ({ bytesPerCall, handles, listeners }) => bytesPerCall >= 1 || handles > 0 || listeners > 0;

function measure(name) {
  return new Promise(resolve => {
    execFile(process.execPath, ['--expose-gc', child, name, String(calls)], (error, stdout, stderr) => {
      if (error === null && stderr === '') resolve(JSON.parse(stdout));
      else resolve({ name, broken: stderr || error.message });
    });
  });
}

function row(cells) {
  return cells.map((cell, i) => (i === 0 ? cell.padEnd(38) : cell.padStart(12))).join('');
}

console.log(`${calls} calls each, Node ${process.version}`);
console.log(row(['', 'seconds', 'answered', 'B per call', 'heap MB', 'handles', 'listeners']));
for (const name of positionals.length > 0 ? positionals : Object.keys(subjects)) {
  const end = await measure(name);
  const isBad = end.broken !== undefined || wrong(end);
  if (isBad) process.exitCode = 1;
  if (end.broken !== undefined) {
    console.log(`${name}: broke off: ${end.broken}`);
    continue;
  }
  const { elapsedMs, answeredRatio, bytesPerCall, heapMb, handles, listeners } = end;
  const figures = [
    (elapsedMs / 1000).toFixed(0),
    `${Math.round(answeredRatio * 100)} %`,
    bytesPerCall.toFixed(4),
    heapMb.toFixed(1),
    handles,
    listeners,
  ];
  console.log(row([name, ...figures.map(String), isBad ? '<- LEAKS' : '']).trimEnd());
}
