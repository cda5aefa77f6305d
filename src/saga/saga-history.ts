import type { SagaEvent } from '../core/saga-state.js';
import type { HistoryEntry } from './saga-store.js';

/** So many places of the list an event takes: itself, when it happened, and under which claim. */
const WIDTH = 3;

/**
 * What happened to a saga, in memory: one flat list, for a store has very many of these and most are never
 * read. An entry is made when somebody asks.
 */
export class SagaHistory {
  readonly #flat: unknown[] = [];
  /** So many events were forgotten. */
  #forgotten = 0;

  /** Adds events, and forgets the oldest of more than `most`. */
  add(events: readonly SagaEvent[], at: number, epoch: number, most: number): void {
    for (const event of events) this.#flat.push(event, at, epoch);
    const over = this.#flat.length / WIDTH - most;
    if (over <= 0) return;
    this.#flat.splice(0, over * WIDTH);
    this.#forgotten += over;
  }

  entries(): readonly HistoryEntry[] {
    const entries: HistoryEntry[] = [];
    for (let place = 0; place < this.#flat.length; place += WIDTH) {
      const [event, at, epoch] = this.#flat.slice(place, place + WIDTH) as [SagaEvent, number, number];
      entries.push({ seq: this.#forgotten + entries.length + 1, at, epoch, event });
    }
    return entries;
  }
}
