import { systemClock } from '../kernel/clock.js';
import { Emitter, type Listener, type Observable } from '../kernel/events.js';
import { checkKeys } from '../kernel/options.js';
import { newId, systemRandom } from '../kernel/random.js';
import { checkText, LONGEST_SAID } from './check-input.js';
import {
  checkOrchestrator,
  type ListOptions,
  newOwner,
  orchestratorDefaults,
  orchestratorEvents,
  type SagaAddress,
  type SagaOrchestratorDescription,
  type SagaOrchestratorEvents,
  type SagaOrchestratorOptions,
  type SagaOrchestratorSnapshot,
  type SagaRules,
  type SignalOptions,
  type StartOptions,
  startKeys,
} from './orchestrator-options.js';
import { checkAddress, checkList, checkPurge, checkRequest, checkRun, refuseCancel } from './requests.js';
import { SagaAdmin } from './saga-admin.js';
import { Endings } from './saga-endings.js';
import { SagaRefusedError } from './saga-errors.js';
import { SagaHandle } from './saga-handle.js';
import type { Saga, SagaData } from './saga-node.js';
import { SagaStarter } from './saga-starter.js';
import type { HistoryEntry, SagaCounts, SagaRecord, SagaStore } from './saga-store.js';
import { SagaWorker } from './saga-worker.js';

/**
 * Starts sagas, drives them from wherever they stand, and takes over those whose worker is gone. Any number
 * of processes may do so over one store.
 *
 * @example
 * ```ts
 * import { defineSaga, InMemorySagaStore, SagaOrchestrator } from 'keelson/saga';
 *
 * const order = defineSaga<{ cents: number }>('order')
 *   .step('charge', { forward: () => 'receipt 1', compensate: () => {} })
 *   .step('ship', { forward: () => {}, compensate: 'nothing' });
 *
 * const sagas = new SagaOrchestrator({ store: new InMemorySagaStore(), definitions: [order] });
 * await sagas.work();
 * const outputs = await sagas.run(order, { cents: 500 }, { key: 'order 17' });
 * outputs.charge; // => 'receipt 1'
 * await sagas.close();
 * ```
 */
export class SagaOrchestrator implements Observable<SagaOrchestratorEvents> {
  readonly #rules: SagaRules;
  readonly #store: SagaStore;
  readonly #owner: string;
  readonly #definitions: readonly SagaData[];
  readonly #events = new Emitter<SagaOrchestratorEvents>(orchestratorEvents);
  readonly #worker: SagaWorker;
  readonly #admin: SagaAdmin;
  readonly #starter: SagaStarter;
  readonly #endings: Endings;
  #opened: Promise<void> | undefined;
  #isOpen = false;
  #status: SagaOrchestratorSnapshot['status'] = 'idle';
  #closed: Promise<void> | undefined;

