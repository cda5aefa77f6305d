import { FRESH } from '../core/saga-state.js';
import type { Clock } from '../kernel/clock.js';
import type { Emitter } from '../kernel/events.js';
import { newId } from '../kernel/random.js';
import { checkInput, checkSagaId, checkText, knownSaga } from './check-input.js';
import type { Beginning, Begun } from './fresh-saga.js';
import type { SagaOrchestratorEvents, SagaRules, StartOptions } from './orchestrator-options.js';
import { SagaRefusedError } from './saga-errors.js';
import type { SagaData } from './saga-node.js';
import type { SagaWorker } from './saga-worker.js';

/** What starting sagas needs of the orchestrator. */
export interface StartHost {
  /** Whether the store has been opened. */
  isOpen(): boolean;
  /** Resolves when it has. */
  open(): Promise<void>;
  /** @throws `ERR_SAGA_REFUSED` when nothing is started any more. */
  refuseClosed(): void;
}

/** Checks what a saga is started with, has it kept, and tells of it. */
export class SagaStarter {
  readonly #definitions: readonly SagaData[];
  readonly #rules: SagaRules;
  readonly #worker: SagaWorker;
  readonly #events: Emitter<SagaOrchestratorEvents>;
  readonly #clock: Clock;
  readonly #host: StartHost;

  constructor(
    definitions: readonly SagaData[],
    rules: SagaRules,
    worker: SagaWorker,
    events: Emitter<SagaOrchestratorEvents>,
    clock: Clock,
    host: StartHost,
  ) {
    this.#definitions = definitions;
    this.#rules = rules;
    this.#worker = worker;
    this.#events = events;
    this.#clock = clock;
    this.#host = host;
  }

  /** Not async, so that a saga costs no promise for it: what it throws is for an async caller. */
  begin(definition: SagaData, input: unknown, { key, id = newId() }: StartOptions): Promise<Begun> {
    const known = knownSaga('start', this.#definitions, definition);
    if (key !== undefined) checkText('start', 'key', key);
    checkSagaId('start', id);
    const checked = checkInput(known, input, this.#rules.maxDataLength);
    const beginning = { id, key, parent: undefined, input: checked, state: FRESH };
    if (!this.#host.isOpen() || checked instanceof Promise) return this.#beginLater(known, beginning);
    this.#host.refuseClosed();
    return this.#worker.begin(known, beginning);
  }

  async #beginLater(known: SagaData, beginning: Beginning): Promise<Begun> {
    const input = await beginning.input;
    await this.#host.open();
    this.#host.refuseClosed();
    return this.#worker.begin(known, { ...beginning, input });
  }

  /** The store has answered. @throws `ERR_SAGA_REFUSED` when it has another saga of that id. */
  begun({ name: definition }: SagaData, begun: Begun): Begun {
    const { id: sagaId, key, definition: there } = begun.record;
    if (there !== definition) {
      throw new SagaRefusedError(`start: the saga ${sagaId} is one of "${there}"`);
    }
    if (begun.inserted && this.#events.has('started')) {
      this.#events.emit('started', { sagaId, definition, key, at: this.#clock.wall() });
    }
    return begun;
  }
}
