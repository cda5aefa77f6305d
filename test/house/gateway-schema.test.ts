import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { programOf } from './program.js';
import { problemsOf, samples } from './rules/gateway-samples.js';
import { gatewaySchema } from './rules/gateway-schema.js';
import { isValid } from './rules/json-schema.js';
import type { Schema } from './rules/schema.js';
import { root } from './tree.js';

const path = `${root}/gateway.schema.json`;
const policies = JSON.parse(readFileSync(`${root}/schema.json`, 'utf8')) as Schema;
const schema = gatewaySchema(programOf(['src/gateway.ts']), policies);
const text = `${JSON.stringify(schema, undefined, 2)}\n`;
if (process.env['SCHEMA'] === 'rewrite') writeFileSync(path, text);

const { $defs, ...whole } = schema as { $defs: Record<string, Schema> };
const definitions: Record<string, Schema> = { ...$defs, ApiGatewayConfig: whole };
const named = Object.keys(samples);
const fieldsOf = (name: string): string[] => Object.keys((definitions[name]!['properties'] ?? {}) as object);

const side = (name: string): object => ({ name, weight: 1, upstream: 'http://a' });

/** What is put into each field. */
const values = [
  ...[null, true, -1, 0, 0.5, 1, 61, 1_000, 86_401, 65_536, 2 ** 53, '', 'a', 'named', 'http://a'],
  ...['https://a', '/', 'ip', 'maglev', `\${SECRET}`, '*', '0'.repeat(64), 'deny', 301, 404],
  ...[[], [5], ['GET'], ['named'], ['RS256'], ['https://a'], ['10.0.0.1']],
  ...[{}, { a: 5 }, { a: 'b' }, { a: null }, { a: ['b'] }, { named: [] }, { to: '/' }, { origins: '*' }],
  ...[{ live: '/' }, { service: 'named' }, { keys: [] }, { maxConnections: 5 }, { port: 0 }],
  ...[[{ kind: 'timeout', timeoutMs: 5 }], [{ kind: 'timeout' }], [{ name: 'a', limit: 1, perMs: 1 }]],
  ...[{ a: { retryRatio: 0.1 } }, { a: { instances: ['http://a'] } }, { a: { kind: 'api-keys', keys: [] } }],
  { certFile: 'a', keyFile: 'b' },
  ...['all', { upstream: 'http://a' }, [side('a'), side('b')], [side('a')]],
  ...[{ a: { upstream: 'http://a', path: '/' } }, { parts: { a: { upstream: 'http://a', path: '/' } } }],
];

describe('the schema of gateways', () => {
  it('is the one of the package (after a review: npm run schema)', () => {
    expect(existsSync(path) ? readFileSync(path, 'utf8') : '').toBe(text);
  });

  it('has a sample for each part, and each of them is right', () => {
    const parts = Object.keys(definitions).filter(name => /^[A-Z]/.test(name));
    expect(parts.sort()).toEqual([...named].sort());
    for (const name of named) {
      const sample = samples[name]!({});
      expect.soft([name, ...problemsOf(sample)]).toEqual([name]);
      expect.soft([name, isValid(sample, schema)]).toEqual([name, true]);
    }
  });

  it.each(named)('takes of %s what the reader takes, and no field more', name => {
    for (const field of fieldsOf(name).filter(one => one !== 'kind')) {
      const configs = values.map(value => ({ value, config: samples[name]!({ [field]: value }) }));
      const takes = ({ config }: { config: object }): boolean => problemsOf(config).length === 0;
      const [valid, invalid] = [true, false].map(is =>
        configs.filter(one => isValid(one.config, schema) === is),
      );
      const stricter = invalid!.filter(takes).map(({ value }) => value);
      expect.soft(`${field} ${JSON.stringify(stricter)}`).toBe(`${field} []`);
      // A field that takes nothing of it has not been tried.
      expect.soft([field, valid!.some(takes)]).toEqual([field, true]);
    }
    const more = samples[name]!({ 'no such field': 1 });
    expect(isValid(more, schema)).toBe(false);
    expect(problemsOf(more).length).toBeGreaterThan(0);
  });

  it.each([
    ['a path that is no text', { routes: [{ path: 5, reply: {} }] }],
    ['a number out of its range', { routes: [], maxFieldCount: 3_000 }],
    ['a number that is none', { routes: [{ path: '/', reply: {}, timeoutMs: '5' }] }],
    ['a kind of policy', { routes: [], pipelines: { a: [{ kind: 'retri' }] } }],
    ['a status of a redirect', { routes: [{ path: '/', redirect: { to: '/', status: 300 } }] }],
    ['a port', { routes: [], listen: { port: 65_536 } }],
    ['no routes', {}],
  ])('refuses %s', (_name, config) => {
    expect(isValid(config, schema)).toBe(false);
    expect(problemsOf(config).length).toBeGreaterThan(0);
  });
});
