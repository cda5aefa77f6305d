import { gzipSync } from 'node:zlib';
import { table } from '../harness/table.mjs';

const source = new URL('../../src/', import.meta.url).pathname;

/** The minified bytes of each source file in a bundle of a breaker alone, and the bundle itself. */
async function partsOf(name) {
  const { build } = await import('esbuild');
  const { outputFiles, metafile } = await build({
    stdin: { contents: `export { ${name} } from './resilience.js';`, resolveDir: source, loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    external: ['eventemitter3', 'p-limit'],
    write: false,
    metafile: true,
    legalComments: 'none',
    logLevel: 'silent',
  });
  const [{ contents }] = outputFiles;
  const [output] = Object.values(metafile.outputs);
  const parts = Object.entries(output.inputs)
    .map(([path, { bytesInOutput }]) => ({ path: path.replace(/^.*\bsrc\//, ''), min: bytesInOutput }))
    .filter(part => part.min > 0)
    .sort((a, b) => b.min - a.min);
  return { parts, min: contents.length, gzip: gzipSync(contents, { level: 9 }).length };
}

const share = (part, whole) => `${((100 * part) / whole).toFixed(1)} %`;

async function measure() {
  const { parts, min, gzip } = await partsOf('CircuitBreaker');
  const rooms = new Map();
  for (const { path, min: bytes } of parts) {
    const room = path.includes('/') ? path.slice(0, path.indexOf('/')) : path;
    rooms.set(room, (rooms.get(room) ?? 0) + bytes);
  }
  // What is compressed together has no bytes of its own: each gets its share of the whole.
  const lineOf = ([name, bytes]) => [name, bytes, Math.round((bytes * gzip) / min), share(bytes, min)];
  const lines = table(
    ['part', 'min B', 'its share of min+gzip', 'share'],
    [...[...rooms], ...parts.map(part => [`  ${part.path}`, part.min])].map(lineOf),
  );
  const rows = parts.map(part => ({ group: 'bundle', subject: part.path, min: part.min }));
  return { rows, lines: [...lines, `${min} B minified, ${gzip} B gzipped`], notes: [], failures: [] };
}

export const group = { name: 'bundle', title: 'what a bundle of CircuitBreaker alone is made of', measure };
