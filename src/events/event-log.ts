import { checkNumber, refuse } from '../kernel/options.js';
import { EventOverflowError } from './event-errors.js';
import type { EventFeed, FedEvent, Position } from './event-feed.js';

/** How an `InMemoryEventLog` is made. */
export interface EventLogOptions {
  /** How many events it holds at most. @default 100_000 */
  readonly maxEvents?: number;
}

/** A list of events with positions from 1, for tests and first steps: it is gone with the process. */
export class InMemoryEventLog implements EventFeed {
  readonly #maxEvents: number;
  readonly #events: FedEvent[] = [];

  constructor({ maxEvents = 100_000 }: EventLogOptions = {}) {
    this.#maxEvents = checkNumber('InMemoryEventLog', 'maxEvents', maxEvents, { min: 1, integer: true });
  }

  /** How many events it holds: the position of the last one. */
  get size(): number {
    return this.#events.length;
  }

  /**
   * Adds an event and answers with its position.
   * @throws TypeError for a `type` that is no text; `ERR_EVENT_OVERFLOW` when the log is full.
   */
  append(type: string, data: unknown, version?: number): number {
    if (typeof type !== 'string') refuse('append', 'type', 'a string', type);
    if (this.#events.length >= this.#maxEvents) {
      throw new EventOverflowError(`event log: \`maxEvents\` is ${this.#maxEvents}, and there are as many`);
    }
    const position = this.#events.length + 1;
    this.#events.push({ position, type, data, version });
    return position;
  }

  read(after: Position | undefined, limit: number): readonly FedEvent[] {
    const from = Number(after ?? 0);
    return this.#events.slice(from, from + limit);
  }
}
