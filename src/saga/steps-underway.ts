import type { Interruptible } from '../kernel/handler-run.js';

/** A step of which something is awaited in this process. */
export class Busy implements Interruptible {
  readonly step: string;
  readonly forward: boolean;
  /** Whether it has begun, and does not only wait for its turn. */
  begun: boolean;
  interrupt: ((reason: unknown) => void) | undefined = undefined;
  abort: ((reason: unknown) => void) | undefined = undefined;

  constructor(step: string, forward: boolean, begun: boolean) {
    this.step = step;
    this.forward = forward;
    this.begun = begun;
  }
}

/** The steps of a saga of which something is awaited in this process. */
export class StepsUnderway {
  /** As long as there is one at a time there is no list: it would be made anew at each step. */
  #only: Busy | undefined;
  #all: Map<string, Busy> | undefined;

  get size(): number {
    if (this.#all !== undefined) return this.#all.size;
    return this.#only === undefined ? 0 : 1;
  }

  has(step: string): boolean {
    return this.#of(step) !== undefined;
  }

  add(busy: Busy): void {
    if (this.#all === undefined && this.#only === undefined) this.#only = busy;
    else this.#list().set(busy.step, busy);
  }

  /** Whether it is still this very one that is awaited. */
  isAwaited(busy: Busy): boolean {
    return this.#of(busy.step) === busy;
  }

  delete(step: string): void {
    if (this.#only?.step === step) this.#only = undefined;
    this.#all?.delete(step);
  }

  /** Those that run forward: they may have had their effect. */
  begun(): readonly string[] {
    const begun: string[] = [];
    for (const busy of this.#each()) if (busy.forward && busy.begun) begun.push(busy.step);
    return begun;
  }

  /**
   * Tells the steps that run forward that nobody needs them; how they end is waited for. Those that only wait
   * for their turn never have it.
   */
  turnBack(reason: unknown): void {
    for (const busy of this.#each()) {
      if (!busy.forward) continue;
      if (busy.begun) busy.abort?.(reason);
      else this.delete(busy.step);
    }
  }

  /** Nothing of them is awaited any more. */
  drop(reason: unknown): void {
    const all = this.#each();
    for (const busy of all) busy.interrupt?.(reason);
    this.#only = undefined;
    this.#all?.clear();
  }

  #of(step: string): Busy | undefined {
    if (this.#all !== undefined) return this.#all.get(step);
    return this.#only?.step === step ? this.#only : undefined;
  }

  #each(): Iterable<Busy> {
    if (this.#all !== undefined) return this.#all.values();
    return this.#only === undefined ? [] : [this.#only];
  }

  #list(): Map<string, Busy> {
    if (this.#all === undefined) {
      this.#all = new Map(this.#only && [[this.#only.step, this.#only]]);
      this.#only = undefined;
    }
    return this.#all;
  }
}
