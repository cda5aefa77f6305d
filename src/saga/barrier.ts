import { type BarrierDecision, type BarrierDirection, decideBarrier } from '../core/barrier.js';
import { type Clock, systemClock } from '../kernel/clock.js';
import { Emitter, type Listener, type Observable } from '../kernel/events.js';
import { checkFlag, checkKeys, checkNumber, isData, refuse, show } from '../kernel/options.js';
import { BarrierResultError } from './barrier-errors.js';
import { type BarrierCall, readBarrierKey } from './barrier-key.js';
import type { BarrierRecord, BarrierStore } from './barrier-store.js';

/** How a `ParticipantBarrier` is made. */
export interface ParticipantBarrierOptions<Transaction> {
  /** Where what was done is kept: in the database of the business data, and nowhere else. */
  readonly store: BarrierStore<Transaction>;
  /** The largest answer that is kept, as JSON, in bytes. @default 65536 */
  readonly maxResultBytes?: number;
  /** Whether a call is refused whose epoch is lower than one seen before. @default true */
  readonly fence?: boolean;
  /** For how long a step is kept, in ms: longer than any saga lives. @default 604800000 */
  readonly retentionMs?: number;
  /** How many rows one `purge` deletes at most, an integer >= 1. @default 5000 */
  readonly purgeLimit?: number;
  /** Shown in errors, events and `describe()`. @default 'barrier' */
  readonly name?: string;
  /** The source of time, for stamps of events. @default systemClock */
  readonly clock?: Clock;
}

/**
 * What became of a call. `done`: its code ran just now. `duplicate`: it ran before, and `result` is what it
 * returned then. `void`: there was nothing to undo, its code did not run, and the step is refused from now
 * on. `refused`: the step comes after its compensation. `stale`: a later orchestrator, of `epoch`, has asked.
 */
export type BarrierAnswer<Result> =
  | { readonly outcome: 'done' | 'duplicate'; readonly result: Result }
  | { readonly outcome: 'void' | 'refused' }
  | { readonly outcome: 'stale'; readonly epoch: number };

/** What business code is told. */
export interface BarrierContext {
  /** The id of the saga. */
  readonly saga: string;
  /** The name of the step. */
  readonly step: string;
  /** Whether it is done, or undone. */
  readonly direction: BarrierDirection;
  /** That of the orchestrator, where it said one. */
  readonly epoch: number | undefined;
  /** For a compensation: what the step returned when it was done. */
  readonly forwardResult: unknown;
}

/** What a barrier tells. `at` is epoch ms. The transaction may still roll back. */
export interface BarrierEvents {
  /** A call has its answer. */
  answered: {
    readonly barrier: string;
    readonly saga: string;
    readonly step: string;
    readonly direction: BarrierDirection;
    readonly outcome: BarrierAnswer<unknown>['outcome'];
    readonly at: number;
  };
}

/** How a barrier stands at a moment: the calls of this process by what became of them. */
export interface BarrierSnapshot {
  /** That of the barrier. */
  readonly name: string;
  /** Those whose business code ran, and returned. */
  readonly done: number;
  /** Those that had run before. */
  readonly duplicate: number;
  /** Compensations without their step. */
  readonly void: number;
  /** Steps after their compensation. */
  readonly refused: number;
  /** Those of an orchestrator that was overtaken. */
  readonly stale: number;
}

/** How a barrier was made. */
export interface BarrierDescription {
  /** What this is. */
  readonly kind: 'participant-barrier';
  /** Shown in errors and events. */
  readonly name: string;
  /** The largest answer that is kept, in bytes. */
  readonly maxResultBytes: number;
  /** Whether calls of an older epoch are refused. */
  readonly fence: boolean;
  /** For how long a step is kept, in ms. */
  readonly retentionMs: number;
  /** How many rows one `purge` deletes at most. */
  readonly purgeLimit: number;
}

const defaults: Omit<BarrierDescription, 'kind'> = /* @__PURE__ */ Object.freeze({
  maxResultBytes: 65_536,
  fence: true,
  retentionMs: 604_800_000,
  purgeLimit: 5_000,
  name: 'barrier',
});

const owner = 'ParticipantBarrier';
const known = ['store', 'maxResultBytes', 'fence', 'retentionMs', 'purgeLimit', 'name', 'clock'];

/** @throws TypeError or RangeError that names the option, the rule and the value. */
function checkBarrier(options: ParticipantBarrierOptions<never>): Omit<BarrierDescription, 'kind'> {
  checkKeys(owner, options, known);
  const { store, clock: _, ...rules } = { ...defaults, ...options };
  for (const method of ['claim', 'mark', 'purge'] as const) {
    if (typeof store?.[method] !== 'function') refuse(owner, 'store', `a BarrierStore with ${method}`, store);
  }
  checkNumber(owner, 'maxResultBytes', rules.maxResultBytes, { min: 0, max: 2 ** 26, integer: true });
  checkFlag(owner, 'fence', rules.fence);
  checkNumber(owner, 'retentionMs', rules.retentionMs, { min: 0, max: 2 ** 43 });
  checkNumber(owner, 'purgeLimit', rules.purgeLimit, { min: 1, max: 1_000_000, integer: true });
  return rules;
}

