// Follows every link of a built site to a file and, where it names one, to an anchor in it.
// Links that leave the site are none of its business: node scripts/check-links.mjs docs/site
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const pagesOf = folder =>
  readdirSync(folder, { recursive: true })
    .filter(path => path.endsWith('.html'))
    .map(path => join(folder, path));

const plain = text => text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'");

/** Every broken link, as `page: link`. */
export function brokenLinks(site) {
  const anchors = new Map();
  const anchorsOf = file => {
    if (!anchors.has(file)) {
      anchors.set(
        file,
        new Set([...readFileSync(file, 'utf8').matchAll(/\bid="([^"]*)"/g)].map(([, id]) => plain(id))),
      );
    }
    return anchors.get(file);
  };
  const leads = (page, link) => {
    const [path, anchor] = link.split('#');
    const file = path === '' ? page : resolve(dirname(page), decodeURIComponent(path));
    if (!existsSync(file)) return false;
    return !anchor || !file.endsWith('.html') || anchorsOf(file).has(decodeURIComponent(anchor));
  };
  const pages = pagesOf(site);
  if (pages.length === 0) throw new Error(`${site} has no pages`);
  return pages.flatMap(page =>
    [...readFileSync(page, 'utf8').matchAll(/\b(?:href|src)="([^"]*)"/g)]
      .map(([, link]) => plain(link))
      .filter(link => !/^([a-z]+:|\/\/)/.test(link) && !leads(page, link))
      .map(link => `${relative(site, page)}: ${link}`),
  );
}

if (resolve(process.argv[1] ?? '') === import.meta.filename) {
  const broken = brokenLinks(process.argv[2]);
  for (const line of broken) console.error(`leads nowhere: ${line}`);
  process.exitCode = broken.length === 0 ? 0 : 1;
}
