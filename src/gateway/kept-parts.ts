import { isData } from '../kernel/options.js';

interface Kept {
  readonly said: string | undefined;
  readonly made: unknown;
}

/** Data as a text, to be compared; `undefined` for what is more than data, and so nothing else's equal. */
export const dataText = (data: unknown): string | undefined =>
  isData(data) ? JSON.stringify(data) : undefined;

/**
 * What was made of data before: the same data under the same name is the same thing, so that a breaker knows
 * what it knew when another part of the config has changed. Nothing of it counts before `commit`.
 */
export class KeptParts {
  #before = new Map<string, Kept>();
  #now = new Map<string, Kept>();
  #actions: (() => void)[] = [];

  /** A new reading begins. */
  begin(): void {
    this.#now = new Map();
    this.#actions = [];
  }

  /** What the data stands for: what was made of it before, or what `make` makes; `undefined` is not kept. */
  of<T>(name: string, data: unknown, make: () => T | undefined): T | undefined {
    const said = dataText(data);
    const before = this.#now.get(name) ?? this.#before.get(name);
    const made =
      before !== undefined && said !== undefined && before.said === said ? (before.made as T) : make();
    if (made !== undefined) this.#now.set(name, { said, made });
    return made;
  }

  /** Done when the whole turns out to be right. */
  onCommit(action: () => void): void {
    this.#actions.push(action);
  }

  /** All of it is right: it is what was made before from now on. */
  commit(): void {
    this.#before = this.#now;
    for (const action of this.#actions.splice(0)) action();
  }
}
