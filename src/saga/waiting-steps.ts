import { apply } from '../core/saga.js';
import { entryOf, FRESH, type SagaEvent, type SagaState } from '../core/saga-state.js';
import { errorText } from '../kernel/error-words.js';
import { TimeoutError } from '../kernel/errors.js';
import { checkNumber } from '../kernel/options.js';
import { checkText } from './check-input.js';
import type { ChildNode, EffectNode, EventNode, LockNode, SagaNode, SleepNode } from './saga-node.js';
import { outputsOf } from './saga-outputs.js';
import type { NewSaga, SagaRecord, SagaStore } from './saga-store.js';
import type { SagaView } from './step-context.js';
import { storable } from './storable.js';

/** When to look again, in epoch ms of the store: by whoever holds the saga, and when nobody has to. */
export interface NextLook {
  readonly againAt: number;
  readonly wakeAt: number;
}

/** What a look at something that a saga waits for has found. */
export interface Look {
  readonly event?: SagaEvent;
  /** The signal that is used up by it. */
  readonly consumed?: string;
  readonly next?: NextLook;
}

/** The saga that looks. */
export interface Looking {
  readonly record: SagaRecord;
  readonly state: SagaState;
  readonly view: SagaView<never, never>;
}

/** What looking at other sagas needs of the orchestrator. */
export interface OtherSagas {
  /** Keeps a saga of a definition that is known here, and drives it here where there is room. */
  begin(
    definition: string,
    version: number,
    saga: Pick<NewSaga, 'id' | 'key' | 'parent' | 'input' | 'state'>,
  ): Promise<SagaRecord>;
  /**
   * Turns back one that is completed, or parked. `busy`: somebody has it; `refused`: it is past its pivot.
   */
  turnBack(id: string, reason: string): Promise<'turned' | 'busy' | 'refused'>;
}

/** Looks at what a saga waits for: time, signals, locks, other sagas. */
export class WaitingSteps {
  readonly #store: SagaStore;
  readonly #now: () => number;
  readonly #others: OtherSagas;
  readonly #recheckMs: number;
  readonly #pollMs: number;
  readonly #maxDataLength: number;

  constructor(
    store: SagaStore,
    now: () => number,
    others: OtherSagas,
    rules: { readonly recheckMs: number; readonly pollMs: number; readonly maxDataLength: number },
  ) {
    this.#store = store;
    this.#now = now;
    this.#others = others;
    this.#recheckMs = rules.recheckMs;
    this.#pollMs = rules.pollMs;
    this.#maxDataLength = rules.maxDataLength;
  }

  /**
   * Rejects with the error of the store: then nothing is known. What the user's functions throw is a failure.
   */
  async look(node: Exclude<SagaNode, EffectNode>, at: Looking): Promise<Look> {
    switch (node.kind) {
      case 'sleep':
        return this.#sleep(node, at);
      case 'event':
        return this.#event(node, at);
      case 'lock':
        return this.#lock(node, at);
      case 'saga':
        return at.state.direction === 'forward' ? this.#child(node, at) : this.#undoChild(node, at);
    }
  }

