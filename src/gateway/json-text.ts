import { type ReadText, TextMistake, type TextPlace } from './text-places.js';

/** Objects and lists inside each other, at most: what reads them calls itself that often. */
const MOST_DEPTH = 200;
const BLANK = /[ \t\r\n]*/y;
/** All characters but quotes, backslashes and what is below the blank. */
const STRING = /"[ !#-[\]-\u{10ffff}]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[ !#-[\]-\u{10ffff}]*)*"/uy;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;

/**
 * Reads JSON as `JSON.parse` does, and remembers where everything stands. A name that is given twice in one
 * object is a mistake: one of the two would count for nothing.
 *
 * @throws TextMistake with the place.
 */
export function readJsonText(text: string): ReadText {
  const reader = new JsonReader(text);
  const read = reader.value(0, reader.blank());
  reader.end();
  return read;
}

class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    // A file may say by its first character how it is encoded.
    if (text.startsWith('\ufeff')) this.#at = 1;
  }

  /** Goes to the next thing; answers where that is. */
  blank(): number {
    this.#take(BLANK);
    return this.#at;
  }

  end(): void {
    if (this.blank() < this.#text.length) this.#fail('the end');
  }

  /** `at` is where its name stands, if it has one. */
  value(depth: number, at: number): ReadText {
    if (depth > MOST_DEPTH) {
      throw new TextMistake(`nested deeper than ${MOST_DEPTH} objects and lists`, this.#at);
    }
    const first = this.#text[this.#at];
    if (first === '{') return this.#object(depth, at);
    if (first === '[') return this.#list(depth, at);
    const taken = first === '"' ? this.#take(STRING) : (this.#take(NUMBER) ?? this.#take(WORD));
    if (taken === undefined) return this.#fail(first === '"' ? 'a text that ends on its line' : 'a value');
    return { value: JSON.parse(taken), place: { at } };
  }

  #object(depth: number, at: number): ReadText {
    const entries: [string, unknown][] = [];
    const fields = new Map<string, TextPlace>();
    this.#at++;
    for (let nameAt = this.blank(); !this.#skip('}'); nameAt = this.blank()) {
      if (entries.length > 0) nameAt = this.#comma('}');
      const taken = this.#text[this.#at] === '"' ? this.#take(STRING) : undefined;
      if (taken === undefined) this.#fail('a name in double quotes');
      const name = JSON.parse(taken) as string;
      if (fields.has(name)) throw new TextMistake(`${JSON.stringify(name)} is given twice`, nameAt);
      this.blank();
      if (!this.#skip(':')) this.#fail('`:`');
      this.blank();
      const { value, place } = this.value(depth + 1, nameAt);
      entries.push([name, value]);
      fields.set(name, place);
    }
    return { value: Object.fromEntries(entries), place: { at, fields } };
  }

  #list(depth: number, at: number): ReadText {
    const values: unknown[] = [];
    const items: TextPlace[] = [];
    this.#at++;
    for (let itemAt = this.blank(); !this.#skip(']'); itemAt = this.blank()) {
      if (values.length > 0) itemAt = this.#comma(']');
      const { value, place } = this.value(depth + 1, itemAt);
      values.push(value);
      items.push(place);
    }
    return { value: values, place: { at, items } };
  }

  #comma(end: string): number {
    if (!this.#skip(',')) this.#fail(`\`,\` or \`${end}\``);
    return this.blank();
  }

  #skip(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const [taken] = pattern.exec(this.#text) ?? [];
    this.#at += taken?.length ?? 0;
    return taken;
  }

  #fail(wanted: string): never {
    const found = this.#text.codePointAt(this.#at);
    const got = found === undefined ? 'the end' : JSON.stringify(String.fromCodePoint(found));
    throw new TextMistake(`is no JSON: ${wanted} must be here, got ${got}`, this.#at);
  }
}
