import type { ThingFacts } from '../protocol.js';
import { element, setClass, setHidden, setText } from './dom.js';
import { words } from './text.js';

/** What all cards have: a name, where the thing is, and how it stands in a word. */
export class Card {
  readonly root: HTMLElement;
  readonly #name = element('h3');
  readonly #where = element('p', { class: 'faint where' });
  readonly #chip = element('span', { class: 'chip' });
  readonly body = element('div', { class: 'card-body' });

  constructor() {
    const head = element(
      'div',
      { class: 'card-head' },
      element('div', {}, this.#name, this.#where),
      this.#chip,
    );
    this.root = element('article', { class: 'card' }, head, this.body);
  }

  update(thing: ThingFacts, chip: string, tone: string): void {
    setText(this.#name, thing.name);
    setText(this.#where, whereOf(thing));
    setText(this.#chip, chip);
    setClass(this.#chip, `chip tone-${tone}`);
    setHidden(this.#chip, chip === '');
  }
}

/** The kind, what it is a part of and the service of a thing, and the process where it is another. */
export function whereOf({ kind, whole, service, instance }: ThingFacts): string {
  const place = instance === '' ? service : `${service}, ${instance.slice(0, 12)}`;
  const part = whole === '' ? [] : [`part of ${whole.slice(whole.indexOf('/') + 1)}`];
  return [words(kind), ...part, place].join(' · ');
}

/** Names and numbers side by side. */
export class Numbers {
  readonly root = element('dl', { class: 'numbers' });
  readonly #values = new Map<string, HTMLElement>();

  update(numbers: Readonly<Record<string, string | undefined>>): void {
    for (const [name, value] of Object.entries(numbers)) {
      let shown = this.#values.get(name);
      if (shown === undefined) {
        shown = element('dd');
        this.#values.set(name, shown);
        this.root.append(element('div', {}, element('dt', { text: name }), shown));
      }
      setText(shown, value ?? '—');
    }
  }
}

/** How full something is. */
export class Meter {
  readonly #bar = element('span', { class: 'fill' });
  readonly #says = element('span', { class: 'meter-says' });
  readonly #track = element(
    'div',
    { class: 'track', attributes: { role: 'meter', 'aria-valuemin': '0' } },
    this.#bar,
  );
  readonly root: HTMLElement;

  constructor(label: string) {
    this.#track.setAttribute('aria-label', label);
    const head = element(
      'div',
      { class: 'meter-head' },
      element('span', { class: 'faint', text: label }),
      this.#says,
    );
    this.root = element('div', { class: 'meter' }, head, this.#track);
  }

  update(value: number, most: number, says: string): void {
    const part = most > 0 ? Math.min(1, Math.max(0, value / most)) : 0;
    this.#bar.style.setProperty('transform', `scaleX(${part})`);
    setClass(this.#bar, `fill tone-${part >= 1 ? 'bad' : part >= 0.8 ? 'warn' : 'good'}`);
    setText(this.#says, says);
    this.#track.setAttribute('aria-valuenow', String(Math.min(value, most)));
    this.#track.setAttribute('aria-valuemax', String(most));
    this.#track.setAttribute('aria-valuetext', says);
  }
}

/** What is said where there is nothing to show. */
export const nothing = (what: string): HTMLElement => element('p', { class: 'nothing', text: what });

/** A table with its own scrolling, so that a phone does not scroll the whole page sideways. */
export function table(
  title: string,
  heads: readonly string[],
): { readonly root: HTMLElement; readonly rows: HTMLElement } {
  const rows = element('tbody');
  const cells = heads.map(name =>
    // A column of buttons has no name to be seen, but one to be heard.
    name.startsWith('(')
      ? element(
          'th',
          { attributes: { scope: 'col' } },
          element('span', { class: 'unseen', text: name.slice(1, -1) }),
        )
      : element('th', { text: name, attributes: { scope: 'col' } }),
  );
  const caption = element('caption', { class: 'unseen', text: title });
  const whole = element('table', {}, caption, element('thead', {}, element('tr', {}, ...cells)), rows);
  const attributes = { tabindex: '0', role: 'group', 'aria-label': title };
  return { root: element('div', { class: 'scroll', attributes }, whole), rows };
}
