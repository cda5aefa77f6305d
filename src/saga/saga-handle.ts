import { checkKeys } from '../kernel/options.js';
import { checkSignal } from './requests.js';
import type { Endings } from './saga-endings.js';

/** A saga that was started, here or before. */
export class SagaHandle<Outputs = unknown> {
  /** Its id. */
  readonly id: string;
  /** Whether this call started it; `false` where there was one with its key or id. */
  readonly created: boolean;
  readonly #endings: Endings;

  /** @internal */
  constructor(id: string, created: boolean, endings: Endings) {
    this.id = id;
    this.created = created;
    this.#endings = endings;
  }

  /**
   * Waits for its end: what its steps have answered. Rejects with `ERR_SAGA_COMPENSATED`, `ERR_SAGA_PARKED`,
   * or the reason of the signal, which leaves the saga as it is.
   */
  result(options: { readonly signal?: AbortSignal } = {}): Promise<Outputs> {
    checkKeys('result', options, ['signal']);
    checkSignal('result', options.signal);
    return this.#endings.result(this.id, options.signal) as Promise<Outputs>;
  }
}
