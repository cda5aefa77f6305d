import { kindOf } from './telling.js';
import type { Watchable } from './watching.js';

/** Begins to watch a part, maybe that of a key; `undefined` where that cannot be, or was done before. */
export type WatchPart = (part: Watchable, key: string | undefined) => (() => void) | undefined;

/** What makes a policy for each key, as `keyed` does. */
interface Keyed extends Iterable<readonly [key: string, instance: object]> {
  on(
    event: string,
    listener: (made: { readonly key: string; readonly instance: object }) => void,
  ): () => void;
}

/** Whoever nests deeper than this has a circle. */
const DEEPEST = 20;

/** Of all branches of a thing together. */
interface Room {
  left: number;
}

function keyedOf(target: Watchable): Keyed | undefined {
  const { on, [Symbol.iterator]: each } = target as Partial<Keyed>;
  if (typeof on !== 'function' || typeof each !== 'function') return undefined;
  return kindOf(target) === 'keyed' ? (target as unknown as Keyed) : undefined;
}

const isObject = (part: unknown): part is object =>
  part !== null && (typeof part === 'object' || typeof part === 'function');

/**
 * A thing with the parts of it, for as long as it is watched. Those of a keyed policy come and go with their
 * keys; one that found no room is taken in when a key is forgotten.
 */
export class Branch {
  readonly #target: Watchable;
  readonly #watch: WatchPart;
  readonly #room: Room;
  readonly #depth: number;
  readonly #key: string | undefined;
  readonly #branches = new Map<object, Branch>();
  readonly #offs: (() => void)[] = [];
  #unwatch: (() => void) | undefined;
  #left = false;

  private constructor(target: Watchable, watch: WatchPart, room: Room, depth: number, key?: string) {
    this.#target = target;
    this.#watch = watch;
    this.#room = room;
    this.#depth = depth;
    this.#key = key;
  }

  /** The parts of a thing, at most so many. */
  static of(whole: Watchable, watch: WatchPart, most: number): Branch {
    const root = new Branch(whole, watch, { left: most }, 0);
    if (most > 0) root.#grow();
    return root;
  }

  /** What others had watched before may be free now. */
  retry(): void {
    if (this.#depth > 0) this.#take();
    for (const branch of this.#branches.values()) branch.retry();
  }

  end(): void {
    for (const off of this.#offs.splice(0)) off();
    for (const branch of this.#branches.values()) branch.end();
    this.#branches.clear();
    if (this.#depth > 0) this.#room.left++;
    this.#unwatch?.();
  }

  #take(): void {
    this.#unwatch ??= this.#watch(this.#target, this.#key);
  }

  #grow(): void {
    const { parts } = this.#target;
    for (const part of Array.isArray(parts) ? parts : []) this.#add(part, this.#key);
    const keyed = keyedOf(this.#target);
    if (keyed === undefined) return;
    for (const [key, instance] of keyed) {
      if (!this.#add(instance, key)) break;
    }
    this.#offs.push(
      keyed.on('made', ({ key, instance }) => void this.#add(instance, key)),
      keyed.on('evicted', ({ instance }) => this.#forget(keyed, instance)),
    );
  }

  /** False where there is no room. */
  #add(part: unknown, key: string | undefined): boolean {
    if (!isObject(part) || this.#branches.has(part) || this.#depth >= DEEPEST) return true;
    if (this.#room.left === 0) {
      this.#left = true;
      return false;
    }
    this.#room.left--;
    const branch = new Branch(part, this.#watch, this.#room, this.#depth + 1, key);
    this.#branches.set(part, branch);
    branch.#take();
    branch.#grow();
    return true;
  }

  #forget(keyed: Keyed, instance: object): void {
    this.#branches.get(instance)?.end();
    this.#branches.delete(instance);
    if (!this.#left) return;
    this.#left = false;
    // No more are looked at than are known and one more.
    for (const [key, other] of keyed) if (!this.#add(other, key)) break;
  }
}
