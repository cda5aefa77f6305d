/** Int32 values in a list that grows: 4 bytes each, where an array of objects would take ten times that. */
export class IntList {
  length = 0;
  #values = new Int32Array(1024);

  push(value: number): void {
    if (this.length === this.#values.length) {
      const larger = new Int32Array(this.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length++] = value;
  }

  at(index: number): number {
    return this.#values[index]!;
  }
}

/**
 * The graph of a walk, kept for liveness only. Up to 31 properties share it: bit i of a state's `from` and
 * `to`, and of a transition's `helpful`, belongs to property i.
 */
export class Reachability {
  readonly #from = new IntList();
  readonly #to = new IntList();
  readonly #sources = new IntList();
  readonly #targets = new IntList();
  readonly #helpful = new IntList();

  /** Adds the next state; ids count up from 0. */
  state(from: number, to: number): void {
    this.#from.push(from);
    this.#to.push(to);
  }

  /** A transition that changes nothing leads nowhere, and one that nobody counts on is of no use. */
  transition(source: number, target: number, helpful: number): void {
    if (source === target || helpful === 0) return;
    this.#sources.push(source);
    this.#targets.push(target);
    this.#helpful.push(helpful);
  }

  /** The first state in `from` that does not lead to `to` by some (or by every) helpful path. */
  firstStuck(bit: number, every: boolean): number | undefined {
    const reaches = this.#reaches(bit, every);
    for (let id = 0; id < reaches.length; id++) {
      if ((this.#from.at(id) & bit) !== 0 && reaches[id] === 0) return id;
    }
    return undefined;
  }

  /** Marks the states that lead to `to`, walking the helpful transitions backwards from there. */
  #reaches(bit: number, every: boolean): Uint8Array {
    const { starts, sources } = this.#reversed(bit);
    /** For `every`: how many helpful transitions of a state are not yet known to lead there. */
    const open = new Int32Array(this.#to.length);
    if (every) for (const source of sources) open[source]!++;
    const reaches = new Uint8Array(this.#to.length);
    const line = new IntList();
    for (let id = 0; id < reaches.length; id++) {
      if ((this.#to.at(id) & bit) === 0) continue;
      reaches[id] = 1;
      line.push(id);
    }
    for (let head = 0; head < line.length; head++) {
      const target = line.at(head);
      for (let edge = starts[target]!; edge < starts[target + 1]!; edge++) {
        const source = sources[edge]!;
        if (reaches[source] === 1 || (every && --open[source]! > 0)) continue;
        reaches[source] = 1;
        line.push(source);
      }
    }
    return reaches;
  }

  /** The helpful transitions by target: those into `t` are `sources[starts[t]]` up to `[starts[t + 1]]`. */
  #reversed(bit: number): { starts: Int32Array; sources: Int32Array } {
    const starts = new Int32Array(this.#to.length + 1);
    let count = 0;
    for (let edge = 0; edge < this.#helpful.length; edge++) {
      if ((this.#helpful.at(edge) & bit) === 0) continue;
      starts[this.#targets.at(edge) + 1]!++;
      count++;
    }
    for (let id = 1; id < starts.length; id++) starts[id]! += starts[id - 1]!;
    const sources = new Int32Array(count);
    const next = starts.slice();
    for (let edge = 0; edge < this.#helpful.length; edge++) {
      if ((this.#helpful.at(edge) & bit) === 0) continue;
      sources[next[this.#targets.at(edge)]!++] = this.#sources.at(edge);
    }
    return { starts, sources };
  }
}
