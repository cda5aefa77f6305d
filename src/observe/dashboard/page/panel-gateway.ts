import type { ThingFacts } from '../protocol.js';
import { Card, Numbers, table } from './card.js';
import { element, type Part } from './dom.js';
import { fields, list, number, text } from './facts.js';
import { LineChart } from './line-chart.js';
import type { Panel, Surroundings } from './panel.js';
import { count } from './text.js';
import { ThingCards } from './thing-cards.js';

const kinds = ['gateway'];

/** Where a route leads, in words. */
const endOf = (route: unknown): string => {
  const to = text(route, 'to');
  return to === '' ? text(route, 'end') : `${text(route, 'end')} ${to}`;
};

class GatewayCard implements Part<ThingFacts> {
  readonly #around: Surroundings;
  readonly #card = new Card();
  readonly #numbers = new Numbers();
  readonly #chart: LineChart;
  readonly #table = table('Routes, in the order of precedence', ['Route', 'Methods', 'Host', 'Path', 'To']);
  readonly root = this.#card.root;
  #shown: unknown;

  constructor({ name }: ThingFacts, around: Surroundings) {
    this.#around = around;
    this.root.classList.add('wide');
    this.#chart = new LineChart({
      title: `Requests under way in ${name}`,
      height: 120,
      format: count,
      lines: [
        { label: 'requests', colour: '--line-1', filled: true },
        { label: 'tunnels', colour: '--line-2' },
      ],
    });
    this.#card.body.append(this.#numbers.root, this.#chart.root, this.#table.root);
  }

  update(thing: ThingFacts): void {
    const { snapshot, description, key } = thing;
    const isClosing = fields(snapshot)['closing'] === true;
    this.#card.update(thing, isClosing ? 'closing' : 'open', isClosing ? 'warn' : 'good');
    const shown = (from: unknown, name: string): string => count(number(from, name) ?? 0);
    const { cache, mirrors } = fields(snapshot);
    this.#numbers.update({
      'In flight': shown(snapshot, 'inFlight'),
      Tunnels: shown(snapshot, 'tunnels'),
      'Answers kept': shown(cache, 'entries'),
      'Copies answered': shown(mirrors, 'answered'),
    });
    const samples = this.#around.model.samples.get(key);
    if (samples !== undefined) this.#chart.update([samples.at, samples.first, samples.second]);
    if (description !== this.#shown) this.#list(description);
  }

  remove(): void {
    this.#chart.remove();
  }

  #list(description: unknown): void {
    this.#shown = description;
    const rows = list(fields(description)['routes']).map(route => {
      const methods = list(fields(route)['methods']).filter(method => typeof method === 'string');
      const cells = [
        text(route, 'route'),
        methods.length === 0 ? 'any' : methods.join(', '),
        text(route, 'host') || 'any',
        text(route, 'path'),
        endOf(route),
      ];
      return element('tr', {}, ...cells.map(cell => element('td', { class: 'mono', text: cell })));
    });
    this.#table.rows.replaceChildren(...rows);
  }
}

/** Gateways: their routes, and what is under way. */
export class GatewayPanel implements Panel {
  readonly id = 'gateway';
  readonly title = 'Gateway';
  readonly #around: Surroundings;
  readonly #cards: ThingCards;
  readonly root: HTMLElement;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#cards = new ThingCards('No gateway is watched.', thing => new GatewayCard(thing, around));
    this.root = this.#cards.root;
  }

  update(): void {
    const things = this.#around.model.ofKinds(kinds, this.#around.service());
    this.#cards.update(things);
  }
}
