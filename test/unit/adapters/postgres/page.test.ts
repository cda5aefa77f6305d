import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { postgresDriver } from '../../../../src/adapters/postgres/bus-driver.js';
import { postgresDefaults } from '../../../../src/adapters/postgres/bus-options.js';

const page = readFileSync(new URL('../../../../docs/adapters/postgres.md', import.meta.url), 'utf8');

/** The rows of the table under a heading: the names of the first column with the cell at `place`. */
function cells(heading: string, place: number): Readonly<Record<string, string>> {
  const section = page.split(/^## /m).find(text => text.startsWith(`${heading}\n`)) ?? '';
  const rows = section.split('\n').filter(line => line.startsWith('| `'));
  return Object.fromEntries(
    rows.map(row => {
      const all = row.split(/(?<!\\)\|/).map(cell => cell.trim().replace(/^`(.*)`$/, '$1'));
      return [all[1]!, all[place]!.replaceAll('_', '')];
    }),
  );
}

describe('the page about PostgreSQL', () => {
  const texts = (values: object) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, inspect(value)]));

  it('has the options and their defaults', () => {
    const rest = { client: 'required', notifications: '—', clock: 'systemClock' };
    expect(cells('Options', 3)).toEqual({ ...texts(postgresDefaults), ...rest });
  });

  it('has what the driver declares that it can do', () => {
    const { capabilities } = postgresDriver({ client: { query: async () => ({ rows: [] }) } });
    expect(cells('What it can do', 2)).toEqual(texts(capabilities));
  });
});
