import type { LoggedEvent } from '../protocol.js';
import { nothing, table } from './card.js';
import { element, setHidden } from './dom.js';
import { fields } from './facts.js';
import type { Panel, Surroundings } from './panel.js';
import { clockTime, count, words } from './text.js';

/** Rows that are drawn; the page remembers more, and the filter looks through all of them. */
const MOST_ROWS = 100;
const LONGEST_PAYLOAD = 300;

const bad = /* @__PURE__ */ new Set([
  'opened',
  'isolated',
  'parked',
  'failed',
  'ejected',
  'publishFailed',
  'deadLettered',
  'storeFailed',
]);
const good = /* @__PURE__ */ new Set([
  'closed',
  'completed',
  'readmitted',
  'recovered',
  'fresh',
  'storeRecovered',
]);

/** The tone of an event. */
export const eventTone = (event: string): string =>
  bad.has(event) ? 'bad' : good.has(event) ? 'good' : 'idle';

/** What every event has, and what its row says already. */
const known = /* @__PURE__ */ new Set(['at', 'policy', 'gateway', 'detector', 'dashboard', 'service']);

/** Data within a payload: a thing by its name, all else by what is plain in it. */
function inWords(value: unknown): string {
  if (typeof value === 'number') return String(Math.round(value * 100) / 100);
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return value.map(inWords).join(', ');
  const { kind, name } = fields(value);
  if (typeof kind === 'string' && typeof name === 'string') return `${words(kind)} ${name}`;
  const plain = Object.entries(value).filter(([, of]) => typeof of !== 'object');
  return plain.map(([of, said]) => `${words(of)} ${inWords(said)}`).join(', ');
}

/** A payload as words. */
export function saidBy(payload: unknown): string {
  const parts = Object.entries(fields(payload)).flatMap(([name, value]) => {
    if (known.has(name) || value === null || value === undefined) return [];
    const said = inWords(value);
    return [typeof value === 'object' ? `${words(name)}: ${said}` : `${words(name)} ${said}`];
  });
  return parts.join(' · ').slice(0, LONGEST_PAYLOAD);
}

/** One event as a row. */
export function eventRow({
  at,
  name,
  kind,
  service,
  event,
  count: times,
  payload,
}: LoggedEvent): HTMLElement {
  const chip = (): HTMLElement =>
    element('span', { class: `chip tone-${eventTone(event)}`, text: words(event) });
  const often = times === 1 ? undefined : ` × ${count(times)}`;
  const where = element('span', { class: 'faint where', text: ` ${words(kind)} · ${service}` });
  const says = saidBy(payload);
  return element(
    'tr',
    {},
    element('td', { class: 'mono', text: clockTime(at) }),
    // Where there is no room for columns of their own, the event and what it says stand here.
    element(
      'td',
      { class: 'of' },
      element('strong', { text: name }),
      where,
      element('p', { class: 'said' }, chip(), often, ` ${says}`),
    ),
    element('td', { class: 'number event' }, chip(), often),
    element('td', { class: 'payload', text: says }),
  );
}

/** A table of events; where there is little room, it has a column less. */
export function eventTable(title: string): ReturnType<typeof table> {
  const made = table(title, ['Time', 'Of', 'Event', 'What it says']);
  made.root.classList.add('events');
  return made;
}

/** What has happened, the newest first. */
export class LogPanel implements Panel {
  readonly id = 'log';
  readonly title = 'Events';
  readonly #around: Surroundings;
  readonly #filter = element('input', {
    on: { input: () => this.#draw() },
    attributes: { type: 'search', autocomplete: 'off', placeholder: 'name, kind or event' },
  });
  readonly #none = nothing('Nothing has happened yet.');
  readonly #table = eventTable('Events, the newest first');
  readonly root: HTMLElement;
  #drawn = '';

  constructor(around: Surroundings) {
    this.#around = around;
    const filter = element(
      'label',
      { class: 'field inline' },
      element('span', { text: 'Filter' }),
      this.#filter,
    );
    this.root = element(
      'section',
      {},
      filter,
      this.#none,
      element('div', { class: 'card' }, this.#table.root),
    );
  }

  update(): void {
    const now = `${this.#around.model.heard} ${this.#around.service()}`;
    if (now !== this.#drawn) this.#draw();
    this.#drawn = now;
  }

  #draw(): void {
    const wanted = this.#filter.value.trim().toLowerCase();
    const service = this.#around.service();
    const found = this.#around.model.events.filter(
      event =>
        (service === '' || event.service === service) &&
        (wanted === '' || `${event.name} ${event.kind} ${event.event}`.toLowerCase().includes(wanted)),
    );
    setHidden(this.#none, found.length > 0);
    setHidden(this.#table.root, found.length === 0);
    this.#table.rows.replaceChildren(...found.slice(-MOST_ROWS).reverse().map(eventRow));
  }
}
