import { Sieve, SieveNode } from './sieve.js';

/** An answer as it is kept, with what the request said of which it depends. */
export interface KeptAnswer {
  readonly vary: readonly string[];
  /** What the request said under the names of `vary`. */
  readonly said: readonly (string | undefined)[];
  /** All that it takes, about. */
  readonly bytes: number;
}

/** A field of a request by its name in lower case. */
type FieldOf = (name: string) => string | undefined;

/** So many answers that differ by `Vary` are kept for one key. */
const MOST_VARIANTS = 16;

/**
 * What a request says under names, for {@link KeptAnswer}. Spaces at commas make no difference. By parts, for
 * a pattern that looks for spaces before a comma looks at each run of them as many times as it is long.
 */
export function saidUnder(names: readonly string[], fieldOf: FieldOf): (string | undefined)[] {
  return names.map(name =>
    fieldOf(name)
      ?.split(',')
      .map(part => part.trim())
      .join(),
  );
}

class Shelf<A extends KeptAnswer> extends SieveNode {
  readonly uri: string;
  /** The newest first. */
  answers: readonly A[] = [];

  constructor(key: string, uri: string) {
    super(key);
    this.uri = uri;
  }
}

/**
 * Answers by key, with a bound on how many there are and on all their bytes together. Who needs room takes
 * out what was not asked for since it was last looked at, with all of its variants.
 */
export class HttpCacheStore<A extends KeptAnswer> {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #sieve: Sieve<Shelf<A>>;
  readonly #byUri = new Map<string, Set<Shelf<A>>>();
  #entries = 0;
  #bytes = 0;

  constructor(maxEntries: number, maxBytes: number) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
    this.#sieve = new Sieve(maxEntries);
  }

  get entries(): number {
    return this.#entries;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Of how many URIs something is kept. */
  get uris(): number {
    return this.#byUri.size;
  }

  /** The newest answer under the key that fits the request. */
  find(key: string, fieldOf: FieldOf): A | undefined {
    return this.#sieve.get(key)?.answers.find(answer => {
      const said = saidUnder(answer.vary, fieldOf);
      return answer.said.every((value, at) => value === said[at]);
    });
  }

  /** Keeps an answer; `former` is the one that it replaces. `false` where it is larger than all the room. */
  put(key: string, uri: string, answer: A, former: A | undefined): boolean {
    this.remove(key, former);
    if (answer.bytes > this.#maxBytes) return false;
    while (this.#entries >= this.#maxEntries || this.#bytes + answer.bytes > this.#maxBytes) this.#evict();
    let shelf = this.#sieve.peek(key);
    if (shelf === undefined) {
      shelf = new Shelf<A>(key, uri);
      this.#sieve.add(shelf);
      const others = this.#byUri.get(uri);
      if (others === undefined) this.#byUri.set(uri, new Set([shelf]));
      else others.add(shelf);
    }
    const same = (one: A): boolean =>
      one.vary.join() === answer.vary.join() && one.said.every((value, at) => value === answer.said[at]);
    const left = shelf.answers.filter(one => !same(one)).slice(0, MOST_VARIANTS - 1);
    this.#set(shelf, [answer, ...left]);
    return true;
  }

  /** Takes one answer out. */
  remove(key: string, answer: A | undefined): void {
    const shelf = this.#sieve.peek(key);
    if (shelf === undefined) return;
    this.#set(
      shelf,
      shelf.answers.filter(one => one !== answer),
    );
    if (shelf.answers.length === 0) this.#drop(shelf);
  }

  /** Takes out all that is kept of a URI, under whatever key. */
  invalidate(uri: string): number {
    const shelves = [...(this.#byUri.get(uri) ?? [])];
    for (const shelf of shelves) this.#drop(shelf);
    return shelves.length;
  }

  clear(): void {
    for (const shelf of [...this.#sieve.nodes()]) this.#drop(shelf);
  }

  #set(shelf: Shelf<A>, answers: readonly A[]): void {
    const sum = (list: readonly A[]): number => list.reduce((total, { bytes }) => total + bytes, 0);
    this.#entries += answers.length - shelf.answers.length;
    this.#bytes += sum(answers) - sum(shelf.answers);
    shelf.answers = answers;
  }

  #drop(shelf: Shelf<A>): void {
    this.#set(shelf, []);
    this.#sieve.delete(shelf.key);
    const others = this.#byUri.get(shelf.uri)!;
    others.delete(shelf);
    if (others.size === 0) this.#byUri.delete(shelf.uri);
  }

  #evict(): void {
    const { size } = this.#sieve;
    const gone = size > 1 ? this.#sieve.resize(size - 1) : [...this.#sieve.nodes()];
    this.#sieve.resize(this.#maxEntries);
    for (const shelf of gone) this.#drop(shelf);
  }
}
