import type { Clock } from '../../kernel/clock.js';
import { EtcdError, etcdCodes } from './etcd-error.js';
import type { EtcdLink } from './etcd-link.js';

/** Leases count whole seconds: no lease is shorter than what was asked for. */
export const secondsOf = (ms: number): number => Math.max(1, Math.ceil(ms / 1_000));

/** The leases of a cluster, and one of our own for what is remembered of those that are gone. */
export class EtcdLeases {
  readonly #link: EtcdLink;
  readonly #clock: Clock;
  readonly #memoryMs: number;
  #memory: { readonly id: Promise<string>; readonly until: number } | undefined;

  constructor(link: EtcdLink, clock: Clock, memoryMs: number) {
    this.#link = link;
    this.#clock = clock;
    this.#memoryMs = memoryMs;
  }

  async grant(seconds: number): Promise<string> {
    const { ID } = await this.#link.ask<{ readonly ID: string }>('/v3/lease/grant', { TTL: String(seconds) });
    return ID;
  }

  /** Makes a lease end its time from now; false where it is over, or there is none. */
  async keepAlive(id: string | undefined): Promise<boolean> {
    if (id === undefined) return false;
    type Kept = { readonly result?: { readonly TTL?: string } };
    const { result } = await this.#link.ask<Kept>('/v3/lease/keepalive', { ID: id });
    return Number(result?.TTL ?? 0) > 0;
  }

  /** Ends a lease that nothing hangs on any more. Where that fails it ends by itself. */
  drop(id: string | undefined): void {
    if (id === undefined) return;
    this.#link.ask('/v3/lease/revoke', { ID: id }).catch(() => {});
  }

  /**
   * A lease that lasts at least as long as ends are remembered, and at most twice as long: one for all that
   * are written in that time.
   */
  memory(): Promise<string> {
    const now = this.#clock.now();
    if (this.#memory === undefined || now >= this.#memory.until) {
      const id = this.grant(secondsOf(2 * this.#memoryMs));
      this.#memory = { id, until: now + this.#memoryMs };
      id.catch(() => this.forgetMemory());
    }
    return this.#memory.id;
  }

  /** The cluster does not know it any more. */
  forgetMemory(): void {
    this.#memory = undefined;
  }
}

/** Whether a lease that was named is over. */
export function isLeaseOver(error: unknown): boolean {
  return error instanceof EtcdError && error.code === etcdCodes.notFound;
}
