import type { ApiGateway } from '../node-http/api-gateway.js';

interface RouteWords {
  readonly route: string;
  readonly host: string | null;
  readonly methods: readonly string[];
  readonly path: string;
  readonly headers: Readonly<Record<string, string | true>>;
  readonly query: Readonly<Record<string, string | true>>;
  readonly end: string;
  readonly to: string | null;
}

const conditions = (sign: string, record: Readonly<Record<string, string | true>>): string[] =>
  Object.entries(record).map(([name, value]) => (value === true ? sign + name : `${sign}${name}=${value}`));

/** The routes as a table, the first that is asked at the top. */
export function listRoutes(gateway: ApiGateway): string {
  const { routes } = gateway.describe() as { readonly routes: readonly RouteWords[] };
  const rows = routes.map(({ route, host, methods, path, headers, query, end, to }, at) => [
    String(at + 1),
    host ?? '*',
    methods.length === 0 ? '*' : methods.join(','),
    path,
    [...conditions('', headers), ...conditions('?', query)].join(' ') || '-',
    to === null ? end : `${end} ${to}`,
    route,
  ]);
  const all = [['#', 'host', 'methods', 'path', 'if', 'goes to', 'name'], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map(row => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd();
  return `${all.map(line).join('\n')}\n`;
}
