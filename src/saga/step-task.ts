import type { SagaEntry } from '../core/saga-state.js';
import type { RunFacts } from '../kernel/handler-run.js';
import type { EffectNode } from './saga-node.js';
import type { SagaRecord } from './saga-store.js';
import type { StepLane } from './step-lane.js';

/** A step that is to be run once, in one direction. It is what the run of its function is about, too. */
export class StepTask implements RunFacts {
  readonly lane: StepLane;
  readonly record: SagaRecord;
  /** What is written about the step before it runs. */
  readonly entry: SagaEntry;
  /** What the steps have answered that are over. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Whether it has to succeed in the end: it comes after the pivot. */
  readonly retriable: boolean;
  readonly idempotencyKey: string;

  constructor(
    lane: StepLane,
    record: SagaRecord,
    entry: SagaEntry,
    outputs: Readonly<Record<string, unknown>>,
    retriable: boolean,
  ) {
    this.lane = lane;
    this.record = record;
    this.entry = entry;
    this.outputs = outputs;
    this.retriable = retriable;
    this.idempotencyKey = record.id + lane.keyEnd;
  }

  get node(): EffectNode {
    return this.lane.node;
  }

  get forward(): boolean {
    return this.lane.forward;
  }

  /** How many attempts in this direction have ended badly. */
  get attempts(): number {
    return this.entry.attempts ?? 0;
  }

  get key(): undefined {
    return undefined;
  }

  get attributes(): Readonly<Record<string, unknown>> {
    return NONE;
  }

  /** Of this run: those before it are counted on top. */
  get attempt(): number {
    return 1;
  }

  get remainingMs(): number {
    return Infinity;
  }
}

const NONE: Readonly<Record<string, unknown>> = /* @__PURE__ */ Object.freeze({});
