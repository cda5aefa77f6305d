import type { NotificationSource } from './client.js';
import type { Database } from './database.js';
import { channelOf } from './names.js';
import { Notifications } from './notifications.js';

/** Tells workers of what may be due, here and in other processes, where the client can listen. */
export class Wakes {
  readonly #db: Database;
  readonly #what: string;
  readonly #source: NotificationSource | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #sender: Notifications | undefined;
  #ear: Notifications | undefined;

  /** @param what Tells its channel from others; at most 7 characters: names of the server are short. */
  constructor(db: Database, source: NotificationSource | undefined, what: string) {
    this.#db = db;
    this.#what = what;
    this.#source = source;
    this.#sender = source === undefined ? undefined : this.#make(source);
  }

  /** Listens while there is anybody to be told; answers with what ends it. */
  add(listener: () => void): () => void {
    const own = () => listener();
    this.#listeners.add(own);
    if (this.#source !== undefined && this.#ear === undefined) {
      this.#ear = this.#make(this.#source);
      this.#ear.listen();
    }
    return () => {
      if (!this.#listeners.delete(own) || this.#listeners.size > 0) return;
      const ear = this.#ear;
      this.#ear = undefined;
      // Its connection may be broken already.
      ear?.close().catch(() => {});
    };
  }

  send(): void {
    if (this.#sender === undefined) this.#wake();
    else this.#sender.send();
  }

  #make(source: NotificationSource): Notifications {
    const channel = `${channelOf(this.#db.schema)}_${this.#what}`;
    return new Notifications(this.#db, source, () => this.#wake(), channel);
  }

  #wake(): void {
    for (const listener of this.#listeners) listener();
  }
}
