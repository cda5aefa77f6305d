/** What a route asks of a request besides its host, method and path. */

/** A value that has to be there, or `true` where any will do. */
export type RouteValue = string | true;

/** What a route looks at; names of headers in lower case. */
export interface RouteConditions {
  readonly headers: readonly (readonly [name: string, value: RouteValue])[];
  readonly query: readonly (readonly [name: string, value: RouteValue])[];
}

/** A header by its name in lower case; `undefined` where the request has none. */
export type HeaderOf = (name: string) => string | undefined;

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
};

/** The values of a query by a name, in their order; `query` with its `?`. */
export function queryValues(query: string, name: string): string[] {
  const values: string[] = [];
  for (const pair of query.slice(1).split('&')) {
    const equals = pair.indexOf('=');
    const key = equals < 0 ? pair : pair.slice(0, equals);
    if (decoded(key) === name) values.push(equals < 0 ? '' : decoded(pair.slice(equals + 1)));
  }
  return values;
}

const fits = (wanted: RouteValue, given: readonly (string | undefined)[]): boolean =>
  given.some(value => value !== undefined && (wanted === true || value === wanted));

/** Whether a request meets all of them. */
export function meets(conditions: RouteConditions, headerOf: HeaderOf, query: string): boolean {
  return (
    conditions.headers.every(([name, value]) => fits(value, [headerOf(name)])) &&
    conditions.query.every(([name, value]) => fits(value, queryValues(query, name)))
  );
}

/** How many there are: a route with more of them goes first. */
export const countOf = ({ headers, query }: RouteConditions): number => headers.length + query.length;

const sorted = (list: RouteConditions['headers']): string[] => list.map(one => JSON.stringify(one)).sort();

/** A text that two have in common when they ask for the same. */
export function conditionsKey({ headers, query }: RouteConditions): string {
  return JSON.stringify([sorted(headers), sorted(query)]);
}
