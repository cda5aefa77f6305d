import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { programOf } from './program.js';
import { namesIn, withTypes } from './rules/type-tables.js';
import { readTree, root } from './tree.js';

const entries = ['src/messaging.ts', 'src/gateway.ts'];
const program = programOf(entries);
const pages = [...readTree('docs').values()].filter(page => namesIn(page).length > 0);

if (process.env['TABLES'] === 'rewrite') {
  for (const { path, text } of pages) writeFileSync(`${root}/${path}`, withTypes(program, entries, text));
}

describe('tables of types', () => {
  it.each(pages)('are those of the sources in $path (to rewrite: npm run tables)', ({ path }) => {
    const { text } = readTree(path).get(path)!;
    expect(text).toBe(withTypes(program, entries, text));
  });

  it('stand for all that a bus is told, and what it tells', () => {
    expect(pages.flatMap(namesIn)).toEqual(
      expect.arrayContaining([
        ...['BusOptions', 'InMemoryBusOptions', 'TopicOptions', 'MessageFacts', 'RequestOptions', 'Message'],
        ...['CommonSubscribeOptions', 'FailurePolicy', 'FailureVerdict', 'DeadLetter', 'DeathReason'],
        ...['SubscriptionSnapshot', 'BusSnapshot', 'Drained', 'InMemoryIdempotencyOptions'],
      ]),
    );
  });

  it('stand for all that a route may hold, and for all who are asked', () => {
    expect(pages.flatMap(namesIn)).toEqual(
      expect.arrayContaining([
        ...['GatewayRoute', 'RouteLimit', 'RouteCache', 'RouteMirror', 'RouteBody', 'CorsOptions', 'IpRules'],
        ...['Redirect', 'GatewayReply', 'Upstream', 'WholeUpstream', 'UpstreamService', 'UpstreamAggregate'],
        ...['UpstreamSplit', 'UpstreamSide', 'SplitBy', 'LimitBy', 'Authenticator', 'Authentication'],
        ...['PathOddity'],
        ...['Identity', 'ApiKeysOptions', 'ApiKey', 'JwtOptions', 'SignedRequestsOptions', 'SigningKey'],
      ]),
    );
  });

  const source = `
    /** Which. */
    export type Kind =
      | 'a'
      | 'b';
    export interface Valve {
      /** How wide, see {@link Kind}. @default 30_000 */
      readonly size?: number;
      /** What it is,
       * or is not. */
      readonly kind: Kind | readonly Kind[];
      /** Who opens it. @default nobody */
      readonly by?: () => void;
      /** Opens it. */
      open(by: string): void;
      readonly name?: string;
    }`;
  const made = (page: string) =>
    withTypes(programOf(['src/case.ts'], { 'src/case.ts': source }), ['src/case.ts'], page);

  it('have a row for each field, with its type and its default as they are written', () => {
    expect(made('A\n<!-- type: Valve -->\nold\n<!-- /type -->\nB')).toBe(
      [
        ...[
          'A',
          '<!-- type: Valve -->',
          '',
          '| Option | Type | Default | Meaning |',
          '| --- | --- | --- | --- |',
        ],
        '| `size` | `number` | `30_000` | How wide, see `Kind`. |',
        '| `kind` | `Kind \\| Kind[]` | required | What it is, or is not. |',
        '| `by` | `() => void` | nobody | Who opens it. |',
        '| `open` | `(by: string): void` | required | Opens it. |',
        ...['| `name` | `string` | — |  |', '', '<!-- /type -->', 'B'],
      ].join('\n'),
    );
  });

  it('say nothing of defaults where all fields are there', () => {
    const given = 'export interface Read {\n/** How wide. */\nreadonly size: number }';
    const page = '<!-- type: Read -->\n<!-- /type -->';
    expect(withTypes(programOf(['src/case.ts'], { 'src/case.ts': given }), ['src/case.ts'], page)).toBe(
      '<!-- type: Read -->\n\n| Field | Type | Meaning |\n| --- | --- | --- |\n' +
        '| `size` | `number` | How wide. |\n\n<!-- /type -->',
    );
  });

  it('say what an alias stands for, and know no other types', () => {
    expect(made('<!-- type: Kind -->\n<!-- /type -->')).toContain("Kind = 'a' | 'b'");
    expect(() => made('<!-- type: None -->\n<!-- /type -->')).toThrow(
      'src/case.ts: none exports a type None',
    );
  });
});
