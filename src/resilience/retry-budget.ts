import { Budget, type BudgetRules } from '../core/budget.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import { Emitter, type Listener, namesOf, type Observable } from '../kernel/events.js';
import { type OptionChanges, type UndoUpdate, updateOptions } from '../kernel/live-options.js';
import { checkKeys, checkNumber, given } from '../kernel/options.js';

/** How a {@link RetryBudget} is set up. */
export interface RetryBudgetOptions {
  /** Extra attempts that each first try earns, in steps of 0.001. @default 0.2 */
  readonly retryRatio?: number;
  /** Extra attempts that may be saved up, and that there are at first. @default 100 */
  readonly reserve?: number;
  /** Extra attempts that are earned by waiting alone, so that a quiet client has some too. @default 1 */
  readonly minPerSecond?: number;
  /** Shown in events and `describe()`. @default 'retry budget' */
  readonly name?: string;
  /** The source of time. @default systemClock */
  readonly clock?: Clock;
}

/** What can be listened to by `budget.on`; `at` is the wall clock, in ms since the epoch. */
export interface RetryBudgetEvents {
  /** An extra attempt was refused, the first after one that was granted. */
  exhausted: { readonly policy: string; readonly at: number };
  /** Options were changed by `update`. */
  updated: { readonly policy: string; readonly changes: OptionChanges; readonly at: number };
}

/** What can be changed while it works. */
export type RetryBudgetUpdate = Partial<Pick<RetryBudgetOptions, 'retryRatio' | 'reserve' | 'minPerSecond'>>;

const defaults: Required<Omit<RetryBudgetOptions, 'clock'>> = /* @__PURE__ */ Object.freeze({
  retryRatio: 0.2,
  reserve: 100,
  minPerSecond: 1,
  name: 'retry budget',
});
const known = ['retryRatio', 'reserve', 'minPerSecond', 'name', 'clock'];

function checked({ retryRatio, reserve, minPerSecond }: BudgetRules): BudgetRules {
  checkNumber('RetryBudget', 'retryRatio', retryRatio, { min: 0, max: 1 });
  checkNumber('RetryBudget', 'reserve', reserve, { min: 1, max: 1_000_000, integer: true });
  checkNumber('RetryBudget', 'minPerSecond', minPerSecond, { min: 0, max: 1_000_000 });
  return Object.freeze({ retryRatio, reserve, minPerSecond });
}

/**
 * Bounds the extra attempts (retries and hedges) of all policies that share it, in any span of time, to
 * `reserve + minPerSecond * seconds + retryRatio * first tries`, so that a sick remote is not drowned by
 * those who mean to help. What is refused is left out and nothing else: a call ends with its own last
 * outcome.
 *
 * @example
 * ```ts
 * import { Retry, RetryBudget } from 'keelson';
 *
 * const budget = new RetryBudget({ retryRatio: 0.1 });
 * const reads = new Retry({ budget });
 * const writes = new Retry({ attempts: 2, budget });
 * ```
 */
export class RetryBudget implements Observable<RetryBudgetEvents> {
  /** Shown in events and `describe()`. */
  readonly name: string;
  /** The source of time. */
  readonly clock: Clock;
  #rules: BudgetRules;
  readonly #budget: Budget;
  #refused = 0;
  #exhausted = false;
  #events: Emitter<RetryBudgetEvents> | undefined;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: RetryBudgetOptions = {}) {
    checkKeys('RetryBudget', options, known);
    const { name, ...rules } = { ...defaults, ...given(options) };
    this.name = name;
    this.clock = options.clock ?? systemClock;
    this.#rules = checked(rules);
    this.#budget = new Budget(this.#rules, this.clock.now());
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  /** Whether it may be forgotten: it holds its whole reserve, as a new one does. */
  get atRest(): boolean {
    return this.#budget.tokens(this.clock.now()) === this.#rules.reserve;
  }

  /** Records a first try. */
  deposit(): void {
    this.#budget.deposit();
  }

  /** Takes a token for an extra attempt; `false` means that it has to be left out. */
  withdraw(): boolean {
    const granted = this.#budget.withdraw(this.clock.now());
    if (!granted) this.#refuse();
    this.#exhausted = !granted;
    return granted;
  }

  on<Name extends keyof RetryBudgetEvents>(
    event: Name,
    listener: Listener<RetryBudgetEvents[Name]>,
  ): () => void {
    this.#events ??= new Emitter(namesOf<RetryBudgetEvents>({ exhausted: true, updated: true }));
    return this.#events.on(event, listener);
  }

  /**
   * Changes options from now on, keeping the tokens as far as a new `reserve` can hold them; answers how to
   * put the options back.
   *
   * @throws TypeError or RangeError that names the option, the rule and the value; then nothing has changed.
   */
  update(options: RetryBudgetUpdate): UndoUpdate {
    return updateOptions<BudgetRules>(
      {
        owner: 'RetryBudget',
        read: () => this.#rules,
        write: next => {
          this.#rules = checked(next);
          this.#budget.amend(this.#rules, this.clock.now());
        },
        tell: changes => {
          if (!this.#events?.has('updated')) return;
          this.#events.emit('updated', { policy: this.name, changes, at: this.clock.wall() });
        },
      },
      options,
    );
  }

  /** How it is set up, as JSON. */
  describe(): {
    readonly kind: 'retry-budget';
    readonly name: string;
    readonly retryRatio: number;
    readonly reserve: number;
    readonly minPerSecond: number;
  } {
    return { kind: 'retry-budget', name: this.name, ...this.#rules };
  }

  /** The tokens held now, and how many extra attempts have been refused. */
  snapshot(): { readonly tokens: number; readonly refused: number } {
    return { tokens: this.#budget.tokens(this.clock.now()), refused: this.#refused };
  }

  #refuse(): void {
    this.#refused++;
    if (!this.#exhausted && this.#events?.has('exhausted')) {
      this.#events.emit('exhausted', { policy: this.name, at: this.clock.wall() });
    }
  }
}
