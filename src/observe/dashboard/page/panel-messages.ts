import type { ShelfFacts, ThingFacts } from '../protocol.js';
import { Card, Numbers, nothing, table } from './card.js';
import { DeadLetterShelf } from './dead-letter-shelf.js';
import { element, type Part, PartList, setHidden, setText } from './dom.js';
import { fields, list, messageKinds, number, text } from './facts.js';
import { LineChart } from './line-chart.js';
import type { Panel, Surroundings } from './panel.js';
import { count, headed, words } from './text.js';

/** What a thing that has to do with messages says of itself in numbers. */
const shownOf: Readonly<Record<string, readonly string[]>> = {
  'message-bus': ['publishing', 'requesting'],
  subscription: ['held', 'running'],
  'outbox-relay': ['open', 'published', 'failed', 'buckets'],
  'process-manager': ['running', 'waiting'],
};

/** What comes to a subscription, and who shares it. */
function deliveryOf(facts: unknown): string {
  const group = text(facts, 'group');
  return group === '' ? 'fan-out: gets everything' : `group ${group}: its members share`;
}

class MessageCard implements Part<ThingFacts> {
  readonly #card = new Card();
  readonly #says = element('p', { class: 'why' });
  readonly #numbers = new Numbers();
  readonly #subscriptions = table('Subscriptions', ['Topic', 'Group', 'State', 'Held', 'Running']);
  readonly root = this.#card.root;

  constructor() {
    this.#card.body.append(this.#says, this.#numbers.root, this.#subscriptions.root);
  }

  update(thing: ThingFacts): void {
    const { kind, snapshot } = thing;
    const state = text(snapshot, 'state') || (text(snapshot, 'closed') === 'true' ? 'closed' : '');
    const isPaused = state === 'paused' || text(snapshot, 'paused') === 'true';
    this.#card.update(thing, isPaused ? 'paused' : state, isPaused ? 'warn' : 'idle');
    const isSubscription = kind === 'subscription';
    setHidden(this.#says, !isSubscription);
    if (isSubscription) setText(this.#says, `Topic ${text(snapshot, 'pattern')}, ${deliveryOf(snapshot)}.`);
    const shown = (shownOf[kind] ?? []).flatMap(name => {
      const value = number(snapshot, name);
      return value === undefined ? [] : [[headed(words(name)), count(value)] as const];
    });
    this.#numbers.update(Object.fromEntries(shown));
    const subscriptions = list(fields(snapshot)['subscriptions']);
    setHidden(this.#subscriptions.root, subscriptions.length === 0);
    const rows = subscriptions.map(one =>
      element(
        'tr',
        {},
        ...['pattern', 'group', 'state', 'held', 'running'].map(name => {
          const shown = text(one, name) || (name === 'group' ? 'fan-out' : '—');
          return element('td', { class: name === 'pattern' ? '' : 'number', text: shown });
        }),
      ),
    );
    this.#subscriptions.rows.replaceChildren(...rows);
  }
}

/** A number of the user's own, over time. */
class GaugeCard implements Part<string> {
  readonly #around: Surroundings;
  readonly #value = element('p', { class: 'figure' });
  readonly #chart: LineChart;
  readonly root: HTMLElement;

  constructor(name: string, around: Surroundings) {
    this.#around = around;
    this.#chart = new LineChart({
      title: `${name} over time`,
      height: 120,
      format: count,
      lines: [{ label: 'value', colour: '--line-1', filled: true }],
    });
    this.root = element(
      'article',
      { class: 'card' },
      element('div', { class: 'card-head' }, element('h3', { text: name }), this.#value),
      this.#chart.root,
    );
  }

  update(name: string): void {
    const { gauges, samples } = this.#around.model;
    const value = gauges[name];
    setText(this.#value, value === null || value === undefined ? 'unknown' : count(value));
    const known = samples.get(`gauge ${name}`);
    if (known !== undefined) this.#chart.update([known.at, known.first]);
  }

  remove(): void {
    this.#chart.remove();
  }
}

/** Buses, how far consumers lag behind, and the messages that nobody could handle. */
export class MessagesPanel implements Panel {
  readonly id = 'messages';
  readonly title = 'Messages';
  readonly #around: Surroundings;
  readonly #none = nothing('No bus, no gauge and no dead letters are watched.');
  readonly #gauges = element('div', { class: 'cards' });
  readonly #cards = element('div', { class: 'cards' });
  readonly #shelves = element('div', { class: 'stack' });
  readonly #gaugeList: PartList<string>;
  readonly #cardList: PartList<ThingFacts>;
  readonly #shelfList: PartList<ShelfFacts>;
  readonly root = element(
    'section',
    { class: 'stack' },
    this.#none,
    this.#gauges,
    this.#cards,
    this.#shelves,
  );

  constructor(around: Surroundings) {
    this.#around = around;
    this.#gaugeList = new PartList(
      this.#gauges,
      name => name,
      name => new GaugeCard(name, around),
    );
    this.#cardList = new PartList(
      this.#cards,
      ({ key }) => key,
      () => new MessageCard(),
    );
    this.#shelfList = new PartList(
      this.#shelves,
      ({ key, name }) => `${key} ${name}`,
      shelf => new DeadLetterShelf(shelf, around),
    );
  }

  update(): void {
    const { model } = this.#around;
    const things = model.ofKinds(messageKinds, this.#around.service());
    const names = Object.keys(model.gauges);
    setHidden(this.#none, things.length + names.length + model.shelves.length > 0);
    this.#gaugeList.update(names);
    this.#cardList.update(things);
    this.#shelfList.update(model.shelves);
  }
}
