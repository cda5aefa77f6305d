import type { PatchMessage, StateMessage } from '../protocol.js';
import type { Model } from './model.js';

/** How the page and its server stand. */
export type Connection = 'connecting' | 'live' | 'paused' | 'lost' | 'full';

/** A browser that got an answer other than a stream does not try again by itself. */
const AGAIN_MS = 5_000;

/** Keeps a model as the server tells it. The browser resumes a stream that broke off by itself. */
export class Stream {
  readonly #url: string;
  readonly #model: Model;
  readonly #changed: () => void;
  readonly #said: (connection: Connection) => void;
  #source: EventSource | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(base: string, model: Model, changed: () => void, said: (connection: Connection) => void) {
    this.#url = `${base}api/stream`;
    this.#model = model;
    this.#changed = changed;
    this.#said = said;
  }

  open(): void {
    this.close();
    this.#said('connecting');
    const source = new EventSource(this.#url);
    this.#source = source;
    source.addEventListener('open', () => this.#said('live'));
    source.addEventListener('state', event =>
      this.#take(event, data => this.#model.begin(data as StateMessage)),
    );
    source.addEventListener('patch', event =>
      this.#take(event, data => this.#model.change(data as PatchMessage)),
    );
    source.addEventListener('beat', event =>
      this.#take(event, data => this.#model.pass((data as { at: number }).at)),
    );
    source.addEventListener('error', () => {
      const isOver = source.readyState === EventSource.CLOSED;
      this.#said(isOver ? 'full' : 'lost');
      if (isOver) this.#again = setTimeout(() => this.open(), AGAIN_MS);
    });
  }

  close(): void {
    clearTimeout(this.#again);
    this.#source?.close();
    this.#source = undefined;
  }

  #take(event: Event, take: (data: unknown) => void): void {
    take(JSON.parse((event as MessageEvent<string>).data));
    this.#changed();
  }
}
