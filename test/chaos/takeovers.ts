import type { Pool } from 'pg';

interface Awaited {
  readonly epoch: number;
  readonly at: number;
}

/** How long it takes from the end of a worker to the next claim on each saga that it had. */
export class Takeovers {
  /** In ms. */
  readonly tookMs: number[] = [];
  /** Those that waited while the server was away: they say nothing. */
  spoilt = 0;
  /** The longest time between two looks, in ms: so much later than it is a claim may be seen. */
  blindMs = 0;
  readonly #pool: Pool;
  readonly #awaited = new Map<string, Awaited>();
  #lookedAt = performance.now();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  begin(): void {
    this.#lookedAt = performance.now();
  }

  /** A worker is gone, or stands still. */
  async gone(owner: string, at: number): Promise<void> {
    const text = `SELECT id, epoch FROM keelson.saga
      WHERE owner = $1 AND status IN ('running', 'compensating')`;
    const { rows } = await this.#pool.query(text, [owner]);
    for (const { id, epoch } of rows) {
      if (!this.#awaited.has(id)) this.#awaited.set(id, { epoch, at });
    }
  }

  async look(): Promise<void> {
    const text = 'SELECT id, epoch, owner FROM keelson.saga WHERE id = ANY($1)';
    const { rows } = await this.#pool.query(text, [[...this.#awaited.keys()]]);
    const now = performance.now();
    this.blindMs = Math.max(this.blindMs, now - this.#lookedAt);
    this.#lookedAt = now;
    for (const { id, epoch, owner } of rows) {
      const awaited = this.#awaited.get(id);
      if (awaited === undefined) continue;
      if (epoch > awaited.epoch) this.tookMs.push(now - awaited.at);
      // Its last write came through, and gave the claim back.
      else if (owner !== null) continue;
      this.#awaited.delete(id);
    }
  }

  /** The server was away: the times of those that wait are not those of a takeover. */
  spoil(): void {
    this.spoilt += this.#awaited.size;
    this.#awaited.clear();
    this.#lookedAt = performance.now();
  }

  get waiting(): number {
    return this.#awaited.size;
  }
}
