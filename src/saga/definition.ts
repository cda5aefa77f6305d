import { planObjection, type SagaPlan, sagaPlan } from '../core/saga-plan.js';
import { checkKeys, checkNumber, isUnsafeName, refuse } from '../kernel/options.js';
import { isSchema } from '../kernel/schema-issues.js';
import type { SchemaOutput, StandardSchema } from '../kernel/standard-schema.js';
import { groupNodes, pivotNode, stepNode } from './effect-nodes.js';
import { hashOf } from './saga-hash.js';
import { isSaga, type Saga, type SagaDescription, type SagaNode } from './saga-node.js';
import type {
  BehindOf,
  GroupOutputs,
  GroupStep,
  Kept,
  Names,
  Payload,
  Phase,
  StepFor,
  Storable,
  UnstorableOutput,
} from './saga-types.js';
import type { SagaView } from './step-context.js';
import type { StepOptions } from './step-options.js';
import {
  childNode,
  eventNode,
  type LockOptions,
  lockNode,
  sleepNode,
  type WaitOptions,
} from './waiting-nodes.js';

/** What a saga is, besides its steps. */
export interface SagaOptions<Schema extends StandardSchema | undefined = undefined> {
  /** Raise it whenever steps, their order or their meaning change. @default 1 */
  readonly version?: number;
  /** Checks what a saga is started with. @default anything that JSON holds */
  readonly input?: Schema;
  /** How many steps of one saga run at a time. @default 8 */
  readonly concurrency?: number;
}

const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
/** So many steps a saga has at most. */
const MOST_STEPS = 200;

function checkName(owner: string, option: string, name: unknown): string {
  if (typeof name === 'string' && NAME.test(name) && !isUnsafeName(name)) return name;
  return refuse(owner, option, 'a letter, then at most 63 of A-Z a-z 0-9 _ . -', name);
}

type WithGroup<Input, Outputs, P extends Phase, Ties, Group> = [Group] extends [Storable<Group>]
  ? SagaDefinition<Input, Outputs & Group, P, Ties & { readonly [N in keyof Group]: Names<Outputs> }>
  : UnstorableOutput<keyof Group & string>;

type With<Input, Outputs, P extends Phase, Ties, Name extends string, Output, After = Names<Outputs>> = [
  Kept<Output>,
] extends [Storable<Kept<Output>>]
  ? SagaDefinition<
      Input,
      Outputs & { readonly [N in Name]: Kept<Output> },
      P,
      Ties & { readonly [N in Name]: After | BehindOf<Ties, After> }
    >
  : UnstorableOutput<Name>;

/**
 * A saga as data: steps with what they do and how it is undone, in a partial order. It never changes; each
 * method answers with a longer one. See {@link defineSaga}.
 */
