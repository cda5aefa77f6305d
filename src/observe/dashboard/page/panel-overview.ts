import { nothing, table } from './card.js';
import { element, type Part, PartList, setHidden, setText } from './dom.js';
import { discoveryKinds, limitKinds, messageKinds, number } from './facts.js';
import type { Badge, Panel, Surroundings } from './panel.js';
import { eventRow, eventTable } from './panel-log.js';
import { count, span } from './text.js';

/** Events that are shown here; all are in the log. */
const MOST_EVENTS = 12;

interface Tile {
  readonly id: string;
  readonly title: string;
  readonly figure: string;
  readonly says: string;
  readonly tone: string;
}

class TilePart implements Part<Tile> {
  readonly #figure = element('span', { class: 'figure' });
  readonly #title = element('span', { class: 'tile-title' });
  readonly #says = element('span', { class: 'faint' });
  readonly root: HTMLElement;

  constructor({ id }: Tile) {
    this.root = element(
      'a',
      { class: 'tile', attributes: { href: `#/${id}` } },
      this.#title,
      this.#figure,
      this.#says,
    );
  }

  update({ title, figure, says, tone }: Tile): void {
    setText(this.#title, title);
    setText(this.#figure, figure);
    setText(this.#says, says);
    this.root.className = `tile edge-${tone}`;
  }
}

/** Of a UUID its beginning: nobody reads it, and it tells two of them apart. */
const processName = (instance: string): string =>
  instance === '' ? 'this one' : instance.replace(/^([0-9a-f]{8})(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, '$1');

/** How all panels stand, and what has happened last. */
export class OverviewPanel implements Panel {
  readonly id = 'overview';
  readonly title = 'Overview';
  readonly #around: Surroundings;
  readonly #panels: readonly Panel[];
  readonly #tiles = element('div', { class: 'tiles' });
  readonly #services = table('Services', ['Service', 'Process', 'Things', 'State']);
  readonly #servicesCard: HTMLElement;
  readonly #events = eventTable('The last events');
  readonly #quiet = nothing('Nothing has happened yet.');
  readonly #list: PartList<Tile>;
  readonly root: HTMLElement;
  #drawn = '';

  constructor(around: Surroundings, panels: readonly Panel[]) {
    this.#around = around;
    this.#panels = panels;
    this.#list = new PartList(
      this.#tiles,
      ({ id }) => id,
      tile => new TilePart(tile),
    );
    const card = (title: string, ...parts: readonly HTMLElement[]): HTMLElement =>
      element('article', { class: 'card' }, element('h3', { text: title }), ...parts);
    this.#servicesCard = card('Services', this.#services.root);
    const events = card('The last events', this.#quiet, this.#events.root);
    this.root = element('section', { class: 'stack' }, this.#tiles, this.#servicesCard, events);
  }

  update(): void {
    this.#list.update(this.#panels.flatMap(panel => this.#tileOf(panel)));
    this.#drawServices();
    const { model } = this.#around;
    const service = this.#around.service();
    const now = `${model.heard} ${service}`;
    if (now === this.#drawn) return;
    this.#drawn = now;
    const events = model.events.filter(event => service === '' || event.service === service);
    setHidden(this.#quiet, events.length > 0);
    setHidden(this.#events.root, events.length === 0);
    this.#events.rows.replaceChildren(...events.slice(-MOST_EVENTS).reverse().map(eventRow));
  }

  #tileOf(panel: Panel): Tile[] {
    const { id, title } = panel;
    const things = this.#countOf(id);
    if (things === 0) return [];
    const badge = panel.badge?.();
    if (id === 'latency') return [{ id, title, ...this.#latency(), tone: 'idle' }];
    return [{ id, title, ...wordsOf(id, badge, things), tone: badge?.tone ?? 'good' }];
  }

  #countOf(id: string): number {
    const { model } = this.#around;
    const kinds: Readonly<Record<string, readonly string[]>> = {
      breakers: ['circuit-breaker'],
      limits: limitKinds,
      latency: ['meter'],
      messages: messageKinds,
      sagas: ['saga-orchestrator'],
      discovery: discoveryKinds,
      gateway: ['gateway'],
    };
    const extra = id === 'messages' ? model.shelves.length : 0;
    return model.ofKinds(kinds[id] ?? [], this.#around.service()).length + extra;
  }

  /** The slowest of all meters. */
  #latency(): { readonly figure: string; readonly says: string } {
    const meters = this.#around.model.ofKinds(['meter'], this.#around.service());
    const slow = meters.map(thing => ({ name: thing.name, ms: number(thing.snapshot, 'p99Ms') ?? 0 }));
    const worst = slow.sort((a, b) => b.ms - a.ms)[0];
    if (worst === undefined) return { figure: '—', says: '' };
    return { figure: span(worst.ms), says: `99th percentile of ${worst.name}` };
  }

  #drawServices(): void {
    const { services } = this.#around.model;
    setHidden(this.#servicesCard, services.length < 2);
    this.#services.rows.replaceChildren(
      ...services.map(({ service, instance, things, stale }) =>
        element(
          'tr',
          {},
          element('td', { text: service }),
          element('td', { class: 'mono', text: processName(instance), attributes: { title: instance } }),
          element('td', { class: 'number', text: count(things) }),
          element(
            'td',
            {},
            element('span', {
              class: `chip tone-${stale ? 'warn' : 'good'}`,
              text: stale ? 'silent' : 'heard',
            }),
          ),
        ),
      ),
    );
  }
}

const says: Readonly<Record<string, readonly [none: string, some: string]>> = {
  breakers: ['all closed', 'not closed'],
  limits: ['all have room', 'full'],
  messages: ['watched', 'want a look'],
  sagas: ['none has parked of late', 'parked of late'],
  discovery: ['no instance is put aside', 'instances put aside'],
  gateway: ['watched', 'want a look'],
};

function wordsOf(
  id: string,
  badge: Badge | undefined,
  things: number,
): { readonly figure: string; readonly says: string } {
  const [none, some] = says[id] ?? ['', ''];
  if (badge === undefined) return { figure: count(things), says: none };
  // These count things of which there may be more than cards.
  const isOwnCount = id === 'sagas' || id === 'discovery';
  return {
    figure: isOwnCount ? count(badge.count) : `${count(badge.count)} of ${count(things)}`,
    says: some,
  };
}
