import type { SagaEvent } from '../core/saga-state.js';
import type { Clock } from '../kernel/clock.js';
import { HandlerRuns } from '../kernel/handler-run.js';
import type { EffectNode } from './saga-node.js';
import { stepKey } from './step-key.js';
import type { RunRules } from './step-options.js';

/** What all attempts at a step in one direction have in common, over all sagas of an orchestrator. */
export class StepLane {
  readonly node: EffectNode;
  readonly forward: boolean;
  readonly rules: RunRules;
  readonly runs: HandlerRuns;
  /** What follows the id of the saga in its idempotency key. */
  readonly keyEnd: string;
  /** What most attempts have to say: that it is over, and has answered nothing. */
  readonly over: SagaEvent;

  constructor(node: EffectNode, forward: boolean, clock: Clock) {
    const rules = forward ? node.forwardRules : node.compensateRules!;
    this.node = node;
    this.forward = forward;
    this.rules = rules;
    this.runs = new HandlerRuns(clock, rules.policy, rules.timeoutMs);
    this.keyEnd = stepKey('', node.name, forward ? 'forward' : 'compensate');
    this.over = Object.freeze({ kind: forward ? 'done' : 'undone', step: node.name });
  }
}

/** The lanes of all steps, each made when it is first needed. */
export class StepLanes {
  readonly #clock: Clock;
  readonly #forward = new Map<EffectNode, StepLane>();
  readonly #backward = new Map<EffectNode, StepLane>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  of(node: EffectNode, forward: boolean): StepLane {
    const lanes = forward ? this.#forward : this.#backward;
    let lane = lanes.get(node);
    if (lane === undefined) {
      lane = new StepLane(node, forward, this.#clock);
      lanes.set(node, lane);
    }
    return lane;
  }
}
