import { conditionsKey, countOf, type HeaderOf, meets, type RouteConditions } from './route-conditions.js';
import { comparePatterns, matchesPath, pathsKey, type RoutePattern } from './route-pattern.js';
import { RouteStates } from './route-states.js';

/** A route as the table knows it. */
export interface TableRoute {
  readonly name: string;
  /** In lower case; `*.example.com` for all names below it; `undefined` for any. */
  readonly host: string | undefined;
  /** In upper case; empty for any. `GET` takes `HEAD` as well. */
  readonly methods: readonly string[];
  readonly pattern: RoutePattern;
  readonly conditions: RouteConditions;
}

/** A route with its place in the order of precedence. */
export interface PlacedRoute<R extends TableRoute> {
  readonly route: R;
  readonly pattern: RoutePattern;
  readonly rank: number;
}

/** What a request says, as far as routes look at it. */
export interface RouteQuestion {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headerOf: HeaderOf;
}

/** The route of a request; or why there is none, and then which methods the path has. */
export type RouteAnswer<R> =
  | { readonly kind: 'route'; readonly route: R }
  | { readonly kind: 'path' }
  | { readonly kind: 'method'; readonly allowed: readonly string[] };

const isBelow = (host: string): boolean => host.startsWith('*.');

/** A named host, then names below one, the longer first, then any. */
function compareHosts(a: string | undefined, b: string | undefined): number {
  const [inA, inB] = [a, b].map(host => (host === undefined ? 2 : isBelow(host) ? 1 : 0)) as [number, number];
  return inA - inB || (inA === 1 ? b!.length - a!.length : 0);
}

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Whether one takes HEAD only because it takes GET, and the other names it. */
const givesHeadTo = ({ methods }: TableRoute, other: TableRoute): boolean =>
  methods.includes('GET') && !methods.includes('HEAD') && other.methods.includes('HEAD');

/** The order of precedence; 0 where no request is taken by both, or {@link tiedPair} tells of them. */
export function compareRoutes(a: TableRoute, b: TableRoute): number {
  return (
    compareHosts(a.host, b.host) ||
    comparePatterns(a.pattern, b.pattern) ||
    Number(a.methods.length === 0) - Number(b.methods.length === 0) ||
    countOf(b.conditions) - countOf(a.conditions) ||
    compareTexts(conditionsKey(a.conditions), conditionsKey(b.conditions)) ||
    Number(givesHeadTo(a, b)) - Number(givesHeadTo(b, a))
  );
}

/** Whether a route takes a host. */
export function takesHost(route: TableRoute, host: string): boolean {
  if (route.host === undefined || route.host === host) return true;
  return isBelow(route.host) && host.length > route.host.length - 1 && host.endsWith(route.host.slice(1));
}

/** Whether a route takes a method. */
export function takesMethod({ methods }: TableRoute, method: string): boolean {
  return methods.length === 0 || methods.includes(method) || (method === 'HEAD' && methods.includes('GET'));
}

/** The route by the definition: the first of all, in the order of precedence, that takes the request. */
export function firstRoute<R extends TableRoute>(
  sorted: readonly R[],
  question: RouteQuestion,
): R | undefined {
  return sorted.find(
    route =>
      takesHost(route, question.host) &&
      matchesPath(route.pattern, question.path) &&
      takesMethod(route, question.method) &&
      meets(route.conditions, question.headerOf, question.query),
  );
}

/** The first two routes of a kind, of those that ask for the same but for their methods. */
function findPair<R extends TableRoute>(
  sorted: readonly R[],
  isOne: (first: R, second: R) => boolean,
): readonly [R, R] | undefined {
  const alike = new Map<string, R[]>();
  for (const second of sorted) {
    const { host, pattern, conditions } = second;
    const key = JSON.stringify([host, pathsKey(pattern), conditionsKey(conditions)]);
    const before = alike.get(key) ?? [];
    const first = before.find(one => isOne(one, second));
    if (first !== undefined) return [first, second];
    alike.set(key, [...before, second]);
  }
  return undefined;
}

/** Two routes of which the second gets no request that the first does not take; `undefined` for none such. */
export function hiddenPair<R extends TableRoute>(sorted: readonly R[]): readonly [R, R] | undefined {
  return findPair(
    sorted,
    (first, { methods }) =>
      first.methods.length === 0 ||
      (methods.length > 0 && methods.every(method => takesMethod(first, method))),
  );
}

/** The methods that both routes name. */
export const sharedMethods = (one: TableRoute, other: TableRoute): string[] =>
  one.methods.filter(method => other.methods.includes(method));

/** Two routes that name a method both: only the order of their declaration would say which goes first. */
export const tiedPair = <R extends TableRoute>(sorted: readonly R[]): readonly [R, R] | undefined =>
  findPair(sorted, (first, second) => sharedMethods(first, second).length > 0);

/**
 * Which route a request takes: by host, path, method and conditions, in the order of precedence, whatever the
 * order of declaration. The time is that of reading the host and the path once, and of looking at the routes
 * that take just this path; how many others there are does not matter.
 */
export class RouteTable<R extends TableRoute> {
  /** In the order of precedence. */
  readonly routes: readonly R[];
  readonly #hosts = new Map<string, RouteStates<PlacedRoute<R>>>();
  readonly #any: RouteStates<PlacedRoute<R>> | undefined;

  /** @throws RangeError when the patterns want too many states. */
  constructor(routes: readonly R[]) {
    this.routes = [...routes].sort(compareRoutes);
    const byHost = new Map<string | undefined, PlacedRoute<R>[]>();
    for (const [rank, route] of this.routes.entries()) {
      const placed = { route, pattern: route.pattern, rank };
      const those = byHost.get(route.host);
      if (those === undefined) byHost.set(route.host, [placed]);
      else those.push(placed);
    }
    for (const [host, those] of byHost) {
      if (host === undefined) this.#any = new RouteStates(those);
      else this.#hosts.set(host, new RouteStates(those));
    }
  }

  find(question: RouteQuestion): RouteAnswer<R> {
    const allowed = new Set<string>();
    for (const states of this.#statesFor(question.host)) {
      for (const { route } of states.find(question.path)) {
        if (!takesMethod(route, question.method)) {
          for (const method of route.methods) allowed.add(method);
        } else if (meets(route.conditions, question.headerOf, question.query)) {
          return { kind: 'route', route };
        }
      }
    }
    if (allowed.size === 0) return { kind: 'path' };
    if (allowed.has('GET')) allowed.add('HEAD');
    return { kind: 'method', allowed: [...allowed].sort() };
  }

  #statesFor(host: string): RouteStates<PlacedRoute<R>>[] {
    const found: RouteStates<PlacedRoute<R>>[] = [];
    if (this.#hosts.size > 0) {
      const own = this.#hosts.get(host);
      if (own !== undefined) found.push(own);
      // The names above it, the nearest first: those are the longer ones. Nothing stands before a dot at 0.
      for (let dot = 0; ; ) {
        dot = host.indexOf('.', dot + 1);
        if (dot === -1) break;
        const above = this.#hosts.get(`*${host.slice(dot)}`);
        if (above !== undefined) found.push(above);
      }
    }
    if (this.#any !== undefined) found.push(this.#any);
    return found;
  }
}
