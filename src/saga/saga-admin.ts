import { apply, interruptedSteps, isCancellable, statusOf } from '../core/saga.js';
import { entryOf, type SagaEvent, type SagaState } from '../core/saga-state.js';
import { show } from '../kernel/options.js';
import { checkData, checkText, LONGEST_SAID } from './check-input.js';
import { locksNeededBy } from './held-locks.js';
import type { SagaRules } from './orchestrator-options.js';
import { checkRequest } from './requests.js';
import { SagaRefusedError } from './saga-errors.js';
import type { SagaData } from './saga-node.js';
import { isActive } from './saga-record.js';
import type {
  ClaimedSaga,
  LockRequest,
  SagaRecord,
  SagaStore,
  SagaWrite,
  SignalTarget,
} from './saga-store.js';
import { storable } from './storable.js';

/**
 * What people do to sagas that cannot go on by themselves. Each verb is one write, under a claim of its own.
 */
export class SagaAdmin {
  readonly #store: SagaStore;
  readonly #definitions: readonly SagaData[];
  readonly #owner: string;
  readonly #rules: SagaRules;
  readonly #onAmended: (record: SagaRecord) => void;

  constructor(
    store: SagaStore,
    definitions: readonly SagaData[],
    owner: string,
    rules: SagaRules,
    onAmended: (record: SagaRecord) => void,
  ) {
    this.#store = store;
    this.#definitions = definitions;
    this.#owner = `${owner}:admin`;
    this.#rules = rules;
    this.#onAmended = onAmended;
  }

