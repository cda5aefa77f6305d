import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { publint } from 'publint';
import { describe, expect, it } from 'vitest';
import manifest from '../../../package.json' with { type: 'json' };
import { sourceOf, subpathsOf } from '../../house/rules/surface.js';
import { listFiles, root } from '../../house/tree.js';
import { pack } from './packed.js';

// The page of the dashboard runs in browsers, and is in the package as one text.
const modules = listFiles('src')
  .filter(path => path.endsWith('.ts') && !path.startsWith('src/observe/dashboard/page/'))
  .map(path => path.slice('src/'.length, -'.ts'.length));
const entries = subpathsOf(manifest).map(subpath => sourceOf(subpath).slice('src/'.length, -'.ts'.length));

describe('the tarball', () => {
  it('holds modules, doors for require, types, papers, schemas and a command, and nothing else', () => {
    const wanted = [
      ...['CHANGELOG.md', 'LICENSE', 'README.md', 'bin/keelson.mjs', 'package.json', 'schema.json'],
      'gateway.schema.json',
      ...modules.flatMap(name => [`dist/${name}.js`, `dist/${name}.js.map`]),
      ...entries.flatMap(name => ['cjs', 'd.ts', 'd.cts'].map(end => `dist/${name}.${end}`)),
    ];
    // What several doors share; the hash in the name comes from the content.
    const shared = /^dist\/[\w-]+-[\w-]{8}\.(cjs|d\.ts|d\.cts)$/;
    expect(
      pack()
        .files.filter(path => !shared.test(path))
        .sort(),
    ).toEqual(wanted.sort());
  });

  it('says nothing of the machine that built it', () => {
    for (const path of pack().files.filter(file => file.startsWith('dist/'))) {
      const text = readFileSync(`${root}/${path}`, 'utf8');
      for (const place of [root, `${homedir()}/`, 'file://']) expect.soft(text, path).not.toContain(place);
    }
  });

  it('maps every line back to sources that it carries along', () => {
    for (const path of pack().files.filter(file => file.endsWith('.map'))) {
      const map = JSON.parse(readFileSync(`${root}/${path}`, 'utf8')) as {
        sources: string[];
        sourcesContent: string[];
      };
      for (const source of map.sources) expect.soft(source, path).toMatch(/^(\.\.\/)+(src|node_modules)\//);
      expect.soft(map.sourcesContent.length, path).toBe(map.sources.length);
    }
  });

  it('declares nothing that is internal', () => {
    for (const path of pack().files.filter(file => /\.d\.c?ts$/.test(file))) {
      expect.soft(readFileSync(`${root}/${path}`, 'utf8'), path).not.toContain('@internal');
    }
  });

  it('pleases publint', async () => {
    const tarball = readFileSync(pack().path);
    const buffer = tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.byteLength);
    const { messages } = await publint({ strict: true, pack: { tarball: buffer } });
    expect(messages).toEqual([]);
  });

  it('has types that resolve for every kind of consumer', () => {
    const attw = `${root}/node_modules/@arethetypeswrong/cli/dist/index.js`;
    const words = [attw, pack().path, '--profile', 'node16', '--no-emoji', '--no-color'];
    const { status, stdout } = spawnSync(process.execPath, words, { encoding: 'utf8' });
    expect(status, stdout).toBe(0);
    expect(stdout).toContain('OK (CJS)');
  });
});
