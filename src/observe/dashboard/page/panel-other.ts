import type { ThingFacts } from '../protocol.js';
import { Card } from './card.js';
import { element, type Part, setHidden } from './dom.js';
import { discoveryKinds, limitKinds, messageKinds } from './facts.js';
import type { Panel, Surroundings } from './panel.js';
import { PartTable } from './part-table.js';
import { printable } from './text.js';
import { ThingCards } from './thing-cards.js';

const elsewhere = /* @__PURE__ */ new Set([
  ...['circuit-breaker', 'meter', 'saga-orchestrator', 'gateway'],
  ...[...limitKinds, ...discoveryKinds, ...messageKinds],
]);

/** So many lines of data are shown of one thing. */
const MOST_LINES = 200;

/** Data as lines of text, each of them printable by itself. */
function dataText(value: unknown): string {
  const lines = (JSON.stringify(value, undefined, 2) ?? 'nothing').split('\n');
  const shown = lines.slice(0, MOST_LINES).map(printable);
  return lines.length > MOST_LINES ? [...shown, '…'].join('\n') : shown.join('\n');
}

class OtherCard implements Part<ThingFacts> {
  readonly #card = new Card();
  readonly #snapshot = element('pre', { attributes: { tabindex: '0' } });
  readonly #description = element('pre', { attributes: { tabindex: '0' } });
  readonly #parts: PartTable;
  readonly root = this.#card.root;
  #thing: ThingFacts | undefined;

  constructor({ model }: Surroundings) {
    this.#parts = new PartTable(model);
    const how = element('details', {}, element('summary', { text: 'How it was made' }), this.#description);
    this.#card.body.append(this.#parts.root, this.#snapshot, how);
  }

  update(thing: ThingFacts): void {
    this.#card.update(thing, '', 'idle');
    // How a whole stands is how its parts do.
    setHidden(this.#snapshot, this.#parts.update(thing));
    const before = this.#thing;
    this.#thing = thing;
    if (before?.snapshot !== thing.snapshot) this.#snapshot.textContent = dataText(thing.snapshot);
    if (before?.description !== thing.description)
      this.#description.textContent = dataText(thing.description);
  }
}

/** All that has no panel of its own, as it says of itself. */
export class OtherPanel implements Panel {
  readonly id = 'other';
  readonly title = 'Everything else';
  readonly #around: Surroundings;
  readonly #cards: ThingCards;
  readonly root: HTMLElement;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#cards = new ThingCards('There is nothing else.', () => new OtherCard(around));
    this.root = this.#cards.root;
  }

  update(): void {
    const { model } = this.#around;
    const kinds = [...new Set([...model.things.values()].map(({ kind }) => kind))];
    const things = model.ofKinds(
      kinds.filter(kind => !elsewhere.has(kind)),
      this.#around.service(),
    );
    this.#cards.update(things);
  }
}
