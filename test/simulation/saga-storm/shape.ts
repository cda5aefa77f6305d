import type { SeededRandom } from '../../../src/testing/seeded-random.js';

/*
 * What a saga of a run is made of, as the judge knows it: who comes after whom is worked out here, once more
 * and without the package.
 */

export type Kind = 'step' | 'pivot' | 'tail' | 'sleep' | 'event' | 'lock' | 'saga';

export interface ShapeNode {
  readonly name: string;
  readonly kind: Kind;
  /** The nodes that it waits for. */
  readonly after: readonly string[];
  /** Whether that is said, and not only where it stands. */
  readonly says: boolean;
  /** Those of one number begin side by side. */
  readonly group: number | undefined;
  /** Whether what it does is undone. */
  readonly undo: boolean;
  readonly nullSafe: boolean;
  readonly checks: boolean;
  readonly ms: number;
  readonly onTimeout: 'fail' | 'continue';
}

export interface Shape {
  readonly name: string;
  readonly concurrency: number;
  readonly nodes: readonly ShapeNode[];
}

/** What a saga of a shape is started with. */
export interface ShapeInput {
  /** The steps that do not run. */
  readonly skip: readonly string[];
  /** The step that its participant refuses for good. */
  readonly bad: string | undefined;
}

export const isEffect = ({ kind }: ShapeNode): boolean =>
  kind === 'step' || kind === 'pivot' || kind === 'tail';

/** Steps that move money: what has no undoing has none to move. */
export const moves = (node: ShapeNode): boolean => isEffect(node) && (node.kind !== 'step' || node.undo);

/** What each step adds to its account: nothing in all, if all of them do or none. */
export function deltasOf(shape: Shape, { skip }: ShapeInput): ReadonlyMap<string, number> {
  const names = shape.nodes.filter(node => moves(node) && !skip.includes(node.name)).map(({ name }) => name);
  return new Map(names.map((name, at) => [name, at === 0 ? 1 - names.length : 1]));
}

/** All that have to be over before a node begins, however far. */
export function ancestorsOf(shape: Shape, name: string): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (one: string): void => {
    for (const before of shape.nodes.find(node => node.name === one)!.after) {
      if (!found.has(before)) visit(before);
      found.add(before);
    }
  };
  visit(name);
  return found;
}

export const pick = <T>(random: SeededRandom, from: readonly T[]): T =>
  from[Math.floor(random() * from.length)]!;

export const between = (random: SeededRandom, least: number, most: number): number =>
  least + Math.floor(random() * (most - least + 1));

class Sketch {
  readonly nodes: ShapeNode[] = [];
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** Those that nothing waits for yet. */
  get last(): readonly string[] {
    const waited = new Set(this.nodes.flatMap(({ after }) => after));
    return this.nodes.map(({ name }) => name).filter(name => !waited.has(name));
  }

  add(kind: Kind, more: Partial<ShapeNode> = {}): void {
    const random = this.#random;
    const undo = kind === 'step' && random() < 0.85;
    this.nodes.push({
      ...{ name: `${kind[0]}${this.nodes.length}`, kind, after: this.last, says: false, group: undefined },
      ...{ undo, nullSafe: !undo || random() < 0.8, checks: random() < 0.1 },
      ...{ ms: between(random, 1, 20) * 1_000, onTimeout: pick(random, ['fail', 'continue'] as const) },
      ...more,
    });
  }

  step(): void {
    const steps = this.nodes.map(({ name }) => name);
    // Of its own choice: of what stands there only some, or none.
    const says = steps.length > 1 && this.#random() < 0.25;
    this.add('step', says ? { says, after: steps.filter(() => this.#random() < 0.4) } : {});
  }

  group(kind: 'step' | 'tail'): void {
    const after = this.last;
    const group = this.nodes.length;
    for (let left = between(this.#random, 2, 4); left > 0; left--) this.add(kind, { after, group });
  }
}

/** A saga within another one: two steps, or three. */
export function childShape(random: SeededRandom): Shape {
  const sketch = new Sketch(random);
  for (let left = between(random, 2, 3); left > 0; left--) sketch.add('step', { undo: true });
  return { name: 'child', concurrency: 8, nodes: sketch.nodes };
}

export function randomShape(random: SeededRandom): Shape {
  const sketch = new Sketch(random);
  if (random() < 0.15) sketch.add('lock', { ms: 60_000 });
  for (let left = between(random, 1, 3); left > 0; left--) {
    const what = random();
    if (what < 0.5) sketch.step();
    else if (what < 0.75) sketch.group('step');
    else if (what < 0.84) sketch.add('event');
    else if (what < 0.92) sketch.add('sleep');
    else if (sketch.nodes.every(({ kind }) => kind !== 'saga')) sketch.add('saga', { undo: true });
  }
  if (random() < 0.5) {
    sketch.add('pivot');
    if (random() < 0.3) sketch.group('tail');
    else for (let left = between(random, 0, 2); left > 0; left--) sketch.add('tail');
  } else sketch.add('step', { undo: true });
  return { name: 'shape', concurrency: pick(random, [1, 2, 8, 8]), nodes: sketch.nodes };
}

export function randomInput(random: SeededRandom, { nodes }: Shape): ShapeInput {
  const skip = nodes.filter(({ kind }) => kind === 'step' && random() < 0.1).map(({ name }) => name);
  const canFail = nodes.filter(({ kind, name }) => /step|pivot/.test(kind) && !skip.includes(name));
  const bad = canFail.length > 0 && random() < 0.3 ? pick(random, canFail).name : undefined;
  return { skip, bad };
}
