import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshDist } from '../../house/dist.js';
import { root } from '../../house/tree.js';

/** A tarball as it would be published. */
export interface Tarball {
  readonly path: string;
  /** The paths inside it. */
  readonly files: readonly string[];
}

/** A folder outside the repository that is gone when the process is. */
function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-package-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const npm = (folder: string, ...words: readonly string[]): string =>
  execFileSync('npm', [...words, '--silent', '--ignore-scripts'], { cwd: folder, encoding: 'utf8' });

let tarball: Tarball | undefined;

export function pack(): Tarball {
  if (tarball !== undefined) return tarball;
  freshDist();
  const folder = scratch();
  const [packed] = JSON.parse(npm(root, 'pack', '--json', '--pack-destination', folder)) as [
    { filename: string; files: { path: string }[] },
  ];
  tarball = { path: join(folder, packed.filename), files: packed.files.map(file => file.path) };
  return tarball;
}

let project: string | undefined;

/**
 * A folder with the tarball installed by npm. The dependencies come from this repository's `node_modules`, as
 * copies, so that the test needs no registry.
 */
export function install(): string {
  if (project !== undefined) return project;
  const folder = scratch();
  const from = (name: string) => `file:${root}/node_modules/${name}`;
  const dependencies = {
    keelson: `file:${pack().path}`,
    eventemitter3: from('eventemitter3'),
    'p-limit': from('p-limit'),
    'yocto-queue': from('yocto-queue'),
    // Not needed by it, but by its command for files of YAML.
    yaml: from('yaml'),
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
  npm(folder, 'install', '--offline', '--install-links', '--no-audit', '--no-fund');
  project = folder;
  return folder;
}

/** Writes files into a folder of their own beside the installed package; returns that folder. */
export function consumer(name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(install(), name);
  mkdirSync(folder, { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  return folder;
}
