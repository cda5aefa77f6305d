import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { long } from './effort.js';
import { type Rows, table } from './table.js';

const path = new URL('../../../docs/simulation.md', import.meta.url);

/**
 * The table of the page that stands under `<!-- simulation: name -->`. A long run prints it and writes it
 * there; with every `npm test` the page has to have the same rows and columns.
 */
export function publish(name: string, rows: Rows): void {
  const page = readFileSync(path, 'utf8');
  const mark = `<!-- simulation: ${name} -->\n\n`;
  const start = page.indexOf(mark) + mark.length;
  expect(start, `docs/simulation.md has no ${mark.trim()}`).toBeGreaterThanOrEqual(mark.length);
  const end = page.indexOf('\n\n', start);
  const made = table(rows);
  if (long) {
    console.info(made);
    writeFileSync(path, page.slice(0, start) + made + page.slice(end));
    return;
  }
  const written = page.slice(start, end);
  expect(labels(written), 'write the tables anew with `npm run simulate`').toEqual(labels(made));
}

/** The heads of the columns, and of the rows. */
function labels(text: string): string[] {
  const [heads = '', , ...body] = text.split('\n');
  return [heads, ...body.map(line => line.split('|')[1]!.trim())];
}
