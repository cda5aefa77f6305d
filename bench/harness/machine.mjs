import { readFileSync } from 'node:fs';
import os from 'node:os';

const read = path => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));

/** What the figures were measured on: nobody can read them without it. */
export function machine() {
  const cpus = os.cpus();
  const asked = read('../package.json').dependencies;
  const packages = Object.keys(asked).map(name => {
    const found = read(`../node_modules/${name}/package.json`);
    return `${found.name} ${found.version}`;
  });
  return [
    `${os.platform()} ${os.arch()}, ${cpus.length} x ${cpus[0]?.model.trim() ?? 'unknown'}`,
    `node ${process.version} (V8 ${process.versions.v8})`,
    `load ${os
      .loadavg()
      .map(value => value.toFixed(1))
      .join(' ')} (above ${cpus.length}: shared, read ratios only)`,
    `keelson ${read('../../package.json').version}; ${packages.join(', ')}`,
  ];
}
