import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import * as yaml from 'yaml';
import { readJsonText } from '../../src/gateway/json-text.js';
import { lineAndColumn, TextMistake } from '../../src/gateway/text-places.js';
import { type ApiGatewayConfig, ConfigError, gatewayFrom } from '../../src/gateway.js';
import { awkwardNames, awkwardNumbers, effort, expectCleanPrototypes } from './effort.js';

afterEach(expectCleanPrototypes);

const words = ['routes', 'path', 'upstream', 'service', 'services', 'instances', 'reply', 'status', 'policy'];
const more = [
  'pipelines',
  'limits',
  'auth',
  'authenticators',
  'kind',
  'keys',
  'cors',
  'origins',
  'name',
  'ip',
];
const name = fc.constantFrom(...words, ...more, 'aggregate', 'parts', 'redirect', 'to', ...awkwardNames);
const leaf = fc.oneof(
  fc.constantFrom(...awkwardNumbers),
  fc.constantFrom(
    '/',
    '/:a',
    '/*rest',
    'http://a',
    'api-keys',
    'jwt',
    'retry',
    `\${A}`,
    '$'.concat('{'),
    'a',
  ),
  fc.string({ maxLength: 5 }),
);
const { value } = fc.letrec(tie => ({
  value: fc.oneof({ depthSize: 'small' }, leaf, fc.array(tie('value'), { maxLength: 3 }), tie('fields')),
  fields: fc.dictionary(name, tie('value'), { maxKeys: 4 }),
}));
const route = fc.dictionary(name, value, { maxKeys: 5 });
const config = fc.record(
  {
    routes: fc.oneof(fc.array(route, { maxLength: 3 }), value),
    services: fc.oneof(fc.dictionary(name, route, { maxKeys: 2 }), value),
    authenticators: fc.oneof(fc.dictionary(name, route, { maxKeys: 2 }), value),
    pipelines: value,
    limits: value,
    cors: value,
  },
  { requiredKeys: [] },
);

/** Whatever it is: a gateway, or all that is wrong with it in words. */
function readsOrTells(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    for (const { path, message } of (error as ConfigError).problems) {
      expect(message.length).toBeGreaterThan(0);
      if (path !== '')
        expect(message.startsWith(path) || message === 'there is more that is wrong').toBe(true);
    }
  }
}

describe('a config of a gateway', () => {
  it('is read, or told what is wrong with it, whatever it is', () => {
    const read = (given: unknown) =>
      readsOrTells(() => gatewayFrom(given as ApiGatewayConfig, { env: { A: 'a' } }));
    fc.assert(fc.property(config, read), effort(150));
  });

  it('is as good a text as it is data', () => {
    const read = (given: unknown): void => {
      const text = JSON.stringify(given, (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one));
      if (text === undefined) return;
      for (const format of [{}, { yaml }])
        readsOrTells(() => gatewayFrom(text, { ...format, env: { A: 'a' } }));
    };
    fc.assert(fc.property(config, read), effort(50));
  });
});

describe('JSON with places', () => {
  const parse = (text: string): unknown => {
    try {
      return { value: JSON.parse(text) };
    } catch {
      return undefined;
    }
  };
  const read = (text: string): unknown => {
    try {
      return { value: readJsonText(text).value };
    } catch (error) {
      if (!(error instanceof TextMistake)) throw error;
      expect(error.at).toBeLessThanOrEqual(text.length);
      return undefined;
    }
  };

  it('is what JSON.parse makes of it', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), text => {
        expect(read(text)).toEqual(parse(text));
      }),
      effort(300),
    );
  });

  it('is refused where JSON.parse refuses it, and nowhere else', () => {
    const piece = fc.constantFrom(
      ...['{', '}', '[', ']', ',', ':', '"a"', '"b"', '1', '-', '.5', 'e3', 'true'],
    );
    const other = fc.constantFrom(
      ' ',
      '\n',
      '\t',
      '"',
      '\\',
      '\\u00',
      '\u0001',
      '\u007f',
      'nul',
      '01',
      '\u00a0',
    );
    const made = fc
      .array(fc.oneof({ weight: 4, arbitrary: piece }, other), { maxLength: 8 })
      .map(all => all.join(''));
    const check = (text: string): void => {
      const [ours, theirs] = [read(text), parse(text)];
      const isTwice = ours === undefined && theirs !== undefined && /"(a|b)".*"\1"/s.test(text);
      if (!isTwice) expect(ours, JSON.stringify(text)).toEqual(theirs);
    };
    fc.assert(fc.property(made, check), effort(500));
  });

  it('has a line and a column for each offset', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', '\n'), { maxLength: 30 }), fc.nat(30), (all, at) => {
        const before = all.join('').slice(0, at).split('\n');
        if (at > all.length) return;
        expect(lineAndColumn(all.join(''), at)).toEqual({
          line: before.length,
          column: before.at(-1)!.length + 1,
        });
      }),
      effort(300),
    );
  });
});
