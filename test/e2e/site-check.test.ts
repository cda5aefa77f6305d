import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { hasChromium } from '../fixtures/chromium.js';
import { root } from '../house/tree.js';

const site = mkdtempSync(join(tmpdir(), 'keelson-pages-'));
afterAll(() => rmSync(site, { recursive: true }));

const head = `<!doctype html><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1">`;
const pages = {
  'fine.html': '<p>fine</p>',
  'wide.html': '<p style="width: 900px">wide</p>',
  'throws.html': '<script>throw new Error("oh")</script>',
  'asks.html': '<img src="https://elsewhere.invalid/a.png">',
  'lacks.html': '<img src="nothing.png">',
};

/** What it says of a site of its own, without the search that such a site has not. */
function check(): { readonly found: readonly string[]; readonly pages: number } {
  const program = `import { siteProblems } from './scripts/check-site.mjs';
    console.log(JSON.stringify(await siteProblems(${JSON.stringify(site)}, { names: [] })));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: root,
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

describe.runIf(hasChromium())('the check of the site', () => {
  it('tells of pages that throw, ask elsewhere, lack something or do not fit on a phone', () => {
    for (const [name, body] of Object.entries(pages)) writeFileSync(join(site, name), head + body);
    const { found, pages: count } = check();
    expect(count).toBe(5);
    const about = (page: string) => new Set(found.filter(line => line.startsWith(page)));
    expect(about('fine.html').size).toBe(0);
    expect([...about('wide.html')]).toEqual(['wide.html: is wider than a phone']);
    expect([...about('throws.html')]).toEqual(['throws.html: throws oh']);
    expect([...about('asks.html')]).toContain('asks.html: asks https://elsewhere.invalid/a.png');
    expect([...about('lacks.html')]).toContainEqual(expect.stringMatching(/has no http.*\/nothing\.png$/));
  });
});
