import { CacheFetch } from './cache-fetch.js';

/** For so long nobody waits for an answer like one that was not to be kept, in ms. */
const PASS_MS = 10_000;
/** Of so many characters the keys of such answers are at most: each is as long as its client likes. */
const MOST_PASSING = 4_194_304;

/** The requests of a cache that are under way, and which of them others may wait for. */
export class FetchTable {
  readonly #all = new Set<CacheFetch>();
  /** What others may wait for, by key. */
  readonly #shared = new Map<string, CacheFetch>();
  /** Keys of answers that were not to be kept, with the end of that knowledge; the oldest first. */
  readonly #passing = new Map<string, number>();
  #passingLength = 0;
  readonly #maxPassing: number;
  readonly #now: () => number;

  constructor(maxPassing: number, now: () => number) {
    this.#maxPassing = maxPassing;
    this.#now = now;
  }

  get size(): number {
    return this.#all.size;
  }

  /** What others of this key may wait for. */
  shared(key: string): CacheFetch | undefined {
    return this.#shared.get(key);
  }

  /** Whether the answer of this key was lately one that is not kept. */
  isPassing(key: string): boolean {
    const until = this.#passing.get(key);
    if (until === undefined || until > this.#now()) return until !== undefined;
    this.#forget(key);
    return false;
  }

  /** A request to the upstream begins; with `mayShare` others may wait for it. */
  begin({ key, uri }: { readonly key: string; readonly uri: string }, mayShare: boolean): CacheFetch {
    const isShared = mayShare && !this.isPassing(key);
    const fetch = new CacheFetch(uri, outcome => {
      this.#all.delete(fetch);
      if (this.#shared.get(key) === fetch) this.#shared.delete(key);
      if (outcome.kind === 'alone' && isShared) this.#pass(key);
    });
    this.#all.add(fetch);
    if (isShared) this.#shared.set(key, fetch);
    return fetch;
  }

  /** What is under way for a URI is not to be kept. */
  doom(uri: string): void {
    for (const fetch of this.#all) if (fetch.uri === uri) fetch.doomed = true;
  }

  clear(): void {
    for (const fetch of this.#all) fetch.doomed = true;
    this.#shared.clear();
    this.#passing.clear();
    this.#passingLength = 0;
  }

  #pass(key: string): void {
    this.#forget(key);
    this.#passing.set(key, this.#now() + PASS_MS);
    this.#passingLength += key.length;
    for (const oldest of this.#passing.keys()) {
      if (this.#passing.size <= this.#maxPassing && this.#passingLength <= MOST_PASSING) return;
      this.#forget(oldest);
    }
  }

  #forget(key: string): void {
    if (this.#passing.delete(key)) this.#passingLength -= key.length;
  }
}
