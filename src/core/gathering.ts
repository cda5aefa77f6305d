/**
 * Gathering the parts of an answer: which part can start now, which will never come, and when there is
 * nothing left to wait for.
 *
 * A part starts when all that it needs has ended, and all that it cannot do without is there. A part without
 * which there is no answer is essential, and with it all that it cannot do without: when one of those is
 * missing the whole has failed. Every other part may be missing, and so may those that starve for want of it.
 */

/** Something that a part needs. */
export interface PartNeed {
  /** The place of the part that is needed. */
  readonly part: number;
  /** Whether it cannot do without. */
  readonly required: boolean;
}

/** What the parts are to each other, by their places. */
export interface GatheringPlan {
  /** For how many others each waits. */
  readonly waitsFor: readonly number[];
  /** Who waits for each; `part` is the one that waits. */
  readonly dependants: readonly (readonly PartNeed[])[];
  /** Whether there is no answer without it. */
  readonly essential: readonly boolean[];
  /** Those that wait for nobody. */
  readonly roots: readonly number[];
}

/** `asked` from when it may start, `got` or `missing` once it has ended, `starved` if it never can start. */
export type PartFate = 'waiting' | 'asked' | 'got' | 'missing' | 'starved';

/** The places of parts that need each other in a circle, the first of them again at its end. */
export function circleOfParts(needs: readonly (readonly PartNeed[])[]): readonly number[] | undefined {
  const done = new Set<number>();
  for (let start = 0; start < needs.length; start++) {
    // By hand, for a chain of parts may be longer than the stack is deep.
    const path: number[] = [start];
    const next: number[] = [0];
    const onPath = new Set(path);
    while (path.length > 0) {
      const at = path[path.length - 1]!;
      const need = done.has(at) ? undefined : needs[at]![next[next.length - 1]!++];
      if (need === undefined) {
        done.add(at);
        onPath.delete(at);
        path.pop();
        next.pop();
      } else if (onPath.has(need.part)) {
        return [...path.slice(path.indexOf(need.part)), need.part];
      } else {
        path.push(need.part);
        next.push(0);
        onPath.add(need.part);
      }
    }
  }
  return undefined;
}

/** The plan of parts without a circle, where there is no answer without those in `required`. */
export function planGathering(
  needs: readonly (readonly PartNeed[])[],
  required: readonly number[],
): GatheringPlan {
  const dependants: PartNeed[][] = needs.map(() => []);
  needs.forEach((all, part) => {
    for (const need of all) dependants[need.part]!.push({ part, required: need.required });
  });
  const essential = needs.map(() => false);
  const more = [...required];
  for (let part = more.pop(); part !== undefined; part = more.pop()) {
    if (essential[part]) continue;
    essential[part] = true;
    for (const need of needs[part]!) if (need.required) more.push(need.part);
  }
  const waitsFor = needs.map(({ length }) => length);
  const roots = waitsFor.flatMap((count, part) => (count === 0 ? [part] : []));
  return { waitsFor, dependants, essential, roots };
}

const none: readonly number[] = [];

/** One gathering, from its start to its end. */
export class Gathering {
  readonly #plan: GatheringPlan;
  readonly #left: number[];
  readonly #fates: PartFate[];
  #open: number;
  /** The essential part that is missing, once there is one. */
  failed: number | undefined = undefined;
  /** Those that could not start for want of another, in the order in which that became known. */
  readonly starved: number[] = [];

  /** The `roots` of the plan are asked from the start. */
  constructor(plan: GatheringPlan) {
    this.#plan = plan;
    this.#left = plan.waitsFor.slice();
    this.#fates = plan.waitsFor.map(count => (count === 0 ? 'asked' : 'waiting'));
    this.#open = plan.waitsFor.length;
  }

  /** Whether there is nothing left to wait for. */
  get over(): boolean {
    return this.failed !== undefined || this.#open === 0;
  }

  fate(part: number): PartFate {
    return this.#fates[part]!;
  }

  /** A part that was asked has ended, well or not; answers those that can start now. */
  settle(part: number, ok: boolean): readonly number[] {
    this.#open--;
    this.#fates[part] = ok ? 'got' : 'missing';
    if (!ok && this.#plan.essential[part]) {
      this.failed = part;
      return none;
    }
    return this.#plan.dependants[part]!.length === 0 ? none : this.#pass(part, ok);
  }

  /** Tells those who wait for `ended`, and those who wait for them. */
  #pass(ended: number, ok: boolean): readonly number[] {
    const ready: number[] = [];
    const gone = [{ part: ended, ok }];
    for (let at = 0; at < gone.length; at++) {
      for (const { part, required } of this.#plan.dependants[gone[at]!.part]!) {
        if (this.#fates[part] !== 'waiting') continue;
        if (required && !gone[at]!.ok) {
          this.#fates[part] = 'starved';
          this.#open--;
          this.starved.push(part);
          gone.push({ part, ok: false });
        } else if (--this.#left[part]! === 0) {
          this.#fates[part] = 'asked';
          ready.push(part);
        }
      }
    }
    return ready;
  }
}
