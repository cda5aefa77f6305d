import { newSlices } from './call-series.js';
import type { LocalFacts } from './local-things.js';
import type { PatchMessage, ThingChange, ThingFacts } from './protocol.js';

interface Row {
  readonly facts: ThingFacts;
  /** The parts as JSON: what is told again only when it differs. */
  readonly parts: Readonly<Record<(typeof partNames)[number], string>>;
  turn: number;
}

const partNames = ['description', 'snapshot', 'detail'] as const;

function partsOf(facts: LocalFacts): Row['parts'] {
  const json = (value: unknown): string => JSON.stringify(value ?? null);
  return {
    description: json(facts.description),
    snapshot: json(facts.snapshot),
    detail: json(facts.detail),
  };
}

/** All things under short keys, and what has changed of them from one look to the next. */
export class ThingTable {
  readonly #rows = new Map<string, Row>();
  #nextKey = 1;
  #turn = 0;

  /** In the order in which they came. */
  get things(): readonly ThingFacts[] {
    return [...this.#rows.values()].map(({ facts }) => facts);
  }

  byKey(key: string): ThingFacts | undefined {
    return this.things.find(facts => facts.key === key);
  }

  /** Takes in how all things stand now; those that are missing are gone. */
  update(all: readonly LocalFacts[]): Pick<PatchMessage, 'made' | 'changed' | 'gone'> {
    this.#turn++;
    const made: ThingFacts[] = [];
    const changed: ThingChange[] = [];
    const gone: string[] = [];
    for (const facts of all) {
      const place = `${facts.service}\n${facts.instance}\n${facts.id}`;
      const before = this.#rows.get(place);
      const parts = partsOf(facts);
      // Another thing under the same id is another thing: its keys must not be those of the one before.
      const key = before?.facts.kind === facts.kind ? before.facts.key : `t${this.#nextKey++}`;
      const row = { facts: { ...facts, key }, parts, turn: this.#turn };
      if (before === undefined || before.facts.key !== key) {
        made.push(row.facts);
        if (before !== undefined) gone.push(before.facts.key);
      } else {
        const change = changeOf(before, row);
        if (change !== undefined) changed.push(change);
      }
      this.#rows.set(place, row);
    }
    for (const [place, { facts, turn }] of this.#rows) {
      if (turn === this.#turn) continue;
      gone.push(facts.key);
      this.#rows.delete(place);
    }
    return {
      ...(made.length > 0 && { made }),
      ...(changed.length > 0 && { changed }),
      ...(gone.length > 0 && { gone }),
    };
  }
}

function changeOf(before: Row, { facts, parts }: Row): ThingChange | undefined {
  const differing = partNames.filter(part => before.parts[part] !== parts[part]);
  const series = newSlices(before.facts.series ?? [], facts.series ?? []);
  if (differing.length === 0 && series === undefined) return undefined;
  const changed = Object.fromEntries(differing.map(part => [part, facts[part]]));
  return { key: facts.key, ...changed, ...(series !== undefined && { series }) };
}
