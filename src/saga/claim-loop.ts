import { AlarmBell, type Timers } from './alarm-bell.js';

/** What a claim loop needs of whoever drives what it finds. */
export interface ClaimHost extends Timers {
  /** How many sagas can be driven besides those that are. */
  room(): number;
  /** Claims and begins to drive at most so many; how many it were. It does not reject. */
  claim(most: number): Promise<number>;
}

/** Looks for sagas that are due: often while there are some, more seldom when there are none for a while. */
export class ClaimLoop {
  readonly #host: ClaimHost;
  readonly #pollMs: number;
  readonly #maxPollMs: number;
  #running: Promise<void> | undefined;
  #stopped = false;
  #nudged = false;
  /** Whether some may have been left for want of room. */
  #leftSome = false;
  readonly #bell: AlarmBell;

  constructor(host: ClaimHost, pollMs: number, maxPollMs: number) {
    this.#host = host;
    this.#bell = new AlarmBell(host);
    this.#pollMs = pollMs;
    this.#maxPollMs = maxPollMs;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** There may be something due: do not wait until it is time to look. */
  nudge(): void {
    this.#nudged = true;
    this.#bell.ring();
  }

  /** There is room for one more: of use where there was not enough before. */
  roomMade(): void {
    if (this.#leftSome) this.nudge();
  }

  /** Resolves when nothing is claimed any more. */
  stop(): Promise<void> {
    this.#stopped = true;
    this.#bell.ring();
    return this.#running ?? Promise.resolve();
  }

  async #run(): Promise<void> {
    let pauseMs = this.#pollMs;
    while (!this.#stopped) {
      this.#nudged = false;
      const room = this.#host.room();
      const found = room > 0 ? await this.#host.claim(room) : 0;
      // Without room, nobody has looked.
      this.#leftSome = found >= room;
      pauseMs = found > 0 || this.#nudged ? this.#pollMs : Math.min(pauseMs * 2, this.#maxPollMs);
      const atOnce = this.#nudged && this.#host.room() > 0;
      if (!this.#stopped && !atOnce) await this.#bell.wait(pauseMs);
    }
  }
}
