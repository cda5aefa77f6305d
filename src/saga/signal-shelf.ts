import { refuseSignal } from './saga-errors.js';
import type { SignalTarget, StoredSignal } from './saga-store.js';

const owner = 'InMemorySagaStore';

interface Shelved {
  readonly signal: StoredSignal;
  /** The order in which they came, over all addresses. */
  readonly place: number;
}

/**
 * Signals that wait for their sagas, in memory. What was used up is remembered, so that it never comes twice.
 */
export class SignalShelf {
  readonly #limits: { readonly maxSignals: number; readonly maxSignalsPerSaga: number };
  readonly #waiting = new Map<string, Shelved[]>();
  readonly #known = new Map<string, Set<string>>();
  /** When the first signal came for a saga that there is not, by address; the oldest first. */
  readonly #early = new Map<string, number>();
  #count = 0;
  #place = 0;

  constructor(limits: { readonly maxSignals: number; readonly maxSignalsPerSaga: number }) {
    this.#limits = limits;
  }

  /** Whether there is nothing on it, nor anything to remember. */
  get empty(): boolean {
    return this.#known.size === 0 && this.#early.size === 0;
  }

  /** Whether it is new. @throws SagaRefusedError when there is no room for it. */
  add(address: string, target: SignalTarget, signal: StoredSignal, dedupe: string): boolean {
    const tag = `${signal.name}\n${dedupe}`;
    const known = this.#known.get(address);
    if (known?.has(tag)) return false;
    const { maxSignals, maxSignalsPerSaga } = this.#limits;
    const waiting = this.#waiting.get(address);
    if (this.#count >= maxSignals) refuseSignal(owner, 'maxSignals', maxSignals, target);
    if ((waiting?.length ?? 0) >= maxSignalsPerSaga) {
      refuseSignal(owner, 'maxSignalsPerSaga', maxSignalsPerSaga, target);
    }
    if (known === undefined) this.#known.set(address, new Set([tag]));
    else known.add(tag);
    const shelved = { signal, place: this.#place++ };
    if (waiting === undefined) this.#waiting.set(address, [shelved]);
    else waiting.push(shelved);
    this.#count++;
    return true;
  }

  /** There is no saga of that address yet. */
  notice(address: string, now: number): void {
    if (!this.#early.has(address)) this.#early.set(address, now);
  }

  /** There is a saga of these addresses now. */
  expect(addresses: readonly string[]): void {
    for (const address of addresses) this.#early.delete(address);
  }

  /** Forgets what came up to `latest` for sagas that never did; answers for how many of them. */
  expire(latest: number, limit: number): number {
    let gone = 0;
    for (const [address, at] of this.#early) {
      if (gone === limit || at > latest) break;
      this.#early.delete(address);
      this.forget([address]);
      gone++;
    }
    return gone;
  }

  /** Those of all addresses, in the order in which they came. */
  of(addresses: readonly string[]): readonly StoredSignal[] {
    const all = addresses.flatMap(address => this.#waiting.get(address) ?? []);
    return all.sort((a, b) => a.place - b.place).map(({ signal }) => signal);
  }

  /** They are used up. */
  take(addresses: readonly string[], ids: readonly string[]): void {
    for (const address of addresses) this.#keep(address, ({ signal }) => !ids.includes(signal.id));
  }

  /** Nobody will ever want any of them. */
  forget(addresses: readonly string[]): void {
    for (const address of addresses) {
      this.#known.delete(address);
      this.#keep(address, () => false);
    }
  }

  #keep(address: string, wanted: (shelved: Shelved) => boolean): void {
    const waiting = this.#waiting.get(address);
    if (waiting === undefined) return;
    const left = waiting.filter(wanted);
    this.#count -= waiting.length - left.length;
    if (left.length === 0) this.#waiting.delete(address);
    else this.#waiting.set(address, left);
  }
}
