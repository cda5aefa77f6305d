import { existsSync, statSync } from 'node:fs';
import { listFiles, root } from './tree.js';

/** The built package. Throws when it is missing or older than a source: a stale build proves nothing. */
export function freshDist(): string {
  const built = `${root}/dist/index.js`;
  const at = existsSync(built) ? statSync(built).mtimeMs : 0;
  const newer = ['package.json', 'tsup.config.ts', 'tsconfig.build.json', ...listFiles('src')].find(
    path => statSync(`${root}/${path}`).mtimeMs > at,
  );
  if (newer !== undefined) throw new Error(`dist/ is older than ${newer}: run \`npm run build\``);
  return `${root}/dist`;
}
