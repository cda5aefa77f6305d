import type { Verdict } from '../kernel/outcome.js';
import type { BalancedInstance, Host } from './balancer-host.js';
import type { BalancerPick } from './balancer-options.js';

/** Told once of each call that is over, with how long it took and what came of it. */
export type SettlePick<I extends BalancedInstance> = (
  host: Host<I>,
  startedAt: number,
  verdict: Verdict,
) => void;

/** One call to a host, from the choice to its end. */
export class PickTicket<I extends BalancedInstance> implements BalancerPick<I> {
  readonly instance: I;
  readonly #host: Host<I>;
  readonly #startedAt: number;
  readonly #settle: SettlePick<I>;
  #over = false;

  constructor(host: Host<I>, startedAt: number, settle: SettlePick<I>) {
    this.instance = host.instance;
    this.#host = host;
    this.#startedAt = startedAt;
    this.#settle = settle;
    host.count(1);
  }

  done(verdict: Verdict = 'success'): void {
    if (this.#over) return;
    this.#over = true;
    this.#host.count(-1);
    this.#settle(this.#host, this.#startedAt, verdict);
  }
}