  #sleep({ name: step, ms }: SleepNode, { state, view }: Looking): Look {
    const { dueAt } = entryOf(state, step);
    if (dueAt !== undefined) {
      return this.#now() >= dueAt ? { event: { kind: 'done', step } } : { next: at(dueAt) };
    }
    try {
      const span = checkNumber(`sleep ${step}`, 'ms', ms(view), { min: 0, max: Number.MAX_SAFE_INTEGER });
      return { event: { kind: 'waiting', step, dueAt: this.#now() + span } };
    } catch (error) {
      return failed(step, error);
    }
  }

  async #event(node: EventNode, { record, state }: Looking): Promise<Look> {
    const { name: step, event, onTimeout, timeoutMs } = node;
    const signals = await this.#store.signals(record.id);
    const signal = signals.find(({ name }) => name === event);
    if (signal !== undefined) {
      const { id, payload } = signal;
      return {
        event: { kind: 'done', step, ...(payload !== undefined && { output: payload }) },
        consumed: id,
      };
    }
    return this.#wait(step, state, timeoutMs, this.#pollMs, Infinity, () =>
      onTimeout === 'continue'
        ? { event: { kind: 'done', step } }
        : failed(step, new TimeoutError(`no "${event}" came within ${timeoutMs} ms`, timeoutMs)),
    );
  }

  async #lock(node: LockNode, { record, state, view }: Looking): Promise<Look> {
    const { name: step, leaseMs, timeoutMs } = node;
    let lock: string;
    try {
      lock = checkText(step, 'lock', node.lock(view));
    } catch (error) {
      return failed(step, error);
    }
    const { id: saga, epoch } = record;
    if (await this.#store.lock({ lock, saga, epoch, leaseMs })) {
      return { event: { kind: 'done', step } };
    }
    const recheckMs = Math.min(this.#recheckMs, this.#pollMs);
    return this.#wait(step, state, timeoutMs, recheckMs, this.#recheckMs, () =>
      failed(step, new TimeoutError(`"${lock}" is locked for ${timeoutMs} ms`, timeoutMs)),
    );
  }

  /** Waits on, and writes down until when; or says what it means that it took too long. */
  #wait(
    step: string,
    state: SagaState,
    timeoutMs: number,
    againMs: number,
    wakeMs: number,
    late: () => Look,
  ): Look {
    const now = this.#now();
    const entry = entryOf(state, step);
    const dueAt = entry.dueAt ?? (timeoutMs === Infinity ? undefined : now + timeoutMs);
    const last = dueAt ?? Infinity;
    if (entry.state === 'started' && now >= last) return late();
    const next = { againAt: Math.min(last, now + againMs), wakeAt: Math.min(last, now + wakeMs) };
    // Tried again by somebody, it waits as long again, over restarts as well.
    if (entry.state === 'started' && entry.dueAt === dueAt) return { next };
    return { event: { kind: 'waiting', step, ...(dueAt !== undefined && { dueAt }) }, next };
  }

  async #child(node: ChildNode, { record, state, view }: Looking): Promise<Look> {
    const step = node.name;
    const { state: reached, again } = entryOf(state, step);
    if (reached === undefined) return { event: { kind: 'waiting', step } };
    const id = childId(record, step, again);
    let child = await this.#store.get(id);
    if (child === undefined) {
      let input: unknown;
      try {
        input = storable(node.childInput(view), 'input', this.#maxDataLength);
      } catch (error) {
        return failed(step, error);
      }
      const fresh = { id, key: undefined, parent: record.id, input, state: FRESH };
      child = await this.#others.begin(node.child.name, node.child.version, fresh);
    }
    // One that came into the store in another way; nothing of it is this saga's, now or later.
    if (child.parent !== record.id) return failed(step, new Error(`the saga ${id} is none of this one`));
    if (child.status === 'completed') {
      return { event: { kind: 'done', step, output: outputsOf(child.state) } };
    }
    if (child.status !== 'compensated') return { next: at(this.#now() + this.#recheckMs) };
    const { error } = child.state.because ?? {};
    const message = `the saga ${id} was undone${error === undefined ? '' : `: ${error.message}`}`;
    return { event: { kind: 'failed', step, again: true, error: errorText(new Error(message)) } };
  }

  async #undoChild(node: ChildNode, { record, state }: Looking): Promise<Look> {
    const step = node.name;
    const id = childId(record, step);
    if (entryOf(state, step).state === 'done' && (await this.#store.get(id)) === undefined) {
      return stuck(step, `the saga ${id} was completed, and is forgotten: nobody can undo it`);
    }
    const { name: definition, version, hash } = node.child;
    const turned = { kind: 'forced', reason: `${record.id} is undone` } as const;
    const never = apply({ nodes: [], pivot: -1, positions: new Map() }, FRESH, turned);
    const fresh = { id, definition, version, hash, key: undefined, parent: record.id, input: undefined };
    // One that never began is kept as undone, so that it cannot begin later.
    const { record: child } = await this.#store.insert({
      ...fresh,
      ...{ state: never, status: 'compensated', cancellable: false, owner: undefined, leaseMs: 0 },
    });
    const strange = child.parent !== record.id;
    if (strange || child.status === 'compensated') return { event: { kind: 'undone', step } };
    const { direction } = child.state;
    if (child.status === 'completed' || (child.status === 'parked' && direction === 'forward')) {
      const answer = await this.#others.turnBack(id, turned.reason);
      if (answer === 'refused') {
        return stuck(step, `the saga ${id} is past its pivot, and is not undone`);
      }
    } else if (direction === 'forward') {
      await this.#store.cancel(id, turned.reason);
    }
    return { next: at(this.#now() + Math.min(this.#recheckMs, this.#pollMs * 4)) };
  }
}

const at = (time: number): NextLook => ({ againAt: time, wakeAt: time });

const failed = (step: string, error: unknown): Look => ({
  event: { kind: 'failed', step, error: errorText(error) },
});

const stuck = (step: string, message: string): Look => ({
  event: { kind: 'stuck', step, error: { name: 'Error', message } },
});

/**
 * The id of the saga that is a step of another, after `again` that were undone: to their participants, what
 * comes later under the same id would come after its undoing.
 */
const childId = (record: SagaRecord, step: string, again = 0): string =>
  `${record.id}/${step}${again === 0 ? '' : `/${again + 1}`}`;
