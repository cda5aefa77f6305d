import type { DeadLetterFacts, DeadLettersMessage, ShelfFacts } from '../protocol.js';
import type { Question } from './ask.js';
import { nothing, table } from './card.js';
import { element, type Part, PartList, setHidden, setText } from './dom.js';
import type { Surroundings } from './panel.js';
import { AGAIN_MS, Reading } from './reading.js';
import { stamp } from './text.js';

class LetterRow implements Part<DeadLetterFacts> {
  readonly #id = element('td', { class: 'mono id' });
  readonly #why = element('td', { class: 'reason' });
  readonly #attempts = element('td', { class: 'number' });
  readonly #died = element('td');
  readonly #data = element('td', { class: 'mono' });
  readonly root: HTMLElement;
  #letter: DeadLetterFacts;

  constructor(letter: DeadLetterFacts, shelf: ShelfFacts, around: Surroundings, done: () => void) {
    this.#letter = letter;
    const question = (action: 'deadLetter.replay' | 'deadLetter.discard'): Question => {
      const isReplay = action === 'deadLetter.replay';
      const { id, position } = this.#letter;
      return {
        title: isReplay ? 'Replay this message?' : 'Discard this message?',
        says: isReplay ? `${id} goes before its group again.` : `${id} is deleted for good.`,
        verb: isReplay ? 'Replay' : 'Discard',
        isDangerous: !isReplay,
        wanted: { action, key: shelf.key, position },
        done,
      };
    };
    const buttons = element('td', { class: 'actions' });
    for (const [label, action] of [
      ['Replay…', 'deadLetter.replay'],
      ['Discard…', 'deadLetter.discard'],
    ] as const) {
      const button = around.asking.button(label, () => question(action), action);
      if (button === undefined) continue;
      button.setAttribute('aria-label', `${label} ${letter.id}`);
      buttons.append(button);
    }
    const cells = [this.#id, this.#why, this.#attempts, this.#died, this.#data, buttons];
    this.root = element('tr', {}, ...cells);
  }

  update(letter: DeadLetterFacts): void {
    this.#letter = letter;
    const { name, code, message } = letter.error;
    setText(this.#id, letter.id);
    const error = [name, code, message].filter(part => part !== undefined && part !== '').join(': ');
    setText(this.#why, error === '' ? letter.reason : `${letter.reason}: ${error}`);
    setText(this.#attempts, String(letter.attempts));
    setText(this.#died, letter.diedAt === null ? '—' : stamp(letter.diedAt));
    setText(this.#data, letter.data === null ? '—' : JSON.stringify(letter.data));
  }
}

/** The dead letters of one place, read while somebody looks at them. */
export class DeadLetterShelf implements Part<ShelfFacts> {
  readonly #reading: Reading<DeadLettersMessage>;
  readonly #table: ReturnType<typeof table>;
  readonly #says = nothing('Not read yet.');
  readonly #count = element('span', { class: 'chip' });
  readonly #rows: PartList<DeadLetterFacts>;
  readonly root: HTMLElement;

  constructor(shelf: ShelfFacts, around: Surroundings) {
    this.#reading = new Reading(
      () => around.server.read('api/dead-letters', { key: shelf.key }),
      ({ letters }) => this.#show(letters),
      this.#says,
    );
    const heads = ['Message', 'Why', 'Attempts', 'Died', 'Data', '(Actions)'];
    this.#table = table(`Dead letters of ${shelf.name}`, heads);
    this.#rows = new PartList(
      this.#table.rows,
      ({ position }) => position,
      letter => new LetterRow(letter, shelf, around, () => void this.#reading.now()),
    );
    const names = element(
      'div',
      {},
      element('h3', { text: shelf.name }),
      element('p', { class: 'faint where', text: 'dead letters' }),
    );
    const head = element('div', { class: 'card-head' }, names, this.#count);
    this.root = element('article', { class: 'card' }, head, this.#says, this.#table.root);
    setHidden(this.#table.root, true);
  }

  update(): void {
    if (this.#reading.ageMs > AGAIN_MS) void this.#reading.now();
  }

  #show(letters: readonly DeadLetterFacts[]): void {
    // A page of the list is 50 long; there may be more behind a full one.
    setText(this.#count, letters.length >= 50 ? `${letters.length} or more` : String(letters.length));
    this.#count.className = letters.length > 0 ? 'chip tone-bad' : 'chip tone-good';
    setText(this.#says, 'There are none.');
    setHidden(this.#says, letters.length > 0);
    setHidden(this.#table.root, letters.length === 0);
    this.#rows.update(letters);
  }
}
