import { StepFailedError } from '../../saga/saga-errors.js';
import type { EffectNode } from '../../saga/saga-node.js';
import type { CompensationContext, StepContext } from '../../saga/step-context.js';

/** What an attempt of a step comes to, where it does not simply succeed. */
export type StepFault =
  /** It answers that it failed, and had no effect. */
  | 'refused'
  /** It has its effect, and the answer is lost. */
  | 'answer-lost'
  /** It has no effect, and nobody answers. */
  | 'call-lost';

/** A fault in one direction of a step, so many times in a row. */
export interface PlannedFault {
  readonly step: string;
  readonly direction: 'forward' | 'compensate';
  readonly fault: StepFault;
  readonly times: number;
}

/** What a participant knows of a step. */
export interface LedgerEntry {
  /** The name of the step. */
  readonly step: string;
  /** How often the effect was had. */
  applied: number;
  /** How often it was undone. */
  undone: number;
  /** Whether it was undone before it was done, so that it must not be done any more. */
  barred: boolean;
  /** All calls, whether or not they changed something. */
  forwardCalls: number;
  /** All calls to undo it, whether or not they changed something. */
  compensateCalls: number;
}

/** One call that reached a participant, in order. */
export interface LedgerCall {
  /** The name of the step. */
  readonly step: string;
  /** Whether it was done or undone. */
  readonly direction: 'forward' | 'compensate';
  /** What it changed. */
  readonly change: 'applied' | 'undone' | 'barred' | 'nothing';
}

/** What a step goes by: steps of sagas within the saga have their place in front. */
export function labelOf(sagaId: string, step: string): string {
  const at = sagaId.indexOf('/');
  return at < 0 ? step : `${sagaId.slice(at + 1)}/${step}`;
}

type Forward = StepContext<unknown, object>;
type Compensate = CompensationContext<unknown, object, unknown>;

/**
 * Participants that keep a ledger: each tells repeated calls by their key, answers a repeated one as the
 * first, and refuses to do what was undone before, as a participant barrier does. A step that is declared not
 * to be idempotent has none of that.
 */
export class SagaLedger {
  readonly entries = new Map<string, LedgerEntry>();
  readonly calls: LedgerCall[] = [];
  /** By key, which step and direction it stood for: a key stands for one. */
  readonly #keys = new Map<string, string>();
  readonly #faults: (PlannedFault & { left: number })[];
  readonly #answers: Readonly<Record<string, unknown>>;
  readonly #complain: (what: string) => void;

  constructor(
    faults: readonly PlannedFault[],
    answers: Readonly<Record<string, unknown>>,
    complain: (what: string) => void,
  ) {
    this.#complain = complain;
    this.#faults = faults.map(fault => ({ ...fault, left: fault.times }));
    this.#answers = answers;
  }

  entry(step: string): LedgerEntry {
    let entry = this.entries.get(step);
    if (entry === undefined) {
      entry = { step, applied: 0, undone: 0, barred: false, forwardCalls: 0, compensateCalls: 0 };
      this.entries.set(step, entry);
    }
    return entry;
  }

  async forward(node: EffectNode, context: Forward, own: (() => unknown) | undefined): Promise<unknown> {
    this.#checkKey(context);
    const label = labelOf(context.sagaId, node.name);
    const entry = this.entry(label);
    entry.forwardCalls++;
    const fault = this.#fault(label, 'forward');
    if (fault === 'refused') throw new StepFailedError(`${node.name} refuses`);
    if (fault === 'call-lost') throw new Error(`no answer of ${node.name}`);
    if (entry.barred || entry.undone > 0) {
      this.#record(context, 'nothing');
      throw new StepFailedError(`${node.name} has been undone before`);
    }
    const isNew = entry.applied === 0 || !node.repeatable;
    if (isNew) entry.applied++;
    this.#record(context, isNew ? 'applied' : 'nothing');
    const answer = own === undefined ? this.#answers[label] : await own();
    if (fault === 'answer-lost') throw new Error(`no answer of ${node.name}`);
    return answer;
  }

  async compensate(node: EffectNode, context: Compensate, own: (() => unknown) | undefined): Promise<void> {
    this.#checkKey(context);
    const label = labelOf(context.sagaId, node.name);
    const entry = this.entry(label);
    entry.compensateCalls++;
    const fault = this.#fault(label, 'compensate');
    if (fault === 'refused' || fault === 'call-lost') throw new Error(`${node.name} cannot be undone now`);
    if (entry.applied === 0) {
      this.#record(context, entry.barred ? 'nothing' : 'barred');
      entry.barred = true;
    } else {
      this.#record(context, entry.undone === 0 ? 'undone' : 'nothing');
      if (entry.undone === 0) entry.undone++;
    }
    if (own !== undefined) await own();
    if (fault === 'answer-lost') throw new Error(`no answer of ${node.name}`);
  }

  #fault(step: string, direction: PlannedFault['direction']): StepFault | undefined {
    const planned = this.#faults.find(
      fault => fault.step === step && fault.direction === direction && fault.left > 0,
    );
    if (planned === undefined) return undefined;
    planned.left--;
    return planned.fault;
  }

  #record({ sagaId, step, direction }: Forward, change: LedgerCall['change']): void {
    this.calls.push({ step: labelOf(sagaId, step), direction, change });
  }

  #checkKey({ sagaId, step, direction, idempotencyKey }: Forward): void {
    const what = `${labelOf(sagaId, step)} ${direction}`;
    const known = this.#keys.get(idempotencyKey);
    if (known !== undefined && known !== what) this.#complain(`there is one key for ${known} and ${what}`);
    for (const [key, other] of this.#keys) {
      if (other === what && key !== idempotencyKey) this.#complain(`there are two keys for ${what}`);
    }
    this.#keys.set(idempotencyKey, what);
  }
}
