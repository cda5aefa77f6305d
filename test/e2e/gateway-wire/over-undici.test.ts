import * as undici from 'undici';
import { afterAll, beforeAll, describe } from 'vitest';
import { UndiciEngine } from '../../../src/undici.js';
import { engine } from './wire.js';

// The suites beside this file once more, with the other engine: a query makes them modules of their own.
beforeAll(() => {
  engine.make = () => new UndiciEngine({ undici });
});
afterAll(() => {
  engine.make = undefined;
});

describe.each(['fields', 'framing', 'lifecycle', 'messages', 'own-fields', 'targets'])('%s', async suite => {
  await import(`./${suite}.test.ts?undici`);
});
