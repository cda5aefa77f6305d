import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { jetStreamDefaults } from '../../../../src/adapters/nats/jetstream.js';
import { jetStreamCapabilities } from '../../../../src/adapters/nats/jetstream-capabilities.js';
import { pageCells } from '../../../fixtures/adapter-page.js';

describe('the page about NATS JetStream', () => {
  const texts = (values: object) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, inspect(value)]));

  it('has the options and their defaults', () => {
    const rest = { client: 'required', maxRecordBytes: '—', clock: 'systemClock' };
    expect(pageCells('nats', 'Options', 3)).toEqual({ ...texts(jetStreamDefaults), ...rest });
  });

  it('has what the driver declares that it can do', () => {
    const usual = { ...jetStreamCapabilities, maxRecordBytes: 1_048_576 - 4_096 };
    expect(pageCells('nats', 'What it can do', 2)).toEqual(texts(usual));
  });
});
