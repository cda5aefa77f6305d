import { type Channel, channel } from 'node:diagnostics_channel';

/** What has events; what is said of it elsewhere is of no interest here. */
export interface EventSource {
  on?(event: never, listener: never): () => void;
}

/** One event of one thing: listened to only while it is open. */
export class Tap {
  readonly event: string;
  /** Where subscribers outside of this package hear of it. */
  readonly channel: Channel;
  /** How often it happened while this was open. */
  count = 0;
  readonly #source: EventSource;
  readonly #hear: (payload: unknown) => void;
  #off: (() => void) | undefined;

  constructor(source: EventSource, kind: string, event: string, hear: (tap: Tap, payload: unknown) => void) {
    this.#source = source;
    this.event = event;
    this.channel = channel(`keelson:${kind}:${event}`);
    this.#hear = payload => {
      this.count++;
      hear(this, payload);
    };
  }

  open(open: boolean): void {
    if (open === (this.#off !== undefined)) return;
    if (open) this.#off = this.#listen();
    else {
      this.#off!();
      this.#off = undefined;
    }
  }

  /** Throws what the thing throws when it has no such event. */
  probe(): void {
    this.#listen()();
  }

  #listen(): () => void {
    return this.#source.on!(this.event as never, this.#hear as never);
  }
}
