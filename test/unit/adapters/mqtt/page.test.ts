import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { mqtt5, mqtt5Defaults } from '../../../../src/adapters/mqtt/mqtt5.js';

const page = readFileSync(new URL('../../../../docs/adapters/mqtt.md', import.meta.url), 'utf8');

/** The rows of the first table under a heading: the names of the first column with the cell at `place`. */
function cells(heading: string, place: number): Readonly<Record<string, string>> {
  const section = page.split(/^## /m).find(text => text.startsWith(`${heading}\n`)) ?? '';
  const rows = section.split('\n').filter(line => line.startsWith('| `'));
  return Object.fromEntries(
    rows.map(row => {
      const all = row
        .replaceAll('\\|', '/')
        .split('|')
        .map(cell => cell.trim().replace(/^`(.*)`$/, '$1'));
      return [all[1]!, all[place]!.replaceAll('_', '')];
    }),
  );
}

describe('the page about MQTT', () => {
  const texts = (values: object) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, inspect(value)]));

  it('has the options and their defaults', () => {
    const rest = { connect: 'required', clock: 'systemClock', random: 'systemRandom' };
    expect(cells('Options', 3)).toEqual({ ...texts(mqtt5Defaults), ...rest });
  });

  it('has what the driver declares that it can do', () => {
    const { capabilities } = mqtt5({ connect: () => ({}) as never });
    expect(cells('What it can do', 2)).toEqual(texts(capabilities));
  });
});
