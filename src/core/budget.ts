/**
 * Retry budget: what part of all traffic may be extra attempts (retries and hedges) of several policies
 * together.
 *
 * A token bucket as in gRPC's retry throttling (proposal A6) and the AWS SDKs, but fed by first tries where
 * those are fed by successes, plus a slow trickle in the manner of Finagle's minimum retries per second, so
 * that a quiet client is not left without. Chosen over Finagle's expiring window and over failsafe-go's share
 * of the calls in flight because a deposit here is one integer addition: the first needs a clock reading for
 * every call, the second work when a call ends, and a share of calls in flight bounds no number of retries
 * over time. Old deposits cannot pile up: `reserve` bounds what is banked. Nothing gives a token back, not
 * even an extra attempt that was called off: after other deposits were cut off at the cap that would make
 * room for more attempts than the invariant allows.
 *
 * Invariant: over any span of time, extra attempts <= reserve + minPerSecond * seconds + retryRatio * first
 * tries, and 0 <= tokens <= reserve.
 */
export interface BudgetRules {
  /** Extra attempts earned by each first try, kept in steps of 0.001. */
  readonly retryRatio: number;
  /** The most tokens that can be held, and how many there are at first. */
  readonly reserve: number;
  /** Tokens that come back by themselves. */
  readonly minPerSecond: number;
}

/** One token, in the unit of the balance. Thousandths keep the balance an integer, and mean ms below. */
const TOKEN = 1000;

/** The tokens of one budget. Allocates nothing after construction; only `withdraw` wants to know the time. */
export class Budget {
  #deposit: number;
  #cap: number;
  /** Thousandths of a token per millisecond are tokens per second. */
  #perMs: number;
  #balance: number;
  #trickledAt: number;

  constructor(rules: BudgetRules, nowMs: number) {
    this.#deposit = Math.round(rules.retryRatio * TOKEN);
    this.#cap = rules.reserve * TOKEN;
    this.#perMs = rules.minPerSecond;
    this.#balance = this.#cap;
    this.#trickledAt = nowMs;
  }

  /** Goes by other rules from now on; of the tokens held it keeps what the new reserve can hold. */
  amend(rules: BudgetRules, nowMs: number): void {
    this.#trickle(nowMs);
    this.#deposit = Math.round(rules.retryRatio * TOKEN);
    this.#cap = rules.reserve * TOKEN;
    this.#perMs = rules.minPerSecond;
    this.#balance = Math.min(this.#balance, this.#cap);
    // What the old rate left over, less than a thousandth of a token, must not be multiplied by the new one.
    this.#trickledAt = Math.max(this.#trickledAt, nowMs);
  }

  /** Records a first try. */
  deposit(): void {
    this.#balance = Math.min(this.#balance + this.#deposit, this.#cap);
  }

  /** Takes a token for an extra attempt; `false` means that this attempt has to be left out. */
  withdraw(nowMs: number): boolean {
    this.#trickle(nowMs);
    if (this.#balance < TOKEN) return false;
    this.#balance -= TOKEN;
    return true;
  }

  /** Tokens held, exact to a thousandth. */
  tokens(nowMs: number): number {
    this.#trickle(nowMs);
    return this.#balance / TOKEN;
  }

  /**
   * Between two withdrawals there are only additions, cut off at the same cap, so it makes no difference that
   * the trickle is added late.
   */
  #trickle(nowMs: number): void {
    const gained = Math.floor((nowMs - this.#trickledAt) * this.#perMs);
    // A clock that stands or steps back earns nothing.
    if (!(gained > 0)) return;
    const balance = this.#balance + gained;
    if (balance >= this.#cap) {
      this.#balance = this.#cap;
      this.#trickledAt = nowMs;
    } else {
      this.#balance = balance;
      this.#trickledAt += gained / this.#perMs;
    }
  }
}