export class SagaDefinition<Input = unknown, Outputs = object, P extends Phase = Phase, Ties = object>
  implements Saga<Input, Outputs>
{
  /** Which saga this is. */
  readonly name: string;
  /** Which version of it, from 1. */
  readonly version: number;
  /** Tells definitions apart that differ in names, kinds or order of their steps. */
  readonly hash: string;
  readonly concurrency: number;
  readonly input: StandardSchema | undefined;
  /** What each step does, in the order of the plan. */
  readonly nodes: readonly SagaNode[];
  /** Who depends on whom. */
  readonly plan: SagaPlan;
  /** For the compiler alone. */
  readonly '~saga'?: ((input: Input) => Outputs) | undefined;
  /** For the compiler alone. */
  readonly '~phase'?: P | undefined;
  /** For the compiler alone: by step, the names of those that it waits for. */
  readonly '~ties'?: Ties | undefined;

  /** @internal Use {@link defineSaga}. */
  constructor(
    options: Required<Pick<SagaOptions, 'version' | 'concurrency'>> & {
      readonly name: string;
      readonly input: StandardSchema | undefined;
      readonly nodes: readonly SagaNode[];
    },
  ) {
    this.name = options.name;
    this.version = options.version;
    this.concurrency = options.concurrency;
    this.input = options.input;
    this.nodes = options.nodes;
    const objection = planObjection(options.nodes);
    if (objection !== undefined) throw new TypeError(`${this.#owner}: ${objection}`);
    this.plan = sagaPlan(options.nodes);
    this.hash = hashOf(options.name, options.nodes);
  }

  get #owner(): string {
    return `saga ${this.name}`;
  }

  /**
   * Adds a step that waits for all steps before it, or for those of `after`.
   *
   * @throws TypeError or RangeError that names the step, the option, the rule and the value.
   */
  step<Name extends string, Output, After extends Names<Outputs> = Names<Outputs>>(
    name: Name,
    step: StepFor<P, Input, Outputs, Output, Ties, After> & { readonly when?: never },
  ): With<Input, Outputs, P, Ties, Name, Output, After>;
  step<Name extends string, Output, After extends Names<Outputs> = Names<Outputs>>(
    name: Name,
    step: StepFor<P, Input, Outputs, Output, Ties, After>,
  ): With<Input, Outputs, P, Ties, Name, Kept<Output> | undefined, After>;
  step(name: string, step: object): never {
    const owner = this.#checkStep(name);
    const after = this.#after(owner, (step as { after?: unknown } | undefined)?.after);
    const node = stepNode(owner, name, after, step, this.plan.pivot >= 0);
    return this.#with([node]) as never;
  }

  /** Adds steps that run side by side, each after all steps before the group. */
  parallel<Group extends Readonly<Record<string, GroupStep<P, Input, Outputs>>>>(
    group: Group,
  ): WithGroup<Input, Outputs, P, Ties, GroupOutputs<Group>> {
    const owner = `${this.#owner}: parallel`;
    checkKeys(owner, group, Object.keys(group ?? {}));
    const names = Object.keys(group);
    const owners = names.map(name => this.#checkStep(name));
    const nodes = groupNodes(owners, names, this.#last(), group, this.plan.pivot >= 0);
    return this.#with(nodes) as unknown as WithGroup<Input, Outputs, P, Ties, GroupOutputs<Group>>;
  }

  /**
   * Adds the step that decides: when it is done nothing is undone any more, and the steps after it are tried
   * until they succeed or somebody decides.
   */
  pivot<Name extends string, Output>(
    this: SagaDefinition<Input, Outputs, 'before', Ties>,
    name: Name,
    step: Omit<StepOptions<Input, Outputs, Output>, 'when' | 'after'>,
  ): With<Input, Outputs, 'after', Ties, Name, Output> {
    const owner = this.#checkStep(name);
    const longer = this.#with([pivotNode(owner, name, this.#last(), step)]);
    return longer as unknown as With<Input, Outputs, 'after', Ties, Name, Output>;
  }

  /** Waits for `ms`, over restarts as well. */
  sleep(
    name: string,
    ms: number | ((view: SagaView<Input, Outputs>) => number),
  ): SagaDefinition<Input, Outputs, P, Ties> {
    return this.#with([sleepNode(this.#checkStep(name), name, this.#last(), ms)]);
  }

  /** Waits for a signal, which may have come before. Its payload is what the step answers. */
  waitForEvent<
    Name extends string,
    Schema extends StandardSchema | undefined = undefined,
    OnTimeout extends 'fail' | 'continue' = 'fail',
  >(
    name: Name,
    options: WaitOptions<Schema> & { readonly onTimeout?: OnTimeout } = {},
  ): SagaDefinition<
    Input,
    Outputs & { readonly [N in Name]: Payload<Schema, OnTimeout> },
    P,
    Ties & { readonly [N in Name]: Names<Outputs> }
  > {
    return this.#with([eventNode(this.#checkStep(name), name, this.#last(), options)]) as never;
  }

  /** Waits for the only one of a key, and keeps it until the saga is over. */
  lock(
    name: string,
    lock: (view: SagaView<Input, Outputs>) => string,
    options: LockOptions = {},
  ): SagaDefinition<Input, Outputs, P, Ties> {
    return this.#with([lockNode(this.#checkStep(name), name, this.#last(), lock, options)]);
  }

  /** Runs another saga to its end; its answers are what the step answers. */
  saga<Name extends string, ChildInput, ChildOutputs>(
    name: Name,
    child: Saga<ChildInput, ChildOutputs>,
    input: (view: SagaView<Input, Outputs>) => ChildInput,
  ): SagaDefinition<
    Input,
    Outputs & { readonly [N in Name]: ChildOutputs },
    P,
    Ties & { readonly [N in Name]: Names<Outputs> }
  > {
    const owner = this.#checkStep(name);
    if (!isSaga(child)) refuse(owner, 'child', 'a saga definition', child);
    const node = childNode(owner, name, this.#last(), child, input, this.plan.pivot >= 0);
    return this.#with([node]) as never;
  }

  /** How it is defined, as JSON. */
  describe(): SagaDescription {
    const { name, version, hash, concurrency, plan } = this;
    const steps = plan.nodes.map(node => ({
      name: node.name,
      kind: node.kind,
      after: node.after.map(at => plan.nodes[at]!.name),
      compensated: node.undo,
      retriable: node.retriable,
    }));
    return { kind: 'saga', name, version, hash, concurrency, steps };
  }

  /** The positions of the steps that no other waits for: what the next one waits for. */
  #last(): readonly number[] {
    const positions = this.nodes.map((_, at) => at);
    return positions.filter(at => !this.nodes.some(({ after }) => after.includes(at)));
  }

  #after(owner: string, names: unknown): readonly number[] {
    if (names === undefined) return this.#last();
    if (!Array.isArray(names)) refuse(owner, 'after', 'a list of steps', names);
    return names.map(name => {
      const at = this.plan.positions.get(name);
      return at ?? refuse(owner, 'after', 'a list of steps before this one', name);
    });
  }

  #checkStep(name: unknown): string {
    const checked = checkName(this.#owner, 'step', name);
    const owner = `${this.#owner}, step ${checked}`;
    if (this.plan.positions.has(checked)) throw new TypeError(`${owner}: there is a step of that name`);
    if (this.nodes.length >= MOST_STEPS) {
      throw new RangeError(`${owner}: a saga has at most ${MOST_STEPS} steps; make some of them a saga`);
    }
    return owner;
  }

  #with(nodes: readonly SagaNode[]): SagaDefinition<Input, Outputs, P, Ties> {
    const { name, version, concurrency, input } = this;
    return new SagaDefinition({ name, version, concurrency, input, nodes: [...this.nodes, ...nodes] });
  }
}

