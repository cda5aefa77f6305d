import type { ThingFacts } from '../protocol.js';
import { nothing } from './card.js';
import { element, type Part, PartList, setHidden } from './dom.js';

/** A card for each of some things, and a sentence in their stead where there are none. */
export class ThingCards {
  readonly #cards = element('div', { class: 'cards' });
  readonly #none: HTMLElement;
  readonly #list: PartList<ThingFacts>;
  readonly root: HTMLElement;

  constructor(none: string, make: (thing: ThingFacts) => Part<ThingFacts>) {
    this.#none = nothing(none);
    this.#list = new PartList(this.#cards, ({ key }) => key, make);
    this.root = element('section', {}, this.#none, this.#cards);
  }

  update(things: readonly ThingFacts[]): void {
    setHidden(this.#none, things.length > 0);
    this.#list.update(things);
  }
}