  /** @throws TypeError or RangeError that names the option, the rule and the value. */
  constructor(options: SagaOrchestratorOptions) {
    const { rules, definitions } = checkOrchestrator(options);
    const { store, clock = systemClock, random = systemRandom } = options;
    this.#rules = rules;
    this.#store = store;
    this.#definitions = definitions;
    this.#owner = newOwner(rules.name);
    const isHere = (id: string): boolean => this.#worker.runOf(id) !== undefined;
    this.#endings = new Endings(store, clock, rules, this.#events, isHere);
    this.#admin = new SagaAdmin(store, definitions, this.#owner, rules, decided => {
      this.#endings.decided(decided);
      void this.#worker.wakeParent(decided);
      this.#worker.nudge();
    });
    this.#worker = new SagaWorker({
      ...{ store, definitions, rules, owner: this.#owner, clock, random, events: this.#events },
      turnBack: (id, reason) => this.#admin.turnBack(id, reason),
      onEnd: run => this.#endings.reached(run),
    });
    const host = {
      isOpen: () => this.#isOpen,
      open: () => this.#open(),
      refuseClosed: () => this.#refuseClosed(),
    };
    this.#starter = new SagaStarter(definitions, rules, this.#worker, this.#events, clock, host);
  }

  /** What stands where an option was left out. */
  static get defaults(): SagaRules {
    return orchestratorDefaults;
  }

  /** The name it was given. */
  get name(): string {
    return this.#rules.name;
  }

  on<Name extends keyof SagaOrchestratorEvents>(
    event: Name,
    listener: Listener<SagaOrchestratorEvents[Name]>,
  ): () => void {
    return this.#events.on(event, listener);
  }

  /**
   * Begins to drive sagas: those that are started here, those that are due, and those whose worker is gone.
   * Without it, sagas are only started, for others to drive. Rejects when the store cannot be opened.
   */
  async work(): Promise<void> {
    await this.#open();
    if (this.#status !== 'idle') return;
    this.#status = 'working';
    this.#worker.work();
  }

  /**
   * Starts a saga, once for each key. Resolves when the store has it, from when on it comes to its end.
   *
   * @throws TypeError when the input is no JSON data or the schema refuses it; `ERR_SAGA_REFUSED` when the
   * definition is not one of this orchestrator, the id has a "/", or it is closed.
   */
  async start<Input, Outputs>(
    definition: Saga<Input, Outputs>,
    input: Input,
    options: StartOptions = {},
  ): Promise<SagaHandle<Outputs>> {
    checkKeys('start', options, startKeys);
    const { record, inserted } = this.#starter.begun(
      definition,
      await this.#starter.begin(definition, input, options),
    );
    return new SagaHandle(record.id, inserted, this.#endings);
  }

  /**
   * Starts a saga and waits for its end: its answers. Rejects with `ERR_SAGA_COMPENSATED` or
   * `ERR_SAGA_PARKED`; with the reason of the signal, which leaves the saga as it is.
   */
  async run<Input, Outputs>(
    definition: Saga<Input, Outputs>,
    input: Input,
    options: StartOptions & { readonly signal?: AbortSignal } = {},
  ): Promise<Outputs> {
    checkRun(options);
    const { record } = this.#starter.begun(definition, await this.#starter.begin(definition, input, options));
    return (await this.#endings.result(record.id, options.signal)) as Outputs;
  }

  /**
   * Sends a signal to a saga, which need not wait for it yet; by its key it need not even have begun. `late`:
   * the saga is over. Resolves when the store has it.
   */
  async signal(
    saga: SagaAddress,
    name: string,
    payload?: unknown,
    options: SignalOptions = {},
  ): Promise<'kept' | 'known' | 'late'> {
    checkKeys('signal', options, ['dedupe']);
    const target = checkAddress('signal', saga);
    const dedupe = checkText('signal', 'dedupe', options.dedupe ?? newId());
    await this.#open();
    const checked = await this.#admin.checkPayload(target, name, payload);
    const answer = await this.#store.signal({ target, name, dedupe, payload: checked });
    if ('id' in target) this.#worker.runOf(target.id)?.nudge();
    else this.#worker.nudgeKey(target.definition, target.key);
    this.#worker.nudge();
    return answer;
  }

  /**
   * Asks for a saga to be undone. When it resolves with `true` the saga will not complete; `false`: it is
   * over, or turns back already. Rejects with `ERR_SAGA_REFUSED` when its pivot has had its turn, and when it
   * is parked: see `forceCompensate`.
   */
  async cancel(id: string, reason = 'cancelled'): Promise<boolean> {
    checkRequest('cancel', id, reason);
    await this.#open();
    const answer = await this.#store.cancel(id, reason);
    if (answer === 'unknown') throw new SagaRefusedError(`cancel: there is no saga ${id}`);
    if (answer === 'refused') refuseCancel(id, await this.#store.get(id));
    if (answer !== 'accepted') return false;
    this.#worker.runOf(id)?.requestCancel(reason);
    this.#worker.nudge();
    return true;
  }

  /** A saga as it is stored; `undefined` for none. */
  async get(saga: SagaAddress): Promise<SagaRecord | undefined> {
    const target = checkAddress('get', saga);
    await this.#open();
    return 'id' in target ? this.#store.get(target.id) : this.#store.find(target.definition, target.key);
  }

  /** Sagas by the order of their ids. */
  async list(options: ListOptions = {}): Promise<readonly SagaRecord[]> {
    const query = checkList(options);
    await this.#open();
    return this.#store.list(query);
  }

  /** How many sagas of the store are not over, by status: those of all definitions and processes. */
  async count(): Promise<SagaCounts> {
    await this.#open();
    return this.#store.count();
  }

  /** All that has happened to a saga, in order. */
  async history(id: string): Promise<readonly HistoryEntry[]> {
    checkText('history', 'id', id, LONGEST_SAID);
    await this.#open();
    return this.#store.history(id);
  }

  /** Tries the stuck steps of a parked saga again, as often as they may be tried. */
  async retry(id: string): Promise<void> {
    await this.#open();
    await this.#admin.retry(id);
  }

  /** Goes on without a stuck step: it is left undone, or what it did stays. The reason is kept. */
  async skip(id: string, step: string, reason: string): Promise<void> {
    await this.#open();
    await this.#admin.skip(id, step, reason);
  }

  /** Says that a stuck step is done, with what it answered; or, when it is to be undone, that it is. */
  async resolve(id: string, step: string, output?: unknown): Promise<void> {
    await this.#open();
    await this.#admin.resolve(id, step, output);
  }

  /** Undoes a parked saga, or one that is completed, as long as its pivot is not done. The reason is kept. */
  async forceCompensate(id: string, reason: string): Promise<void> {
    await this.#open();
    await this.#admin.forceCompensate(id, reason);
  }

  /** Forgets sagas that have been over for `ageMs`, at most `limit` of them; how many it were. */
  async purge(ageMs: number, limit = 5_000): Promise<number> {
    checkPurge(ageMs, limit);
    await this.#open();
    return this.#store.purge(ageMs, limit);
  }

  /** Claims nothing more, waits for the steps that run, and gives its sagas to others. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** As `close()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** How it stands at this moment. */
  snapshot(): SagaOrchestratorSnapshot {
    const [{ driving }, { waiting }] = [this.#worker, this.#endings];
    return { name: this.name, owner: this.#owner, status: this.#status, driving, waiting };
  }

  /** How it was made. */
  describe(): SagaOrchestratorDescription {
    const definitions = this.#definitions.map(one => one.describe());
    return { kind: 'saga-orchestrator', ...this.#rules, definitions };
  }

  async #close(): Promise<void> {
    if (this.#status !== 'idle') this.#status = 'closing';
    await this.#worker.close();
    this.#status = 'closed';
    this.#endings.close();
  }

  /** Once; a store that could not be opened is tried again by whoever comes next. */
  #open(): Promise<void> {
    this.#opened ??= this.#store
      .open()
      .then(() => this.#worker.time.sync())
      .then(() => {
        this.#isOpen = true;
      })
      .catch((error: unknown) => {
        this.#opened = undefined;
        throw error;
      });
    return this.#opened;
  }

  #refuseClosed(): void {
    if (this.#closed !== undefined) throw new SagaRefusedError('start: the orchestrator is closed');
  }
}
