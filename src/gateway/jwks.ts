import type { Clock } from '../kernel/clock.js';
import { factOf } from '../kernel/errors.js';

/** Finds the key of a token by its header. */
export type KeyFinder = (header: never, token: never) => unknown;

/** How keys are fetched, and kept. */
export interface RemoteKeyRules {
  readonly url: string;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly clock: Clock;
  /** So long a set is fresh. It is fetched anew when four fifths of that are over. */
  readonly maxAgeMs: number;
  /** So long after that it still serves, while nobody answers. */
  readonly maxStaleMs: number;
  /** Keys that nobody knows do not make it fetch more often than this. */
  readonly cooldownMs: number;
  readonly timeoutMs: number;
}

/** A set of keys is never larger. */
const MOST_BYTES = 524_288;
/** So soon a fetch that failed is tried again. */
const RETRY_MS = 1_000;

/** The text of an answer, of which no more is read than there may be. */
async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > MOST_BYTES) throw new Error('the keys are too large');
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/**
 * The keys of a provider. They are fetched when first needed, and anew before they are old, and when a token
 * names one that is not there, but not too often. While the provider is down those that are known serve on.
 */
export class RemoteKeys {
  readonly #rules: RemoteKeyRules;
  readonly #make: (jwks: unknown) => KeyFinder;
  #find: KeyFinder | undefined;
  #loadedAt = 0;
  #triedAt = -Infinity;
  #failure: unknown;
  #loading: Promise<void> | undefined;

  constructor(rules: RemoteKeyRules, make: (jwks: unknown) => KeyFinder) {
    this.#rules = rules;
    this.#make = make;
  }

  /** The key for a token. @throws what the finder throws; and why there are no keys at all. */
  async key(header: never, token: never): Promise<unknown> {
    const { clock, maxAgeMs, maxStaleMs, cooldownMs } = this.#rules;
    const ageMs = clock.now() - this.#loadedAt;
    if (this.#find === undefined || ageMs >= maxAgeMs + maxStaleMs) await this.#load(RETRY_MS, true);
    // Nobody waits for keys that are only to be newer.
    else if (ageMs >= maxAgeMs * 0.8) void this.#load(RETRY_MS, false);
    try {
      return await this.#find!(header, token);
    } catch (error) {
      if (factOf(error, 'code') !== 'ERR_JWKS_NO_MATCHING_KEY') throw error;
      const before = this.#loadedAt;
      await this.#load(cooldownMs, false);
      if (this.#loadedAt === before) throw error;
      return await this.#find!(header, token);
    }
  }

  /** Fetches them, unless that was tried less than `pauseMs` ago. Fails only where they are `needed`. */
  async #load(pauseMs: number, needed: boolean): Promise<void> {
    const { clock } = this.#rules;
    if (this.#loading === undefined && clock.now() - this.#triedAt >= pauseMs) {
      this.#triedAt = clock.now();
      this.#loading = this.#fetch()
        .then(
          find => {
            this.#find = find;
            this.#loadedAt = clock.now();
            this.#failure = undefined;
          },
          error => {
            this.#failure = error;
          },
        )
        .finally(() => {
          this.#loading = undefined;
        });
    }
    await this.#loading;
    const { maxAgeMs, maxStaleMs } = this.#rules;
    const gone = this.#find === undefined || clock.now() - this.#loadedAt >= maxAgeMs + maxStaleMs;
    if (needed && gone) throw this.#failure ?? new Error('there are no keys');
  }

  async #fetch(): Promise<KeyFinder> {
    const { url, fetch, clock, timeoutMs } = this.#rules;
    const controller = new AbortController();
    const timer = clock.schedule(timeoutMs, () => controller.abort(new Error(`no keys for ${timeoutMs} ms`)));
    try {
      const headers = { accept: 'application/json' };
      const response = await fetch(url, { headers, redirect: 'error', signal: controller.signal });
      if (response.status !== 200) throw new Error(`the keys were answered with ${response.status}`);
      if (Number(response.headers.get('content-length')) > MOST_BYTES)
        throw new Error('the keys are too large');
      return this.#read(await textOf(response));
    } finally {
      timer.cancel();
    }
  }

  /** That of `make` would say that something is wrong with a token. */
  #read(text: string): KeyFinder {
    try {
      return this.#make(JSON.parse(text));
    } catch (cause) {
      throw new Error('the keys are none', { cause });
    }
  }
}