/**
 * Stands before the business code of a service that sagas call, in the service's own transaction: what comes
 * twice has its effect once, a compensation that comes without its step does nothing, and a step that comes
 * after its compensation is refused.
 *
 * After the barrier of DTM, with the answers kept for those who ask again.
 *
 * @example
 * ```ts
 * import { InMemoryBarrierStore, ParticipantBarrier } from 'keelson/saga';
 *
 * const store = new InMemoryBarrierStore();
 * const barrier = new ParticipantBarrier({ store });
 * const charge = () =>
 *   store.transaction(transaction => barrier.run(transaction, 'order-7:charge:forward', () => 'payment-1'));
 * await charge(); // => { outcome: 'done', result: 'payment-1' }
 * await charge(); // => { outcome: 'duplicate', result: 'payment-1' }
 * ```
 */
export class ParticipantBarrier<Transaction> implements Observable<BarrierEvents> {
  readonly #store: BarrierStore<Transaction>;
  readonly #rules: Omit<BarrierDescription, 'kind'>;
  readonly #clock: Clock;
  readonly #counts = { done: 0, duplicate: 0, void: 0, refused: 0, stale: 0 };
  #events: Emitter<BarrierEvents> | undefined;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: ParticipantBarrierOptions<Transaction>) {
    this.#rules = checkBarrier(options as ParticipantBarrierOptions<never>);
    this.#store = options.store;
    this.#clock = options.clock ?? systemClock;
  }

  /** What stands where an option was left out. */
  static get defaults(): typeof defaults {
    return defaults;
  }

  on<Name extends keyof BarrierEvents>(event: Name, listener: Listener<BarrierEvents[Name]>): () => void {
    this.#events ??= new Emitter(['answered']);
    return this.#events.on(event, listener);
  }

  /**
   * Runs `work` once for a call, in `transaction`, which you have opened and will commit; it does its writes
   * there and nowhere else. Nothing is asked of the business data before it is known that `work` is to run,
   * and a call that comes while another is under way waits for the end of its transaction.
   *
   * Roll back when it rejects. What `work` throws passes through: nothing is kept of it, and a later call
   * runs anew. A refusal that is to last is returned, not thrown.
   *
   * @param key The idempotency key that the saga sent, `saga:step:direction`, or its parts.
   * @throws BarrierKeyError when no saga sends such a key; BarrierResultError when `work` returned what
   * cannot be kept; what `work` or the database throws.
   */
  async run<Result>(
    transaction: Transaction,
    key: string | BarrierCall,
    work: (context: BarrierContext) => Result | Promise<Result>,
  ): Promise<BarrierAnswer<Result>> {
    const call = readBarrierKey(key);
    const { direction, epoch } = call;
    const record = await this.#store.claim(transaction, call, epoch);
    const decision = decideBarrier(record, direction, this.#rules.fence ? epoch : undefined);
    const answer = await this.#follow(transaction, call, record, decision, work);
    this.#tell(call, answer.outcome);
    return answer;
  }

  /** Deletes steps older than `retentionMs`, at most `purgeLimit` of them; how many it deleted. */
  purge(): Promise<number> {
    return this.#store.purge(this.#rules.retentionMs, this.#rules.purgeLimit);
  }

  /** How it stands at this moment. */
  snapshot(): BarrierSnapshot {
    return { name: this.#rules.name, ...this.#counts };
  }

  /** How it was made. */
  describe(): BarrierDescription {
    return { kind: 'participant-barrier', ...this.#rules };
  }

  async #follow<Result>(
    transaction: Transaction,
    call: BarrierCall,
    record: BarrierRecord,
    decision: BarrierDecision,
    work: (context: BarrierContext) => Result | Promise<Result>,
  ): Promise<BarrierAnswer<Result>> {
    const { saga, step, direction, epoch } = call;
    if (decision === 'stale') return { outcome: 'stale', epoch: record.epoch };
    if (decision === 'refused') return { outcome: 'refused' };
    if (decision === 'duplicate') {
      const kept = direction === 'forward' ? record.forwardResult : record.compensateResult;
      return { outcome: 'duplicate', result: read(kept) as Result };
    }
    if (decision === 'void') {
      if (record.compensate === 'none') {
        await this.#store.mark(transaction, call, { direction, mark: 'void', result: undefined });
      }
      return { outcome: 'void' };
    }
    const forwardResult = direction === 'forward' ? undefined : read(record.forwardResult);
    const result = await work({ saga, step, direction, epoch, forwardResult });
    await this.#store.mark(transaction, call, { direction, mark: 'done', result: this.#write(call, result) });
    return { outcome: 'done', result };
  }

  /** What is kept of a result. What JSON would not give back is refused now, not when somebody asks again. */
  #write({ saga, step, direction }: BarrierCall, result: unknown): string | undefined {
    if (result === undefined) return undefined;
    const what = `${this.#rules.name}: the result of ${show(`${saga}:${step}:${direction}`)}`;
    if (!isData(result)) {
      throw new BarrierResultError(`${what} must be JSON data or undefined, got ${show(result)}`);
    }
    const text = JSON.stringify(result);
    const { maxResultBytes } = this.#rules;
    const bytes = new TextEncoder().encode(text).length;
    if (bytes <= maxResultBytes) return text;
    throw new BarrierResultError(`${what} has ${bytes} bytes, \`maxResultBytes\` is ${maxResultBytes}`);
  }

  #tell({ saga, step, direction }: BarrierCall, outcome: BarrierAnswer<unknown>['outcome']): void {
    this.#counts[outcome]++;
    if (!this.#events?.has('answered')) return;
    const { name: barrier } = this.#rules;
    this.#events.emit('answered', { barrier, saga, step, direction, outcome, at: this.#clock.wall() });
  }
}

const read = (kept: string | undefined): unknown => (kept === undefined ? undefined : JSON.parse(kept));
