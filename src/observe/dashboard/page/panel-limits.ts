import type { ThingFacts } from '../protocol.js';
import { Card, Meter, Numbers } from './card.js';
import type { Part } from './dom.js';
import { isFull, limitKinds, number, refusedBy } from './facts.js';
import { LineChart } from './line-chart.js';
import type { Badge, Panel, Surroundings } from './panel.js';
import { count } from './text.js';
import { ThingCards } from './thing-cards.js';

/** The meters of a kind: what is used, of how much, and what they are called. */
const meters: Readonly<Record<string, readonly (readonly [label: string, used: string, most: string])[]>> = {
  bulkhead: [
    ['Slots taken', 'taken', 'slots'],
    ['Waiting', 'waiting', 'queue'],
  ],
  'adaptive-limiter': [['In flight', 'inFlight', 'limit']],
  'rate-limiter': [['Waiting', 'waiting', 'queue']],
  'shared-rate-limiter': [['Waiting', 'waiting', 'queue']],
};

const lines: Readonly<Record<string, readonly [string, string]>> = {
  bulkhead: ['taken', 'waiting'],
  'adaptive-limiter': ['in flight', 'limit'],
  'rate-limiter': ['tokens', 'waiting'],
  'shared-rate-limiter': ['waiting', 'refused'],
};

class LimitCard implements Part<ThingFacts> {
  readonly #around: Surroundings;
  readonly #card = new Card();
  readonly #meters: readonly { readonly part: Meter; readonly used: string; readonly most: string }[];
  readonly #numbers = new Numbers();
  readonly #chart: LineChart | undefined;
  readonly root = this.#card.root;

  constructor({ kind, name }: ThingFacts, around: Surroundings) {
    this.#around = around;
    this.#meters = (meters[kind] ?? []).map(([label, used, most]) => ({
      part: new Meter(label),
      used,
      most,
    }));
    const [first, second] = lines[kind] ?? [];
    if (first !== undefined && second !== undefined) {
      this.#chart = new LineChart({
        title: `${name} over time`,
        height: 120,
        format: count,
        lines: [
          { label: first, colour: '--line-1', filled: true },
          { label: second, colour: '--line-2' },
        ],
      });
    }
    this.#card.body.append(...this.#meters.map(({ part }) => part.root), this.#numbers.root);
    if (this.#chart !== undefined) this.#card.body.append(this.#chart.root);
  }

  update(thing: ThingFacts): void {
    const { snapshot, description, kind } = thing;
    const full = isFull(thing);
    this.#card.update(thing, full ? 'full' : 'room', full ? 'bad' : 'good');
    for (const { part, used, most } of this.#meters) {
      const value = number(snapshot, used) ?? 0;
      const limit = number(snapshot, most);
      part.update(
        value,
        limit ?? 0,
        limit === undefined ? count(value) : `${count(value)} of ${count(limit)}`,
      );
    }
    const tokens = number(snapshot, 'tokens');
    const burst = number(description, 'burst') ?? number(description, 'limit');
    this.#numbers.update({
      Refused: count(refusedBy(thing)),
      ...(tokens !== undefined && {
        Tokens: `${count(tokens)} of ${burst === undefined ? '—' : count(burst)}`,
      }),
      ...(kind === 'adaptive-limiter' && { Windows: count(number(snapshot, 'windows') ?? 0) }),
    });
    const samples = this.#around.model.samples.get(thing.key);
    if (samples !== undefined) this.#chart?.update([samples.at, samples.first, samples.second]);
  }

  remove(): void {
    this.#chart?.remove();
  }
}

/** Bulkheads and limiters: how full they are. */
export class LimitsPanel implements Panel {
  readonly id = 'limits';
  readonly title = 'Limits';
  readonly #around: Surroundings;
  readonly #cards: ThingCards;
  readonly root: HTMLElement;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#cards = new ThingCards('No bulkhead or limiter is watched.', thing => new LimitCard(thing, around));
    this.root = this.#cards.root;
  }

  badge(): Badge | undefined {
    const full = this.#things().filter(isFull).length;
    return full > 0 ? { count: full, tone: 'warn' } : undefined;
  }

  update(): void {
    const things = this.#things();
    this.#cards.update(things);
  }

  #things(): ThingFacts[] {
    return this.#around.model.ofKinds(limitKinds, this.#around.service());
  }
}