  async retry(id: string): Promise<void> {
    await this.#amend('retry', id, ({ status }) => {
      if (status !== 'parked') throw new SagaRefusedError(`retry: the saga ${id} is ${status}, not parked`);
      return { kind: 'retried' };
    });
  }

  async skip(id: string, step: string, reason: string): Promise<void> {
    checkRequest('skip', id, reason);
    await this.#amend('skip', id, ({ state }) => {
      checkStuck('skip', id, state, step);
      return { kind: 'skipped', step, reason };
    });
  }

  async resolve(id: string, step: string, output: unknown): Promise<void> {
    const kept = storable(output, 'output', this.#rules.maxDataLength);
    await this.#amend('resolve', id, ({ state }) => {
      checkStuck('resolve', id, state, step);
      if (state.direction === 'backward') return { kind: 'undone', step, reason: 'resolved' };
      return { kind: 'done', step, ...(kept !== undefined && { output: kept }) };
    });
  }

  async forceCompensate(id: string, reason: string): Promise<void> {
    checkRequest('forceCompensate', id, reason);
    const { parent, status } = (await this.#store.get(id)) ?? {};
    const above = parent !== undefined && status === 'completed' ? await this.#store.get(parent) : undefined;
    if (above?.state.direction === 'forward') {
      const text = `the saga ${id} is a step of ${parent}, which counts on it: undo that one`;
      throw new SagaRefusedError(`forceCompensate: ${text}`);
    }
    await this.#force(id, reason);
  }

  async #force(id: string, reason: string): Promise<void> {
    await this.#amend('forceCompensate', id, (record, definition) => {
      const objection = this.#turnObjection(record, definition);
      if (objection !== undefined) throw new SagaRefusedError(`forceCompensate: the saga ${id} ${objection}`);
      return { kind: 'forced', reason };
    });
  }

  /** As `forceCompensate`, for a saga that is a step of another. */
  async turnBack(id: string, reason: string): Promise<'turned' | 'busy' | 'refused'> {
    try {
      await this.#force(id, reason);
      return 'turned';
    } catch (error) {
      if (!(error instanceof SagaRefusedError)) throw error;
      const record = await this.#store.get(id);
      const definition = record && this.#definitionOf(record);
      if (record?.state.direction === 'backward') return 'turned';
      const past = record && definition && this.#turnObjection(record, definition) === PAST_PIVOT;
      return past === true ? 'refused' : 'busy';
    }
  }

  /** What a signal carries, checked by the step that will wait for it, as far as that is known. */
  async checkPayload(target: SignalTarget, name: string, payload: unknown): Promise<unknown> {
    checkText('signal', 'name', name);
    const definition = 'id' in target ? (await this.#store.get(target.id))?.definition : target.definition;
    const nodes = this.#definitions.filter(one => one.name === definition).flatMap(({ nodes }) => nodes);
    const waits = nodes.flatMap(node => (node.kind === 'event' && node.event === name ? [node] : []));
    const schema = waits.find(node => node.schema !== undefined)?.schema;
    return checkData(`the payload of "${name}"`, schema, payload, this.#rules.maxDataLength);
  }

  #definitionOf(record: SagaRecord): SagaData | undefined {
    return this.#definitions.find(
      one => one.name === record.definition && one.version === record.version && one.hash === record.hash,
    );
  }

  #turnObjection({ status, state }: SagaRecord, { plan }: SagaData): string | undefined {
    if (state.direction === 'backward') return 'is being undone';
    const pivot = plan.nodes[plan.pivot];
    const { state: reached } = pivot === undefined ? {} : entryOf(state, pivot.name);
    if (reached === 'done' || reached === 'skipped') return PAST_PIVOT;
    return isActive(status) ? 'is under way: cancel it' : undefined;
  }

  async #amend(
    verb: string,
    id: string,
    decide: (record: SagaRecord, definition: SagaData) => SagaEvent,
  ): Promise<void> {
    checkText(verb, 'id', id, LONGEST_SAID);
    const claimed = await this.#store.claimOne(this.#owner, id, this.#rules.leaseMs);
    if (claimed === undefined) {
      const there = await this.#store.get(id);
      const why = there === undefined ? `there is no saga ${id}` : `the saga ${id} is being driven`;
      throw new SagaRefusedError(`${verb}: ${why}`);
    }
    const { record } = claimed;
    const definition = this.#definitionOf(record);
    if (definition === undefined) {
      // What its worker was about when it was lost, only a worker that knows the definition can tell.
      if (!claimed.interrupted) await this.#giveBack(verb, record, record, []);
      throw new SagaRefusedError(
        `${verb}: no definition here is "${record.definition}", version ${record.version}`,
      );
    }
    const events = await this.#lost(claimed, definition);
    const found = after(record, definition, events);
    const amend = () => {
      const decided = decide(found, definition);
      const next = after(found, definition, [decided]);
      const goesOn = record.status === 'parked' && isActive(next.status);
      return { decided, next, locks: goesOn ? locksNeededBy(verb, record, definition) : [] };
    };
    let amended: ReturnType<typeof amend>;
    try {
      amended = amend();
    } catch (error) {
      await this.#giveBack(verb, record, found, events);
      throw error;
    }
    const held = await this.#hold(verb, record, amended.locks);
    await this.#giveBack(verb, held, amended.next, [...events, amended.decided], true);
    this.#onAmended(amended.next);
  }

  /** Has locks again that others may have taken from a saga that was parked. */
  async #hold(verb: string, record: SagaRecord, locks: readonly LockRequest[]): Promise<SagaRecord> {
    if (locks.length === 0) return record;
    // Those that it still has outlast it anew from this write on.
    await this.#write(verb, record, record, { release: undefined, events: [] });
    const held = { ...record, revision: record.revision + 1 };
    for (const request of locks) {
      if (await this.#store.lock(request)) continue;
      await this.#giveBack(verb, held, held, []);
      const lock = show(request.lock);
      throw new SagaRefusedError(
        `${verb}: the lock ${lock} of the saga ${record.id} is another saga's by now`,
      );
    }
    return held;
  }

  /** What there is to tell of a saga whose worker was lost, before anything else. */
  async #lost({ record, interrupted }: ClaimedSaga, { plan }: SagaData): Promise<readonly SagaEvent[]> {
    if (!interrupted) return [];
    const at = await this.#store.now();
    const steps = interruptedSteps(plan, record.state, at);
    return steps.length === 0 ? [] : [{ kind: 'interrupted', at, steps }];
  }

  /** Writes what a saga is now, and gives the claim back. */
  async #giveBack(
    verb: string,
    before: SagaRecord,
    next: SagaRecord,
    events: readonly SagaEvent[],
    matters = false,
  ): Promise<void> {
    const wakeAt = isActive(next.status) ? await this.#store.now() : undefined;
    const release = { wakeAt, signals: before.signals };
    await this.#write(verb, before, next, { events, release }, matters);
  }

  async #write(
    verb: string,
    { id, epoch, revision }: SagaRecord,
    { state, status, cancellable }: SagaRecord,
    what: Pick<SagaWrite, 'events' | 'release'>,
    matters = true,
  ): Promise<void> {
    const stands = { id, epoch, revision, state, status, cancellable };
    const answer = await this.#store.write({ ...stands, ...what, consumed: [], heedsCancel: true });
    if (answer.kind !== 'written' && matters) {
      throw new SagaRefusedError(`${verb}: somebody else changed the saga ${id} meanwhile`);
    }
  }
}

/** A saga after what has happened to it. */
function after(record: SagaRecord, { plan }: SagaData, events: readonly SagaEvent[]): SagaRecord {
  if (events.length === 0) return record;
  const state = events.reduce((before: SagaState, event) => apply(plan, before, event), record.state);
  return { ...record, state, status: statusOf(plan, state), cancellable: isCancellable(plan, state) };
}

const PAST_PIVOT = 'is past its pivot';

function checkStuck(verb: string, id: string, state: SagaState, step: string): void {
  if (state.entries[step]?.stuck) return;
  throw new SagaRefusedError(`${verb}: the step "${step}" of the saga ${id} is not stuck`);
}
