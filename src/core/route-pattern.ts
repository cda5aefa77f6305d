import { normalPath } from './route-path.js';

/**
 * The pattern of a route: segments, each a text, `:name` for any one that is not empty, or as the last `*` or
 * `*name` for all that follows, which may be nothing: `/files/*` takes `/files`, `/files/` and `/files/a/b`,
 * and not `/filesystem`.
 */
export interface RoutePattern {
  readonly text: string;
  /** Its segments up to a rest; `undefined` stands for any one. */
  readonly segments: readonly (string | undefined)[];
  /** The names of the segments that may be anything, with their places. */
  readonly names: readonly (readonly [name: string, place: number])[];
  /** Whether it goes on; then `restName` may name what follows. */
  readonly open: boolean;
  readonly restName: string | undefined;
}

const PARAMETER = /^:[A-Za-z_]\w*$/;
const REST = /^\*(?:[A-Za-z_]\w*)?$/;
const unsafe = ['__proto__', 'constructor', 'prototype'];

/** What a pattern has to be and `text` is not, to follow "must be"; or the pattern. */
export function readPattern(text: unknown): RoutePattern | string {
  if (typeof text !== 'string' || !text.startsWith('/')) return 'a path that begins with /';
  const all = text.slice(1).split('/');
  const last = all.at(-1)!;
  const open = REST.test(last);
  const parts = open ? all.slice(0, -1) : all;
  const restName = open && last !== '*' ? last.slice(1) : undefined;
  const names = parts.flatMap((part, place) =>
    PARAMETER.test(part) ? [[part.slice(1), place] as const] : [],
  );
  const said = [...names.map(([name]) => name), restName];
  if (new Set(said).size < said.length) return 'without the same name twice';
  if (unsafe.some(name => said.includes(name))) return `without the names ${unsafe.join(', ')}`;
  for (const part of parts) {
    if (PARAMETER.test(part)) continue;
    if (/[:*]/.test(part)) return 'of whole segments: text, `:name`, or as the last `*` or `*name`';
    const normal = normalPath(`/${part}`);
    if (normal === undefined) return 'a path without spaces, controls and bad escapes';
    if (normal.path !== `/${part}`) return `written in its one form, here \`${normal.path.slice(1)}\``;
  }
  const segments = parts.map(part => (PARAMETER.test(part) ? undefined : part));
  return { text, segments, names, open, restName };
}

/** How exact a place of a pattern is: a text 0, any segment 1, a rest 2, the end of a closed one -1. */
function rankAt(pattern: RoutePattern, place: number): number {
  if (place < pattern.segments.length) return pattern.segments[place] === undefined ? 1 : 0;
  return pattern.open ? 2 : -1;
}

/**
 * Less than 0 where `a` goes first: at the first place at which they differ in kind, a text before any
 * segment before a rest.
 */
export function comparePatterns(a: RoutePattern, b: RoutePattern): number {
  // Where one ends and the other goes on they differ, so the end of `a` is as far as they may be alike.
  for (let place = 0; place <= a.segments.length; place++) {
    const difference = rankAt(a, place) - rankAt(b, place);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A text that two patterns have in common when they take exactly the same paths. */
export function pathsKey({ segments, open }: RoutePattern): string {
  return JSON.stringify([segments, open]);
}

/** Whether it takes a path, by the definition and not by the table: for tests, and for who has one route. */
export function matchesPath(pattern: RoutePattern, path: string): boolean {
  const { segments, open } = pattern;
  const given = path.slice(1).split('/');
  // `/files/*` takes `/files` as well: nothing follows. And `/*` takes everything.
  if (open ? given.length < segments.length : given.length !== segments.length) return false;
  return segments.every((segment, place) =>
    segment === undefined ? given[place] !== '' : given[place] === segment,
  );
}

/** What stands at the names of a pattern, in a path that it takes; a rest is empty or begins with a slash. */
export function paramsOf(pattern: RoutePattern, path: string): Readonly<Record<string, string>> {
  const { names, restName, segments } = pattern;
  const params: Record<string, string> = {};
  if (names.length === 0 && restName === undefined) return params;
  const given = path.slice(1).split('/');
  for (const [name, place] of names) params[name] = given[place]!;
  if (restName !== undefined) {
    const rest = given.slice(segments.length);
    params[restName] = rest.length === 0 ? '' : `/${rest.join('/')}`;
  }
  return params;
}
