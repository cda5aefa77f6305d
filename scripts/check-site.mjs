// Opens each page of a built site in Chromium: node scripts/check-site.mjs docs/site [--pictures folder]
// Whether it has errors, loads anything from elsewhere, fits on a phone, and finds what the README names.
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const TABS = 3;
const PHONE = { width: 390, height: 844 };
const DESK = { width: 1280, height: 800 };
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

/** Serves a folder on a port of this machine, as any host of static files would. */
async function serve(folder) {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://site').pathname);
    const file = join(folder, path.endsWith('/') ? `${path}index.html` : path);
    try {
      const text = await readFile(file);
      response
        .writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' })
        .end(text);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise(done => server.listen(0, '127.0.0.1', () => done(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { origin: `http://127.0.0.1:${port}`, close: () => server.close() };
}

/** What a page complains of while it is opened and for a moment after. */
function listen(page, origin, found) {
  let at = '';
  const complain = text => found.push(`${at}: ${text}`);
  page.on('pageerror', error => complain(`throws ${error.message}`));
  page.on('console', message => message.type() === 'error' && complain(`says ${message.text()}`));
  page.on('response', response => response.status() >= 400 && complain(`has no ${response.url()}`));
  page.on('request', request => {
    const url = request.url();
    if (!url.startsWith(origin) && !url.startsWith('data:')) complain(`asks ${url}`);
  });
  return path => {
    at = path;
  };
}

/** The page as a whole moves sideways: something is wider than a phone, and does not scroll by itself. */
const isWide = page => page.evaluate(width => document.documentElement.scrollWidth > width + 1, PHONE.width);

async function openAll(context, origin, paths, found, { phone }) {
  const left = [...paths];
  const tab = async () => {
    const page = await context.newPage();
    const now = listen(page, origin, found);
    for (let path = left.shift(); path !== undefined; path = left.shift()) {
      now(path);
      await page.goto(`${origin}/${path}`, { waitUntil: 'load' });
      if (phone && (await isWide(page))) found.push(`${path}: is wider than a phone`);
    }
    await page.close();
  };
  await Promise.all(Array.from({ length: TABS }, tab));
}

/** Types each name into the search, and looks for it among the first results. */
async function search(context, origin, names, found) {
  const page = await context.newPage();
  const now = listen(page, origin, found);
  now('search');
  await page.goto(`${origin}/index.html`);
  for (const name of names) {
    await page.locator('#tsd-search-trigger').click();
    await page.locator('#tsd-search-input').fill(name);
    const hit = page.locator('#tsd-search-results li').filter({ hasText: name }).first();
    await hit.waitFor({ timeout: 5_000 }).catch(() => found.push(`the search does not find ${name}`));
    await page.keyboard.press('Escape');
  }
  await page.close();
}

/**
 * Everything that is wrong with the site.
 *
 * @param {string} folder
 * @param {{ names: readonly string[], pictures?: { folder: string, pages: readonly string[] } }} options
 */
export async function siteProblems(folder, { names, pictures }) {
  const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(path =>
    path.endsWith('.html'),
  );
  if (pages.length === 0) throw new Error(`${folder} has no pages`);
  const found = [];
  const site = await serve(folder);
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const desk = await browser.newContext({ viewport: DESK });
    const phone = await browser.newContext({ viewport: PHONE, isMobile: true });
    await openAll(desk, site.origin, pages, found, { phone: false });
    const written = pages.filter(path => path.startsWith('documents/') || !path.includes('/'));
    await openAll(phone, site.origin, written, found, { phone: true });
    if (names.length > 0) await search(desk, site.origin, names, found);
    if (pictures) await take({ desk, phone }, site.origin, pictures);
  } finally {
    await browser.close();
    site.close();
  }
  return { pages: pages.length, found };
}

async function take(contexts, origin, { folder, pages }) {
  mkdirSync(folder, { recursive: true });
  for (const [where, context] of Object.entries(contexts)) {
    const page = await context.newPage();
    for (const path of pages) {
      await page.goto(`${origin}/${path}`);
      const name = path.replaceAll('/', '-').replace('.html', '');
      await page.screenshot({ path: join(folder, `${name}-${where}.png`) });
    }
    await page.close();
  }
}

/** What the table of primitives in the README calls by name. */
export function primitivesOf(readme) {
  const [, table = ''] = /## Primitives\n([\s\S]*?)\n## /.exec(readme) ?? [];
  const firsts = table.split('\n').map(row => row.split('|')[1] ?? '');
  return firsts.flatMap(cell => [...cell.matchAll(/`([\w]+)`/g)].map(([, name]) => name));
}

if (resolve(process.argv[1] ?? '') === import.meta.filename) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { pictures: { type: 'string' } },
  });
  const names = primitivesOf(readFileSync('README.md', 'utf8'));
  const shown = ['index', 'documents/Gallery_of_failures', 'documents/Circuit_Breaker', 'modules/keelson'];
  const pictures = values.pictures && {
    folder: values.pictures,
    pages: shown.map(name => `${name}.html`),
  };
  const { pages, found } = await siteProblems(positionals[0] ?? 'docs/site', { names, pictures });
  for (const line of found) console.error(line);
  console.log(`${pages} pages, ${names.length} names searched for, ${found.length} problems`);
  process.exitCode = found.length === 0 ? 0 : 1;
}
