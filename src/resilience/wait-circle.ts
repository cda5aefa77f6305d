import type { CallContext } from '../kernel/context.js';

/**
 * Knows which of the calls that hold a slot wait for another one themselves: through a part of them that was
 * called with their context and stands in the same line.
 */
export class WaitCircle {
  readonly #guard: object;
  /** Each such call, with the number of its parts in the line. */
  #blocked: Map<CallContext, number> | undefined;

  constructor(guard: object) {
    this.#guard = guard;
  }

  /**
   * The calls with a slot that `call` is a part of, or is itself; `undefined` when, as mostly, there are
   * none.
   */
  around(call: CallContext): readonly CallContext[] | undefined {
    let holders: CallContext[] | undefined;
    for (let outer: CallContext | undefined = call; outer !== undefined; outer = outer.parent) {
      if (!outer.holds(this.#guard)) continue;
      holders ??= [];
      holders.push(outer);
    }
    return holders;
  }

  /** Whether nobody who holds one of the `taken` slots could go on if a part of `holders` waited as well. */
  closes(holders: readonly CallContext[], taken: number): boolean {
    const stuck = new Set(holders);
    // A part may outlive its call, when nobody awaits it: that one blocks nothing.
    for (const holder of this.#blocked?.keys() ?? []) if (holder.holds(this.#guard)) stuck.add(holder);
    return stuck.size >= taken;
  }

  join(holders: readonly CallContext[]): void {
    this.#blocked ??= new Map();
    for (const holder of holders) this.#blocked.set(holder, (this.#blocked.get(holder) ?? 0) + 1);
  }

  leave(holders: readonly CallContext[]): void {
    const blocked = this.#blocked!;
    for (const holder of holders) {
      const parts = blocked.get(holder)! - 1;
      if (parts > 0) blocked.set(holder, parts);
      else blocked.delete(holder);
    }
  }
}
