import { expect, it } from 'vitest';
import { Gathering, type PartFate, type PartNeed, planGathering } from '../../src/core/gathering.js';
import { explore } from '../../src/testing/explore.js';

type Event = readonly [part: number, ok: boolean];

const need = (part: number, required = true): PartNeed => ({ part, required });

const shapes: Readonly<Record<string, { needs: PartNeed[][]; required: number[] }>> = {
  'parts that know nothing of each other': { needs: [[], [], []], required: [0] },
  'a chain of which all is wanted': { needs: [[], [need(0)], [need(1)]], required: [2] },
  'a chain that may be missing': { needs: [[], [], [need(1)], [need(2)]], required: [0] },
  'a diamond with a side that may be missing': {
    needs: [[], [need(0)], [need(0)], [need(1), need(2, false)]],
    required: [3],
  },
  'two that share what neither can do without': {
    needs: [[], [need(0)], [need(0)], [], [need(3, false), need(1, false)]],
    required: [4],
  },
};

/** What has happened, told by the list alone, beside the machine. */
class Scene {
  readonly needs: PartNeed[][];
  readonly required: number[];
  readonly history: readonly Event[];
  readonly machine: Gathering;
  readonly asked = new Set<number>();
  twice: number | undefined;

  constructor(shape: { needs: PartNeed[][]; required: number[] }, history: readonly Event[]) {
    this.needs = shape.needs;
    this.required = shape.required;
    this.history = history;
    const plan = planGathering(shape.needs, shape.required);
    this.machine = new Gathering(plan);
    this.#ask(plan.roots);
    for (const [part, ok] of history) this.#ask(this.machine.settle(part, ok));
  }

  #ask(parts: readonly number[]): void {
    for (const part of parts) {
      if (this.asked.has(part)) this.twice = part;
      this.asked.add(part);
    }
  }

  ended(part: number): boolean | undefined {
    return this.history.find(([at]) => at === part)?.[1];
  }

  /** By the definition: what it was, and what became of those that it needs. */
  fate(part: number): PartFate {
    const ended = this.ended(part);
    if (ended !== undefined) return ended ? 'got' : 'missing';
    const fates = this.needs[part]!.map(({ part: other, required }) => ({
      fate: this.fate(other),
      required,
    }));
    const gone = (fate: PartFate) => fate === 'missing' || fate === 'starved';
    if (fates.some(({ fate, required }) => required && gone(fate))) return 'starved';
    return fates.every(({ fate }) => fate === 'got' || gone(fate)) ? 'asked' : 'waiting';
  }

  wanted(part: number): boolean {
    if (this.required.includes(part)) return true;
    return this.needs.some(
      (all, at) => all.some(one => one.required && one.part === part) && this.wanted(at),
    );
  }
}

it.each(Object.keys(shapes))('the parts of an answer are gathered right in every order: %s', name => {
  const shape = shapes[name]!;
  const places = shape.needs.map((_, part) => part);
  const { states, transitions } = explore<Scene, Event>({
    maxStates: 5_000,
    initial: () => new Scene(shape, []),
    events: ({ asked, history, machine }) => {
      if (machine.over) return [];
      const open = [...asked].filter(part => !history.some(([at]) => at === part));
      return open.flatMap(part => [[part, true] as const, [part, false] as const]);
    },
    step: (scene, event) => new Scene(shape, [...scene.history, event]),
    key: ({ history }) => JSON.stringify([...history].sort()),
    always: scene => {
      const { machine, history, asked, twice } = scene;
      if (twice !== undefined) return `part ${twice} is asked twice`;
      const lost = history.find(([part, ok]) => !ok && scene.wanted(part))?.[0];
      if (machine.failed !== lost) return `failed by ${machine.failed}, not ${lost}`;
      if (lost !== undefined) return machine.over ? undefined : 'failed, and not over';
      for (const part of places) {
        const fate = scene.fate(part);
        if (machine.fate(part) !== fate) return `part ${part} is ${machine.fate(part)}, not ${fate}`;
        if (asked.has(part) === (fate === 'waiting' || fate === 'starved')) return `part ${part} is ${fate}`;
        if (machine.starved.includes(part) !== (fate === 'starved')) return `part ${part} starves unheard`;
      }
      const open = places.some(part => ['asked', 'waiting'].includes(scene.fate(part)));
      return machine.over === !open ? undefined : `over: ${machine.over}`;
    },
    liveness: [{ name: 'it comes to an end', to: ({ machine }) => machine.over, paths: 'every' }],
  });
  console.info(`gathering, ${name}: ${states} states, ${transitions} transitions, to a fixpoint`);
  expect(states).toBeGreaterThan(3);
});
