import type { NodeSpec, SagaPlan } from '../core/saga-plan.js';
import type { StandardSchema } from '../kernel/standard-schema.js';
import type { CompensationContext, SagaView, StepContext } from './step-context.js';
import type { Checked, RunRules } from './step-options.js';
import type { ClassifyStep } from './step-outcome.js';

type AnyView = SagaView<never, never>;

/** A step with an effect, as it is run: its types are known to the definition alone. */
export interface EffectNode extends NodeSpec {
  readonly kind: 'step' | 'pivot';
  readonly forward: (context: StepContext<never, never>) => unknown;
  readonly compensate: ((context: CompensationContext<never, never, never>) => unknown) | undefined;
  readonly forwardRules: RunRules;
  readonly compensateRules: RunRules | undefined;
  readonly classify: ClassifyStep | undefined;
  readonly when: ((view: AnyView) => boolean) | undefined;
  readonly check:
    | ((context: StepContext<never, never>) => Checked<unknown> | PromiseLike<Checked<unknown>>)
    | undefined;
}

/** Waits for a span of time. */
export interface SleepNode extends NodeSpec {
  readonly kind: 'sleep';
  readonly ms: (view: AnyView) => number;
}

/** Waits for a signal. */
export interface EventNode extends NodeSpec {
  readonly kind: 'event';
  readonly event: string;
  readonly timeoutMs: number;
  readonly onTimeout: 'fail' | 'continue';
  readonly schema: StandardSchema | undefined;
}

/** Waits for a lock, and keeps it until the saga is over. */
export interface LockNode extends NodeSpec {
  readonly kind: 'lock';
  readonly lock: (view: AnyView) => string;
  readonly leaseMs: number;
  readonly timeoutMs: number;
}

/** What a saga within a saga is, as far as its parent has to know. */
export interface ChildDefinition {
  readonly name: string;
  readonly version: number;
  readonly hash: string;
  /** Whether it has a point of no return. */
  readonly pivoted: boolean;
}

/** Runs another saga to its end. */
export interface ChildNode extends NodeSpec {
  readonly kind: 'saga';
  readonly child: ChildDefinition;
  readonly childInput: (view: AnyView) => unknown;
}

/** A node of a saga, with what it does. */
export type SagaNode = EffectNode | SleepNode | EventNode | LockNode | ChildNode;

/** Whether a node has an effect of the user's; the others wait. */
export function isEffect(node: SagaNode): node is EffectNode {
  return node.kind === 'step' || node.kind === 'pivot';
}

/** How a saga is defined, as JSON. */
export interface SagaDescription {
  /** What this is. */
  readonly kind: 'saga';
  /** Which saga this is. */
  readonly name: string;
  /** Which version of it, from 1. */
  readonly version: number;
  /** Tells definitions apart that differ in names, kinds or order of their steps. */
  readonly hash: string;
  /** How many steps of one saga run at a time. */
  readonly concurrency: number;
  /** In an order in which they can run. */
  readonly steps: readonly {
    readonly name: string;
    readonly kind: SagaNode['kind'];
    readonly after: readonly string[];
    readonly compensated: boolean;
    readonly retriable: boolean;
  }[];
}

/** A defined saga, as data: all that is needed to run it. */
export interface SagaData {
  /** Which saga this is. */
  readonly name: string;
  /** Which version of it, from 1. */
  readonly version: number;
  /** Tells definitions apart that differ in names, kinds or order of their steps. */
  readonly hash: string;
  /** How many steps of one saga run at a time. */
  readonly concurrency: number;
  /** Checks what a saga is started with. */
  readonly input: StandardSchema | undefined;
  /** What each step does, in the order of the plan. */
  readonly nodes: readonly SagaNode[];
  /** Who depends on whom. */
  readonly plan: SagaPlan;
  /** How it is defined, as JSON. */
  describe(): SagaDescription;
}

/** A defined saga that takes `Input`, and whose steps answer `Outputs` in the end. */
export interface Saga<in Input, out Outputs> extends SagaData {
  /** For the compiler alone. */
  readonly '~saga'?: ((input: Input) => Outputs) | undefined;
}

/** Whether a value is a defined saga, of whichever copy of the package. */
export function isSaga(value: unknown): value is SagaData {
  const { nodes, plan } = Object(value) as Partial<SagaData>;
  return Array.isArray(nodes) && typeof plan === 'object';
}
