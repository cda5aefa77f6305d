import type { OutboxClaim } from '../../data/outbox-store.js';
import type { Clock, Timer } from '../../kernel/clock.js';
import { Batcher } from './batcher.js';

/** Messages of one claim that are with the bus. */
export interface Settlement {
  readonly claim: OutboxClaim;
  readonly ids: readonly number[];
}

/** Most transactions have committed by then. Those that have not are found by looking. */
const HINT_MS = 20;

/**
 * What the outboxes of all databases have in common beside their statements: what is settled at a time goes
 * in one statement, each claim once, and relays are told of what was written a moment after it.
 */
export class OutboxSettling {
  readonly #settle: (settlements: readonly Settlement[]) => Promise<readonly boolean[]>;
  readonly #clock: Clock;
  readonly #wake: () => void;
  readonly #batches: Batcher<Settlement, boolean>;
  #hint: Timer | undefined;

  /** `settle` says of each whether its claim is good; `most` is how many messages come at a time. */
  constructor(
    clock: Clock,
    most: number,
    settle: (settlements: readonly Settlement[]) => Promise<readonly boolean[]>,
    wake: () => void,
  ) {
    this.#settle = settle;
    this.#clock = clock;
    this.#wake = wake;
    this.#batches = new Batcher(items => this.#run(items), clock, most);
  }

  /** Whether the claim is good. */
  add(claim: OutboxClaim, ids: readonly number[]): Promise<boolean> {
    return this.#batches.add({ claim, ids });
  }

  /** Something was written: a notification within its transaction would hold up all others that notify. */
  written(): void {
    this.#hint ??= this.#clock.schedule(HINT_MS, () => {
      this.#hint = undefined;
      this.#wake();
    });
  }

  async #run(items: readonly Settlement[]): Promise<readonly boolean[]> {
    const byClaim = new Map<string, Settlement & { readonly ids: number[]; readonly place: number }>();
    const places = items.map(({ claim, ids }) => {
      const name = `${claim.bucket} ${claim.epoch} ${claim.relay}`;
      const one = byClaim.get(name) ?? { claim, ids: [], place: byClaim.size };
      for (const id of ids) one.ids.push(id);
      byClaim.set(name, one);
      return one.place;
    });
    const held = await this.#settle([...byClaim.values()]);
    return places.map(place => held[place]!);
  }
}
