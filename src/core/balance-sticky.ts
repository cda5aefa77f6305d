import type { BalancedHost, Chooser } from './balance.js';

/**
 * Calls of one key stay with the host that the first of them was given, chosen as `inner` does, for as long
 * as it may be chosen. That is known of `maxKeys` keys at most; the one that was not used for longest goes.
 */
export class Sticky<H extends BalancedHost> implements Chooser<H> {
  readonly #inner: Chooser<H>;
  readonly #maxKeys: number;
  /** By the hash of the key, the one used last at the end. */
  readonly #kept = new Map<number, H>();
  #hosts: ReadonlySet<H> = new Set();

  constructor(inner: Chooser<H>, maxKeys: number) {
    this.#inner = inner;
    this.#maxKeys = maxKeys;
  }

  get busy(): number {
    return this.#inner.busy;
  }

  set busy(busy: number) {
    this.#inner.busy = busy;
  }

  reset(hosts: readonly H[]): void {
    this.#hosts = new Set(hosts);
    for (const [hash, host] of this.#kept) if (!this.#hosts.has(host)) this.#kept.delete(hash);
    this.#inner.reset(hosts);
  }

  choose(hash: number, barred: ((host: H) => boolean) | undefined): H | undefined {
    if (hash < 0) return this.#inner.choose(hash, barred);
    const kept = this.#kept.get(hash);
    // One that is barred for this call alone stays the host of the key.
    if (kept !== undefined && barred?.(kept) === true) return this.#inner.choose(hash, barred);
    const host = kept ?? this.#inner.choose(hash, barred);
    if (host === undefined) return undefined;
    this.#kept.delete(hash);
    this.#kept.set(hash, host);
    if (this.#kept.size > this.#maxKeys) this.#kept.delete(this.#kept.keys().next().value!);
    return host;
  }
}
