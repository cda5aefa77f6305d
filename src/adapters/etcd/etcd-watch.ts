import type { Clock, Timer } from '../../kernel/clock.js';
import { systemRandom } from '../../kernel/random.js';
import type { EtcdWatchMessage } from './etcd-answers.js';
import type { EtcdKeys } from './etcd-keys.js';
import type { EtcdLink } from './etcd-link.js';

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;

/** What a watch is made of. */
export interface EtcdWatchParts {
  readonly link: EtcdLink;
  readonly keys: EtcdKeys;
  readonly clock: Clock;
  /** Having heard nothing for so long it begins anew: a member that hangs says nothing, either. */
  readonly idleMs: number;
  /** Called when a service has changed, or any may have. */
  readonly hint: (service: string | undefined) => void;
}

/**
 * Hears which services change, over one connection. It goes back to no revision: whenever it begins, all are
 * looked at, so that neither a lost connection nor a compaction leaves a gap.
 */
export class EtcdWatch {
  readonly #parts: EtcdWatchParts;
  #stop: (() => void) | undefined;
  #timer: Timer | undefined;
  #failures = 0;
  #closed = false;

  constructor(parts: EtcdWatchParts) {
    this.#parts = parts;
    this.#begin();
  }

  close(): void {
    this.#closed = true;
    this.#stop?.();
    this.#timer?.cancel();
  }

  #begin(): void {
    const { link, keys } = this.#parts;
    this.#stop?.();
    this.#rest();
    this.#stop = link.listen(
      '/v3/watch',
      { create_request: { ...keys.all(), progress_notify: true } },
      { onMessage: message => this.#heed(message as EtcdWatchMessage), onEnd: () => this.#again() },
    );
  }

  /** Waits for the next message, though not for ever. */
  #rest(): void {
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.schedule(this.#parts.idleMs, () => this.#begin());
  }

  #heed({ result, error }: EtcdWatchMessage): void {
    const { hint, keys } = this.#parts;
    if (error !== undefined || result === undefined || result.canceled === true) {
      // Compacted, or put to an end by the server: what was missed is found by looking at all.
      this.#again();
      return;
    }
    this.#rest();
    if (result.created === true) {
      this.#failures = 0;
      hint(undefined);
    }
    const changed = new Set(result.events?.map(({ kv }) => keys.parse(kv.key)?.service));
    for (const service of changed) if (service !== undefined) hint(service);
  }

  #again(): void {
    if (this.#closed) return;
    this.#stop?.();
    this.#stop = undefined;
    this.#timer?.cancel();
    const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 30);
    this.#timer = this.#parts.clock.schedule(longest * (0.5 + systemRandom() / 2), () => this.#begin());
  }
}
