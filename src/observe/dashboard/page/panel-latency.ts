import type { ThingFacts } from '../protocol.js';
import { Card, Numbers } from './card.js';
import type { Part } from './dom.js';
import { fields, number } from './facts.js';
import { LineChart, type Points } from './line-chart.js';
import type { Panel, Surroundings } from './panel.js';
import { count, span } from './text.js';
import { ThingCards } from './thing-cards.js';

const kinds = ['meter'];

/** The slices of a meter as the charts want them. */
function chartsOf({ series = [] }: ThingFacts): { readonly latency: Points; readonly calls: Points } {
  const at = series.map(([began]) => began / 1_000);
  // Where nobody called there is no latency, and the line breaks off.
  const timed = (place: 3 | 4) => series.map(slice => (slice[1] === 0 ? null : slice[place]));
  return {
    latency: [at, timed(3), timed(4)],
    calls: [at, series.map(slice => slice[1]), series.map(slice => slice[2])],
  };
}

class MeterCard implements Part<ThingFacts> {
  readonly #card = new Card();
  readonly #numbers = new Numbers();
  readonly #latency: LineChart;
  readonly #calls: LineChart;
  readonly root = this.#card.root;

  constructor({ name }: ThingFacts) {
    this.#latency = new LineChart({
      title: `How long ${name} takes`,
      height: 180,
      format: span,
      lines: [
        { label: 'median', colour: '--line-1', filled: true },
        { label: '99th percentile', colour: '--line-2' },
      ],
    });
    this.#calls = new LineChart({
      title: `How often ${name} is called`,
      height: 110,
      format: count,
      lines: [
        { label: 'calls', colour: '--line-1', filled: true },
        { label: 'failures', colour: '--line-3' },
      ],
    });
    this.root.classList.add('wide');
    this.#card.body.append(this.#numbers.root, this.#latency.root, this.#calls.root);
  }

  update(thing: ThingFacts): void {
    const { snapshot } = thing;
    this.#card.update(thing, '', 'idle');
    const time = (name: string): string => {
      const value = number(snapshot, name);
      return value === undefined ? '—' : span(value);
    };
    const outcomes = fields(fields(snapshot)['outcomes']);
    this.#numbers.update({
      Calls: count(number(snapshot, 'calls') ?? 0),
      Failures: count(number(outcomes, 'failure') ?? 0),
      Median: time('p50Ms'),
      '90th': time('p90Ms'),
      '99th': time('p99Ms'),
      Longest: time('maxMs'),
    });
    const { latency, calls } = chartsOf(thing);
    this.#latency.update(latency);
    this.#calls.update(calls);
  }

  remove(): void {
    this.#latency.remove();
    this.#calls.remove();
  }
}

/** How long calls take, and how many there are, over time. */
export class LatencyPanel implements Panel {
  readonly id = 'latency';
  readonly title = 'Latency';
  readonly #around: Surroundings;
  readonly #cards: ThingCards;
  readonly root: HTMLElement;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#cards = new ThingCards(
      'No meter is watched: put one into a pipeline to see how long its calls take.',
      thing => new MeterCard(thing),
    );
    this.root = this.#cards.root;
  }

  update(): void {
    const things = this.#around.model.ofKinds(kinds, this.#around.service());
    this.#cards.update(things);
  }
}
