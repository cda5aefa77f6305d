import type { RoutePattern } from './route-pattern.js';

/** Something with a pattern, and its place in the order of all: a smaller rank goes first. */
export interface RankedRoute {
  readonly pattern: RoutePattern;
  readonly rank: number;
}

/**
 * Where the reading of a path has come to. Each state knows all routes that are still possible, so one look
 * at each segment is enough: nothing is ever tried and taken back.
 */
export class RouteState<R extends RankedRoute> {
  readonly next = new Map<string, RouteState<R>>();
  /** For a segment that no route names here; `undefined` where no route takes just any. */
  other: RouteState<R> | undefined;
  /** What takes a path that ends here, and what takes one that leaves the table here; in order of rank. */
  readonly ends: readonly R[];
  readonly rests: readonly R[];

  constructor(ends: readonly R[], rests: readonly R[]) {
    this.ends = ends;
    this.rests = rests;
  }
}

/** So many states a table may have; each is some hundred bytes. */
export const MOST_STATES = 200_000;

const byRank = (a: RankedRoute, b: RankedRoute): number => a.rank - b.rank;

/**
 * The states for these routes. A text takes along what takes any segment at its place, so patterns that mix
 * the two in many ways want many states.
 *
 * @throws RangeError when there would be more than `most`.
 */
export class RouteStates<R extends RankedRoute> {
  readonly root: RouteState<R>;
  readonly #most: number;
  #count = 0;

  constructor(routes: readonly R[], most = MOST_STATES) {
    this.#most = most;
    this.root = this.#make(routes, [], 0);
  }

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** The routes that take this path, in order of rank. Reads each of its characters once. */
  find(path: string): readonly R[] {
    let state = this.root;
    for (let start = 1; ; ) {
      const slash = path.indexOf('/', start);
      const segment = slash === -1 ? path.slice(start) : path.slice(start, slash);
      const next = state.next.get(segment) ?? (segment === '' ? undefined : state.other);
      if (next === undefined) return state.rests;
      state = next;
      if (slash === -1) return state.ends;
      start = slash + 1;
    }
  }

  /** `routes` are those that fit so far and go on beyond `depth`, or end at it; `rests` those left behind. */
  #make(routes: readonly R[], rests: readonly R[], depth: number): RouteState<R> {
    if (++this.#count > this.#most) {
      throw new RangeError(
        `routes: these patterns want more than ${this.#most} states; name fewer texts beside parameters`,
      );
    }
    const here = routes.filter(({ pattern }) => pattern.segments.length === depth);
    const longer = routes.filter(({ pattern }) => pattern.segments.length > depth);
    const left = here.some(({ pattern }) => pattern.open)
      ? [...rests, ...here.filter(({ pattern }) => pattern.open)].sort(byRank)
      : rests;
    const ends = here.some(({ pattern }) => !pattern.open)
      ? [...left, ...here.filter(({ pattern }) => !pattern.open)].sort(byRank)
      : left;
    const state = new RouteState(ends, left);
    const any = longer.filter(({ pattern }) => pattern.segments[depth] === undefined);
    if (any.length > 0) state.other = this.#make(any, left, depth + 1);
    const texts = new Map<string, R[]>();
    for (const route of longer) {
      const text = route.pattern.segments[depth];
      if (text === undefined) continue;
      const those = texts.get(text);
      if (those === undefined) texts.set(text, [route]);
      else those.push(route);
    }
    for (const [text, those] of texts) {
      // No parameter is empty: at the slash of an end only those go on that name it.
      const all = text === '' ? those : [...those, ...any];
      state.next.set(text, this.#make(all, left, depth + 1));
    }
    return state;
  }
}
