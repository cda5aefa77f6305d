import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { postgresDriver } from '../../../../src/adapters/postgres/bus-driver.js';
import { postgresDefaults } from '../../../../src/adapters/postgres/bus-options.js';
import { pageCells } from '../../../fixtures/adapter-page.js';

describe('the page about PostgreSQL', () => {
  const texts = (values: object) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, inspect(value)]));

  it('has the options and their defaults', () => {
    const rest = { client: 'required', notifications: '—', clock: 'systemClock' };
    expect(pageCells('postgres', 'Options', 3)).toEqual({ ...texts(postgresDefaults), ...rest });
  });

  it('has what the driver declares that it can do', () => {
    const { capabilities } = postgresDriver({ client: { query: async () => ({ rows: [] }) } });
    expect(pageCells('postgres', 'What it can do', 2)).toEqual(texts(capabilities));
  });
});
