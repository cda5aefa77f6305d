import type { SagaEvent, SagaState } from '../../core/saga-state.js';
import type {
  ClaimedSaga,
  Drivable,
  NewSaga,
  SagaRecord,
  SagaStore,
  SagaWrite,
  WriteAnswer,
} from '../../saga/saga-store.js';
import { type Demand, type Law, law } from '../law.js';

/** A store of sagas to be checked, in which there is nothing yet. */
export interface SagaStoreSubject {
  /** The store. It is opened by each law. */
  readonly store: SagaStore;
  /** Another one over the same sagas, as another process has it. @default `store` itself */
  readonly other?: SagaStore;
  /** How many signals the store keeps for one saga: it is filled with them. @default 1000 */
  readonly maxSignalsPerSaga?: number;
  /** Lets so much time pass, for the store: moves its clock, or sleeps. */
  readonly advance: (ms: number) => Promise<void>;
  /** Lets go of it, after each law. */
  readonly close?: () => Promise<void>;
}

/** Makes an empty store, anew for each law. */
export type MakeSagaStore = () => SagaStoreSubject | Promise<SagaStoreSubject>;

/** A law of a store of sagas. */
export interface SagaStoreLaw extends Law {
  /** What to call it by: its chapter and a word. */
  readonly id: string;
}

/** A law, to be checked on a scene of its own. */
export interface SceneLaw {
  readonly id: string;
  /** A sentence in the present tense: what a store that keeps it has proved. */
  readonly proves: string;
  readonly check: (scene: SagaScene, demand: Demand) => Promise<void>;
}

/** Longer than any law takes. */
export const LONG = 3_600_000;
/** A time that a law waits for. */
export const SHORT = 30;
/** A time in which a law does a few things, on a slow machine too. */
export const SPAN = 1_000;

/** What all sagas of a scene are, unless a law says otherwise. */
export const KIND: Drivable = { definition: 'order', version: 1, hash: 'h1' };

/** A state that tells its `n`-th from all others. */
export const stateOf = (n: number): SagaState => ({
  direction: 'forward',
  entries: { pay: { state: 'done', output: { n } } },
});

export const event = (step: string): SagaEvent => ({ kind: 'done', step });

/** The numbers from 1 to `count`. */
export const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at + 1);

export const idsOf = (claimed: readonly ClaimedSaga[]): readonly string[] =>
  claimed.map(({ record }) => record.id);

/** What a law does with a store, in fewer words. */
export class SagaScene {
  readonly store: SagaStore;
  readonly other: SagaStore;
  readonly maxSignals: number;
  readonly advance: (ms: number) => Promise<void>;
  readonly demand: Demand;
  #made = 0;

  constructor(subject: SagaStoreSubject, demand: Demand) {
    const { store, other = store, maxSignalsPerSaga = 1_000, advance } = subject;
    this.maxSignals = maxSignalsPerSaga;
    this.store = store;
    this.other = other;
    this.advance = advance;
    this.demand = demand;
  }

  /** A saga that nobody has begun with. */
  fresh(fields: Partial<NewSaga> = {}): NewSaga {
    this.#made++;
    return {
      ...{ id: `s-${String(this.#made).padStart(4, '0')}`, ...KIND, key: undefined, parent: undefined },
      ...{ input: { n: this.#made }, state: { direction: 'forward', entries: {} }, status: 'running' },
      ...{ cancellable: true, owner: undefined, leaseMs: LONG },
      ...fields,
    };
  }

  /** Keeps a new saga. */
  async begin(fields: Partial<NewSaga> = {}): Promise<SagaRecord> {
    return (await this.store.insert(this.fresh(fields))).record;
  }

  /** A saga that somebody drives, for long. */
  owned(fields: Partial<NewSaga> = {}): Promise<SagaRecord> {
    return this.begin({ owner: 'me', ...fields });
  }

  claim(owner = 'me', limit = 100, leaseMs = LONG, kinds = [KIND]): Promise<readonly ClaimedSaga[]> {
    return this.store.claim(owner, kinds, limit, leaseMs);
  }

  /** The ids that somebody else gets now. */
  async due(limit = 100): Promise<readonly string[]> {
    return idsOf(await this.other.claim('somebody', [KIND], limit, LONG));
  }

  /** A write as `record` allows for it. */
  writeOf(record: SagaRecord, fields: Partial<SagaWrite> = {}): SagaWrite {
    const { id, epoch, revision, state, status, cancellable } = record;
    const nothing = { events: [], consumed: [], release: undefined, heedsCancel: false };
    return { id, epoch, revision, state, status, cancellable, ...nothing, ...fields };
  }

  write(record: SagaRecord, fields: Partial<SagaWrite> = {}): Promise<WriteAnswer> {
    return this.store.write(this.writeOf(record, fields));
  }

  /** Writes, and answers with the record as it is then. */
  async put(record: SagaRecord, fields: Partial<SagaWrite> = {}): Promise<SagaRecord> {
    const answer = await this.write(record, fields);
    this.demand(answer.kind === 'written', 'the write to be written', answer);
    return this.read(record.id);
  }

  /** Gives a saga back. */
  release(record: SagaRecord, wakeAt: number | undefined, fields: Partial<SagaWrite> = {}) {
    const release = { wakeAt, signals: record.signals };
    return this.put(record, { status: 'waiting', release, ...fields });
  }

  /** Brings a saga to an end. */
  finish(record: SagaRecord, status: 'completed' | 'compensated' | 'parked' = 'completed') {
    return this.release(record, undefined, { status, cancellable: false });
  }

  async read(id: string): Promise<SagaRecord> {
    const record = await this.other.get(id);
    this.demand(record !== undefined, `a saga ${id}`, record);
    return record!;
  }

  signal(id: string, name: string, dedupe: string, payload: unknown = dedupe) {
    return this.store.signal({ target: { id }, name, dedupe, payload });
  }

  signalKey(key: string, name: string, dedupe: string, payload: unknown = dedupe) {
    return this.store.signal({ target: { definition: KIND.definition, key }, name, dedupe, payload });
  }

  /** The payloads of the signals that wait for a saga. */
  async waiting(id: string): Promise<readonly unknown[]> {
    return (await this.other.signals(id)).map(({ payload }) => payload);
  }

  /** Demands that two values are written alike as JSON. */
  same(got: unknown, expected: unknown, what = ''): void {
    const [one, other] = [JSON.stringify(got), JSON.stringify(expected)];
    this.demand(one === other, `${what} ${other}`.trim(), got === undefined ? got : one);
  }
}

/** The law for one store, which is closed whatever comes. */
export function onScene(make: MakeSagaStore, { id, proves, check }: SceneLaw): SagaStoreLaw {
  const checked = law(`${id}: ${proves}`, async demand => {
    const subject = await make();
    try {
      await subject.store.open();
      await subject.other?.open();
      await check(new SagaScene(subject, demand), demand);
    } finally {
      await subject.close?.();
    }
  });
  return { id, ...checked };
}
