/**
 * One form of a path, for matching, for authorisation and for the upstream. What servers read in more than
 * one way is told as an oddity: whoever takes the path decides which of them it takes.
 */

/**
 * What a path may hold that servers do not read alike.
 *
 * - `dots`: `.` and `..` as segments, and `%2e` anywhere. They are resolved.
 * - `encoded-slash`: `%2f`, which stays as it is.
 * - `backslash`: `\` and `%5c`; both become `%5C`.
 * - `control`: `%00` to `%1f`, and `%7f`.
 * - `empty-segment`: `//`, which stays as it is.
 * - `parameters`: `;`.
 * - `double-encoding`: `%25` before two hex digits.
 * - `not-utf8`: escapes that are not UTF-8, such as `%ff`, and overlong ones.
 */
export type PathOddity =
  | 'dots'
  | 'encoded-slash'
  | 'backslash'
  | 'control'
  | 'empty-segment'
  | 'parameters'
  | 'double-encoding'
  | 'not-utf8';

/** All of them; the place in this list is the bit in a set. */
export const pathOddities: readonly PathOddity[] = [
  ...(['dots', 'encoded-slash', 'backslash', 'control'] as const),
  ...(['empty-segment', 'parameters', 'double-encoding', 'not-utf8'] as const),
];

const [DOTS, ENCODED_SLASH, BACKSLASH, CONTROL, EMPTY, PARAMETERS, DOUBLE, NOT_UTF8] = [
  ...[1, 2, 4, 8, 16, 32, 64, 128],
] as [number, number, number, number, number, number, number, number];

/** The set of these, as bits. */
export function oddityBits(oddities: readonly PathOddity[]): number {
  return oddities.reduce((bits, oddity) => bits | (1 << pathOddities.indexOf(oddity)), 0);
}

/** Which they are. */
export function oddityNames(bits: number): PathOddity[] {
  return pathOddities.filter((_, place) => (bits & (1 << place)) !== 0);
}

/** A path in its one form. */
export interface NormalPath {
  /** Begins with `/`; escapes are in upper case, and only of what cannot stand for itself. */
  readonly path: string;
  /** What was odd about it, as bits. */
  readonly oddities: number;
}

/** Most paths: nothing to decode, no empty segment, and none that begins with a dot. */
const PLAIN = /^(?:\/[\w~!$&'()*+,=:@-][\w.~!$&'()*+,=:@-]*)*\/?$/;
/** A character that stands for itself wherever it comes from. */
const UNRESERVED = /[\w.~-]/;
/** One that may stand in a path by RFC 3986, besides the escapes. */
const PATH_CHARACTER = /[\w.~!$&'()*+,=:@;-]/;
/** Of two characters: both. */
const HEX = /[\da-fA-F]{2}/;
const ENCODED_TWICE = /%25[\da-fA-F]{2}/;
/** Where some servers end a segment, or cut it off. */
const SEAMS = /%2F|%5C|;|%[01][\dA-F]|%7F/;

const isDots = (segment: string): boolean => segment === '.' || segment === '..';
const escaped = (code: number): string => `%${code.toString(16).toUpperCase().padStart(2, '0')}`;

/** Reads one path from its first slash to its end. */
class PathReader {
  readonly #raw: string;
  readonly #segments: string[] = [];
  #segment = '';
  oddities = 0;

  constructor(raw: string) {
    this.#raw = raw;
  }

  /** `undefined` for what has no reading that all agree on. */
  read(): string | undefined {
    const raw = this.#raw;
    for (let at = 1; at < raw.length; at++) {
      const character = raw[at]!;
      if (character === '%') {
        const digits = raw.slice(at + 1, at + 3);
        if (!HEX.test(digits)) return undefined;
        this.#takeEscape(Number.parseInt(digits, 16));
        at += 2;
      } else if (character === '/') {
        if (!this.#endSegment(false)) return undefined;
      } else if (!this.#takeCharacter(character)) {
        return undefined;
      }
    }
    if (!this.#endSegment(true)) return undefined;
    const path = `/${this.#segments.join('/')}`;
    // Of the path that was made: escapes of digits may have become the digits of an escape.
    if (ENCODED_TWICE.test(path)) this.oddities |= DOUBLE;
    try {
      decodeURIComponent(path);
    } catch {
      this.oddities |= NOT_UTF8;
    }
    return path;
  }

  #takeCharacter(character: string): boolean {
    const code = character.charCodeAt(0);
    if (code <= 0x20 || code >= 0x7f || character === '#' || character === '?') return false;
    if (character === '\\') this.oddities |= BACKSLASH;
    if (character === ';') this.oddities |= PARAMETERS;
    this.#segment += PATH_CHARACTER.test(character) ? character : escaped(code);
    return true;
  }

  #takeEscape(byte: number): void {
    const character = String.fromCharCode(byte);
    if (character === '.') this.oddities |= DOTS;
    if (character === '/') this.oddities |= ENCODED_SLASH;
    if (character === '\\') this.oddities |= BACKSLASH;
    if (byte < 0x20 || byte === 0x7f) this.oddities |= CONTROL;
    this.#segment += UNRESERVED.test(character) ? character : escaped(byte);
  }

  /** `false` for a segment that climbs out, or that some would take for dots and others not. */
  #endSegment(last: boolean): boolean {
    const segment = this.#segment;
    this.#segment = '';
    if (isDots(segment)) {
      this.oddities |= DOTS;
      if (segment === '..' && this.#segments.pop() === undefined) return false;
      if (last) this.#segments.push('');
      return true;
    }
    if (segment === '' && !last) this.oddities |= EMPTY;
    this.#segments.push(segment);
    return !segment.split(SEAMS).some(isDots);
  }
}

/** A path as it came in a request, without its query; `undefined` where it is none. Linear in its length. */
export function normalPath(raw: string): NormalPath | undefined {
  if (raw[0] !== '/') return undefined;
  if (PLAIN.test(raw)) return { path: raw, oddities: 0 };
  const reader = new PathReader(raw);
  const path = reader.read();
  return path === undefined ? undefined : { path, oddities: reader.oddities };
}
