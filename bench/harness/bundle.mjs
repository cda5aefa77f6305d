import { gzipSync } from 'node:zlib';

/** What a user's bundler makes of one import: minified code, as served compressed. */
export async function bundle(source, { external = [], platform = 'neutral' } = {}) {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: import.meta.dirname, loader: 'js' },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform,
    mainFields: ['module', 'main'],
    external,
    write: false,
    legalComments: 'none',
    logLevel: 'silent',
  });
  const [{ contents }] = outputFiles;
  return { min: contents.length, gzip: gzipSync(contents, { level: 9 }).length };
}
