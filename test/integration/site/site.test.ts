import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listFiles, root } from '../../house/tree.js';

const folder = mkdtempSync(join(tmpdir(), 'keelson-site-'));
afterAll(() => rmSync(folder, { recursive: true }));

const node = (...words: readonly string[]) =>
  spawnSync(process.execPath, words, { cwd: root, encoding: 'utf8' });
const checkLinks = (site: string) => node('scripts/check-links.mjs', site);

describe('the site', () => {
  const site = join(folder, 'site');
  let build: ReturnType<typeof node>;
  beforeAll(() => {
    build = node('node_modules/typedoc/bin/typedoc', '--out', site);
  });
  const page = (path: string) => readFileSync(join(site, path), 'utf8');

  it('is built without a warning', () => {
    expect(build.stdout + build.stderr).not.toContain('[warning]');
    expect(build.status).toBe(0);
  });

  it('has links that lead somewhere', () => expect(checkLinks(site).stderr).toBe(''));

  it('has a page for each paper', () => {
    const papers = listFiles('docs').filter(path => path.endsWith('.md'));
    const names = papers.map(path => /^# (.*)$/m.exec(readFileSync(`${root}/${path}`, 'utf8'))?.[1]);
    const index = page('modules.html') + page('index.html');
    for (const name of names) expect.soft(index).toContain(name);
  });

  it('shows diagrams as pictures and loads nothing from elsewhere', () => {
    const text = page('documents/Timeout.html');
    expect(text).toContain('<svg xmlns');
    expect(text).not.toMatch(/(src|@import url\()="?'?https?:|<link[^>]*href="https?:/);
  });
});

describe('the check of links', () => {
  const site = join(folder, 'small');
  const write = (body: string) => {
    mkdirSync(site, { recursive: true });
    writeFileSync(join(site, 'b.html'), '<p id="here">b</p>');
    writeFileSync(join(site, 'a.html'), body);
  };

  it.each([
    ['<a href="c.html">', 'a.html: c.html'],
    ['<a href="b.html#there">', 'a.html: b.html#there'],
    ['<a href="#there">', 'a.html: #there'],
    ['<img src="c.png">', 'a.html: c.png'],
  ])('tells of %s', (body, line) => {
    write(body);
    expect(checkLinks(site)).toMatchObject({ status: 1, stderr: `leads nowhere: ${line}\n` });
  });

  it.each(['<a href="b.html#here">', '<a href="https://c.example">', '<p id="x"><a href="#x">'])(
    'lets %s be',
    body => {
      write(body);
      expect(checkLinks(site)).toMatchObject({ status: 0, stderr: '' });
    },
  );
});
