import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalPath } from '../../src/core/route-path.js';
import { paramsOf, type RoutePattern, readPattern } from '../../src/core/route-pattern.js';
import { firstRoute, RouteTable, type TableRoute } from '../../src/core/route-table.js';

const runs = { numRuns: 2_000 };
// Few of each, so that routes and requests meet.
const text = fc.constantFrom('a', 'b', 'ab', '__proto__', '');
const segment = fc.oneof(text, fc.constant(undefined));
const host = fc.constantFrom(undefined, 'x', 'a.x', '*.x', '*.a.x');
const methods = fc.constantFrom([], ['GET'], ['POST'], ['GET', 'PUT']);
const condition = fc.constantFrom([], [['h', '1']], [['h', true]]) as fc.Arbitrary<[string, string | true][]>;
const route = fc
  .record({
    segments: fc.array(segment, { maxLength: 4 }),
    open: fc.boolean(),
    host,
    methods,
    headers: condition,
  })
  .map(({ segments, open, headers, ...rest }): TableRoute => {
    const parts = segments.map((part, at) => part ?? `:p${at}`);
    const path = `/${[...parts, ...(open ? ['*rest'] : [])].join('/')}`;
    const pattern = readPattern(path) as RoutePattern;
    return { name: path, ...rest, pattern, conditions: { headers, query: [] } };
  });
const question = fc.record({
  host: fc.constantFrom('x', 'a.x', 'b.x', 'c.a.x', 'y', '.x', ''),
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE'),
  path: fc.array(text, { minLength: 1, maxLength: 5 }).map(parts => `/${parts.join('/')}`),
  header: fc.constantFrom(undefined, '1', '2'),
});

describe('the table of routes', () => {
  it('finds what the definition finds (GW7)', () => {
    fc.assert(
      fc.property(fc.array(route, { maxLength: 12 }), question, (routes, { header, ...asked }) => {
        const table = new RouteTable(routes);
        const full = { ...asked, query: '', headerOf: () => header };
        const found = table.find(full);
        const expected = firstRoute(table.routes, full);
        expect(found.kind === 'route' ? found.route : undefined).toBe(expected);
        if (expected !== undefined) {
          for (const value of Object.values(paramsOf(expected.pattern, asked.path))) {
            expect(asked.path).toContain(value);
          }
        }
      }),
      runs,
    );
  });
});

describe('the one form of a path (GW2)', () => {
  const piece = fc.constantFrom(
    ...[
      '/',
      '/',
      '.',
      '..',
      '%2e',
      '%2E',
      '%2f',
      '%5c',
      '\\',
      ';',
      '%00',
      '%25',
      '%252e',
      '%32',
      '%65',
      '2',
      'e',
      'a',
      'B',
      '%41',
      '%c3%a9',
    ],
    ...['%ff', '%', '~', '"', 'é', ' '],
  );
  const raw = fc.array(piece, { maxLength: 12 }).map(parts => `/${parts.join('')}`);

  it('is its own form, has no dots left and stays below its root', () => {
    fc.assert(
      fc.property(raw, path => {
        const once = normalPath(path);
        if (once === undefined) return;
        expect(once.path.startsWith('/')).toBe(true);
        const twice = normalPath(once.path);
        expect(twice?.path).toBe(once.path);
        const parts = once.path.split(/\/|%2F|%5C|;/);
        expect(parts.some(part => part === '.' || part === '..')).toBe(false);
        // Nothing that a decoder would turn into a dot is left in any escape.
        expect(/%2e/i.test(once.path.replaceAll(/%25/g, ''))).toBe(false);
        const decoded = new URL(once.path.replace(/^\/+/, '/'), 'http://x').pathname;
        if (!once.path.startsWith('//') && once.oddities === 0) expect(decoded).toBe(once.path);
      }),
      runs,
    );
  });
});
