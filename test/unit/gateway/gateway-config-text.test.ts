import { describe, expect, it } from 'vitest';
import * as yaml from 'yaml';
import { type ApiGatewayExtras, gatewayFrom } from '../../../src/gateway.js';
import { problemsOf, route, routes } from './config-problems.js';

describe('a text of a config', () => {
  const places = (text: string, extras?: ApiGatewayExtras) => problemsOf(text, extras);

  it.each([
    [
      '{"routes": [\n  {"path": "/", "reply": {}, "pth": 1}]}',
      'routes[0].pth is unknown; did you mean `path`? (line 2, column 30)',
    ],
    ['{"routes": [],\n "a b": 1}', '["a b"] is unknown; known are'],
    [
      '{"routes": [],}',
      'the text is no JSON: a name in double quotes must be here, got "}" (line 1, column 15)',
    ],
    ['{"routes": []', 'the text is no JSON: `,` or `}` must be here, got the end (line 1, column 14)'],
    ['{"routes": [], "routes": []}', 'the text "routes" is given twice (line 1, column 16)'],
    [
      '{"name": "a\nb"}',
      'the text is no JSON: a text that ends on its line must be here, got "\\"" (line 1, column 10)',
    ],
    ['{} {}', 'the text is no JSON: the end must be here, got "{" (line 1, column 4)'],
    ['['.repeat(300), 'the text nested deeper than 200 objects and lists (line 1, column 202)'],
    ['', 'the text is no JSON: a value must be here, got the end (line 1, column 1)'],
  ])('of JSON is refused with its place: %s', (text, message) => {
    expect(places(text)[0]).toContain(message);
  });

  it.each([
    [
      'routes:\n  - path: /\n    reply: {}\n    pth: 1',
      'routes[0].pth is unknown; did you mean `path`? (line 4, column 5)',
    ],
    [
      'routes:\n  - &a { path: /, reply: { status: 1 } }',
      'routes[0].reply.status must be an integer >= 200 <= 599, got 1 (line 2, column 28)',
    ],
    ['routes: []\nroutes: []', 'the text is no YAML: Map keys must be unique (line 2, column 1)'],
    ['routes: [', 'the text is no YAML: '],
    ['a: &a [1]\nb: *b', 'the text is no YAML: '],
  ])('of YAML is refused with its place: %s', (text, message) => {
    expect(places(text, { yaml })[0]).toContain(message);
  });

  it('is read as JSON.parse reads it', () => {
    const text =
      '{"routes":[{"path":"/","reply":{"json":{"a":[1.5e3,-0,true,false,null,"\\u00e9\\n\u007f"],"":{}}}}]}';
    expect(() => gatewayFrom(text)).not.toThrow();
  });
});

describe('references of a config', () => {
  const secret = 'a-secret-that-nobody-sees';

  it('that are not set are refused', () => {
    expect(problemsOf({ name: `\${NAME}`, routes })).toEqual([
      'name names the variable "NAME", which is not set',
    ]);
    expect(problemsOf({ name: `\${a b}`, routes }, { env: { 'a b': 'c' } })).toHaveLength(1);
  });

  it('stand anywhere in a text, and `$${` stands for itself', () => {
    const gateway = gatewayFrom({ name: `a-\${B}-$\${C}`, routes }, { env: { B: 'b' } });
    expect(gateway.describe()).toMatchObject({ name: `a-b-\${C}` });
  });

  it('are what is shown of them', () => {
    const config = route({ reply: {}, requestHeaders: { a: `Bearer \${TOKEN}` }, host: `\${TOKEN}` });
    const [message] = problemsOf(config, { env: { TOKEN: `${secret}\n` } });
    expect(message).not.toContain(secret);
    expect(message).toContain(`got "\${TOKEN}"`);
  });
});
