import type { SagaState } from '../core/saga-state.js';
import type { Clock } from '../kernel/clock.js';
import type { Emitter } from '../kernel/events.js';
import { EndingWaits } from './ending-waits.js';
import type { SagaOrchestratorEvents, SagaRules } from './orchestrator-options.js';
import type { DrivenSaga } from './run-host.js';
import { SagaCompensatedError, SagaParkedError, SagaRefusedError } from './saga-errors.js';
import { outputsOf } from './saga-outputs.js';
import { isActive, isFinal } from './saga-record.js';
import type { SagaRecord, SagaStore } from './saga-store.js';

interface Ending {
  readonly status: SagaRecord['status'];
  readonly state: SagaState;
}

/** Tells of the ends of sagas, and answers those who wait for them. */
export class Endings {
  readonly #store: SagaStore;
  readonly #clock: Clock;
  readonly #rules: SagaRules;
  readonly #events: Emitter<SagaOrchestratorEvents>;
  readonly #isHere: (id: string) => boolean;
  readonly #waits: EndingWaits<Ending>;
  #closed = false;

  /** `isHere` says of a saga whether it is driven here. */
  constructor(
    store: SagaStore,
    clock: Clock,
    rules: SagaRules,
    events: Emitter<SagaOrchestratorEvents>,
    isHere: (id: string) => boolean,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#rules = rules;
    this.#events = events;
    this.#isHere = isHere;
    this.#waits = new EndingWaits(clock);
  }

  /** Those who wait. */
  get waiting(): number {
    return this.#waits.size;
  }

  /** A saga that was driven here has come to its end, or is parked. */
  reached(run: Pick<DrivenSaga, 'record' | 'status' | 'state'>): void {
    const { record, status } = run;
    if (
      (status === 'completed' || status === 'compensated' || status === 'parked') &&
      this.#events.has(status)
    ) {
      this.#emit(status, record, run.state);
    }
    this.#waits.tell(record.id, run);
  }

  /** Somebody has decided here about a saga, which may be over by that. */
  decided(record: SagaRecord): void {
    const { status, state } = record;
    if (isFinal(status)) this.reached({ record, status, state });
  }

  /** Waits for the end of a saga, wherever it is driven. */
  async result(id: string, signal: AbortSignal | undefined): Promise<unknown> {
    signal?.throwIfAborted();
    // Of one that is driven here it is told when it ends; the store is asked only if that takes long.
    let ask = this.#closed || !this.#isHere(id);
    let pauseMs = this.#rules.pollMs;
    for (;;) {
      if (ask) {
        const record = await this.#store.get(id);
        signal?.throwIfAborted();
        if (record === undefined) throw new SagaRefusedError(`there is no saga ${id}`);
        if (!isActive(record.status)) return answerOf(id, record);
        if (this.#closed)
          throw new SagaRefusedError('the orchestrator is closed; the saga goes on elsewhere');
      }
      const ending = await this.#waits.wait(id, pauseMs, signal);
      if (ending !== undefined) return answerOf(id, ending);
      pauseMs = Math.min(pauseMs * 2, this.#rules.maxPollMs);
      ask = true;
    }
  }

  /** Nobody waits any more. */
  close(): void {
    this.#closed = true;
    this.#waits.endAll();
  }

  #emit(status: 'completed' | 'compensated' | 'parked', record: SagaRecord, state: SagaState): void {
    const { id: sagaId, definition, key } = record;
    const news = { sagaId, definition, key, at: this.#clock.wall() };
    if (status === 'completed') this.#events.emit(status, news);
    else if (status === 'compensated') this.#events.emit(status, { ...news, because: state.because });
    else this.#events.emit(status, { ...news, steps: stuckIn(state) });
  }
}

/** The steps that only somebody from outside can help. */
export function stuckIn(state: SagaState): readonly string[] {
  return Object.entries(state.entries)
    .filter(([, { stuck }]) => stuck)
    .map(([step]) => step);
}

function answerOf(id: string, { status, state }: Ending): unknown {
  if (status === 'completed') return outputsOf(state);
  if (status === 'parked') {
    const steps = stuckIn(state);
    const { error } = state.entries[steps[0]!] ?? {};
    const why = error === undefined ? '' : `: ${error.message}`;
    throw new SagaParkedError(`the saga ${id} is stuck at ${steps.join(', ')}${why}`, id, steps);
  }
  const { because } = state;
  const what = because?.kind === 'failed' ? `${because.step} failed` : `it was ${because?.kind}`;
  const why = because?.error?.message ?? because?.reason;
  const message = `the saga ${id} was undone, for ${what}${why === undefined ? '' : `: ${why}`}`;
  throw new SagaCompensatedError(message, id, because);
}