/**
 * Begins the definition of a saga: steps that are done one after the other, and undone in reverse when one of
 * them fails.
 *
 * @throws TypeError or RangeError that names the option, the rule and the value.
 *
 * @example
 * ```ts
 * import { defineSaga } from 'keelson/saga';
 *
 * declare const stock: { take(sku: string, key: string): Promise<string>; giveBack(key: string):
 * Promise<void> }; declare const card: { charge(cents: number, key: string): Promise<void>; refund(key:
 * string): Promise<void> };
 *
 * const order = defineSaga<{ sku: string; cents: number }>('order')
 *   .step('reserve', {
 *     forward: ({ input, idempotencyKey }) => stock.take(input.sku, idempotencyKey),
 *     compensate: ({ idempotencyKey }) => stock.giveBack(idempotencyKey),
 *   })
 *   .step('charge', {
 *     forward: ({ input, idempotencyKey }) => card.charge(input.cents, idempotencyKey),
 *     compensate: ({ idempotencyKey }) => card.refund(idempotencyKey),
 *   });
 * order.describe().steps.length; // => 2
 * ```
 */
export function defineSaga<
  Input = unknown,
  Schema extends StandardSchema<unknown, Input> | undefined = undefined,
>(
  name: string,
  options: SagaOptions<Schema> = {},
): SagaDefinition<Schema extends StandardSchema ? SchemaOutput<Schema> : Input, object, 'before'> {
  const owner = 'defineSaga';
  checkName(owner, 'name', name);
  checkKeys(owner, options, ['version', 'input', 'concurrency']);
  const { version = 1, input, concurrency = 8 } = options;
  if (input !== undefined && !isSchema(input)) refuse(owner, 'input', 'a Standard Schema', input);
  return new SagaDefinition({
    name,
    version: checkNumber(owner, 'version', version, { min: 1, integer: true }),
    concurrency: checkNumber(owner, 'concurrency', concurrency, { min: 1, max: 100, integer: true }),
    input,
    nodes: [],
  });
}
