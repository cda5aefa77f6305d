import type { DeadLetter, DeadLetters } from '../../messaging/dead-letters.js';
import { plainCopy, shortText } from '../plain-copy.js';
import type { DeadLetterFacts, ShelfFacts } from './protocol.js';

const PAGE = 50;
/** Letters that were shown and can be acted on without looking for them; of each shelf. */
const MOST_SHOWN = 500;
/** Pages that are looked through for a letter that is not among them. */
const MOST_PAGES = 20;
const LONGEST_TEXT = 2_000;

interface Shelf {
  readonly facts: ShelfFacts;
  readonly letters: DeadLetters;
  /** By position, as they were listed last. */
  readonly shown: Map<string, DeadLetter>;
}

/** The dead letters that the user wants to be seen, by the names that the user gave. */
export class DeadLetterShelves {
  readonly #shelves = new Map<string, Shelf>();
  readonly #showData: boolean;

  constructor(named: Readonly<Record<string, DeadLetters>>, showData: boolean) {
    this.#showData = showData;
    for (const [index, [name, letters]] of Object.entries(named).entries()) {
      const key = `d${index + 1}`;
      this.#shelves.set(key, {
        facts: { key, name: shortText(name, LONGEST_TEXT) },
        letters,
        shown: new Map(),
      });
    }
  }

  get facts(): readonly ShelfFacts[] {
    return [...this.#shelves.values()].map(({ facts }) => facts);
  }

  nameOf(key: string): string | undefined {
    return this.#shelves.get(key)?.facts.name;
  }

  /** A page, after a position; `undefined` where there is no such shelf. */
  async list(key: string, after: string | undefined): Promise<readonly DeadLetterFacts[] | undefined> {
    const shelf = this.#shelves.get(key);
    if (shelf === undefined) return undefined;
    const page = await shelf.letters.list({ limit: PAGE, ...(after !== undefined && { after }) });
    for (const letter of page) this.#keep(shelf, letter);
    return page.map(letter => this.#factsOf(letter));
  }

  async find(key: string, position: string): Promise<DeadLetter | undefined> {
    const shelf = this.#shelves.get(key);
    if (shelf === undefined) return undefined;
    const known = shelf.shown.get(position);
    if (known !== undefined) return known;
    let after: string | undefined;
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      const page = await shelf.letters.list({ limit: PAGE, ...(after !== undefined && { after }) });
      const found = page.find(letter => letter.position === position);
      if (found !== undefined || page.length < PAGE) return found;
      after = page.at(-1)!.position;
    }
    return undefined;
  }

  /** One that is done with cannot be acted on again by what is remembered of it. */
  forget(key: string, position: string): void {
    this.#shelves.get(key)?.shown.delete(position);
  }

  #keep({ shown }: Shelf, letter: DeadLetter): void {
    shown.delete(letter.position);
    shown.set(letter.position, letter);
    if (shown.size <= MOST_SHOWN) return;
    const [oldest] = shown.keys();
    shown.delete(oldest!);
  }

  #factsOf(letter: DeadLetter): DeadLetterFacts {
    const { name, code, message } = letter.error;
    const error = { name, code, message };
    return plainCopy({
      ...{ position: letter.position, id: letter.message.id, topic: letter.message.topic, error },
      ...{ reason: letter.reason, attempts: letter.attempts, diedAt: letter.diedAt ?? null },
      data: this.#showData ? letter.data : null,
    }) as DeadLetterFacts;
  }
}
