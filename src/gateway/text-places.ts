/** Where the values of a text begin: offsets, as a tree of the same shape as what was read. */
export interface TextPlace {
  /** The offset of the name of a field, or of an item of a list. */
  readonly at: number;
  readonly fields?: ReadonlyMap<string, TextPlace> | undefined;
  readonly items?: readonly TextPlace[] | undefined;
}

/** What was read of a text. */
export interface ReadText {
  readonly value: unknown;
  readonly place: TextPlace;
}

/** A text that is none of its kind. */
export class TextMistake extends Error {
  /** The offset. */
  readonly at: number;

  constructor(says: string, at: number) {
    super(says);
    this.at = at;
  }
}

/** A line and a column of a text; both begin at 1. */
export interface LineColumn {
  readonly line: number;
  readonly column: number;
}

/** Steps of a path in the words of `fieldOf`: `a`, `["b c"]` or `[0]`. */
const STEP = /\.?([\w$]+)|\[("(?:[^"\\]|\\.)*")\]|\[(\d+)\]/gy;

/** Where the path leads, or the last part of it that is there. */
export function placeOf(root: TextPlace, path: string): number {
  let place = root;
  for (const [, plain, quoted, item] of path.matchAll(STEP)) {
    const name = quoted === undefined ? plain : (JSON.parse(quoted) as string);
    const next = item === undefined ? place.fields?.get(name!) : place.items?.[Number(item)];
    if (next === undefined) break;
    place = next;
  }
  return place.at;
}

/** The line and the column of an offset. */
export function lineAndColumn(text: string, at: number): LineColumn {
  let line = 1;
  let start = 0;
  for (let end = text.indexOf('\n'); end >= 0 && end < at; end = text.indexOf('\n', start)) {
    line++;
    start = end + 1;
  }
  return { line, column: at - start + 1 };
}
