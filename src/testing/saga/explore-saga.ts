import { checkKeys, checkNumber, refuse } from '../../kernel/options.js';
import { isSaga, type Saga, type SagaData } from '../../saga/saga-node.js';
import type { SagaRecord } from '../../saga/saga-store.js';
import type { Objection } from '../explore.js';
import type { LedgerCall, LedgerEntry } from './saga-ledger.js';
import type { SagaScenario } from './saga-scenario.js';
import { echoesOf, interruptionsOf, scenariosOf } from './saga-scenarios.js';
import { verdictOn } from './saga-verdict.js';
import { SagaViolation, SagaWorld, type WorldOptions } from './saga-world.js';

/** How a saga is explored. */
export interface ExploreSagaOptions<Input> {
  /** What it is started with. */
  readonly input: Input;
  /** The sagas that are steps of it. @default none */
  readonly definitions?: readonly SagaData[];
  /** By name, what the recording participants answer. @default nothing */
  readonly answers?: Readonly<Record<string, unknown>>;
  /** By name, the payload of each signal that it waits for. @default none comes */
  readonly signals?: Readonly<Record<string, unknown>>;
  /**
   * Whether the steps of the definition are run as well, each once for every call that reaches a participant.
   * @default false
   */
  readonly own?: boolean;
  /** How many workers go in one run: each at every point. @default 2 for up to 4 steps, else 1 */
  readonly interruptions?: 0 | 1 | 2;
  /**
   * Whether a worker that was only paused comes back as well, early and late; and whether a write comes to
   * the store once more, as one does of which the answer was lost. @default true
   */
  readonly zombies?: boolean;
  /** What else has to be true at the end: throw, or answer with a text. @default nothing else */
  readonly invariant?: (end: SagaEnd) => Objection;
  /** More runs than this is an error, never a silent stop. @default 200000 */
  readonly maxRuns?: number;
}

/** How a run has ended. */
export interface SagaEnd {
  /** The saga, as it is stored. */
  readonly record: SagaRecord;
  /** By name of the step, what its participant has seen. */
  readonly entries: ReadonlyMap<string, LedgerEntry>;
  /** All calls that reached participants, in order. */
  readonly calls: readonly LedgerCall[];
}

/** What an exploration saw. */
export interface SagaExploration {
  /** How often the saga was run. */
  readonly runs: number;
  /** The scenarios: what steps answer, and which signals come. */
  readonly scenarios: number;
  /** The points at which a worker went, over all scenarios. */
  readonly points: number;
  /** How often a saga was taken over. */
  readonly takeovers: number;
  /** How the runs ended. */
  readonly ends: Readonly<Record<'completed' | 'compensated' | 'parked', number>>;
}

/** The first run in which something was lost, doubled or out of order. */
export class SagaExplorationError extends Error {
  /** What happened, in order. */
  readonly trace: readonly string[];
  /** What was planned to go wrong. */
  readonly scenario: unknown;

  constructor(message: string, trace: readonly string[], scenario: unknown, options?: ErrorOptions) {
    super(message, options);
    this.trace = trace;
    this.scenario = scenario;
  }

  override get name(): string {
    return 'SagaExplorationError';
  }
}

const known = [
  ...['input', 'definitions', 'answers', 'signals', 'own', 'interruptions', 'zombies'],
  ...['invariant', 'maxRuns'],
];

/**
 * Runs a saga against participants that keep a ledger, in virtual time, over and over: each step refusing,
 * losing the call or losing the answer, once and for good, and a worker killed or paused before each thing
 * that is felt outside, another one taking over. At the end nothing may be lost, doubled or undone out of
 * order.
 *
 * @throws SagaExplorationError with the trace of the first run in which something was.
 *
 * @example
 * ```ts
 * import { defineSaga } from 'keelson/saga';
 * import { exploreSaga } from 'keelson/testing';
 *
 * const order = defineSaga('order')
 *   .step('reserve', { forward: () => {}, compensate: () => {} })
 *   .step('charge', { forward: () => {}, compensate: () => {} });
 * const { ends } = await exploreSaga(order, { input: {}, interruptions: 1 });
 * ends.completed > 0 && ends.compensated > 0; // => true
 * ```
 */
export async function exploreSaga<Input, Outputs>(
  definition: Saga<Input, Outputs>,
  options: ExploreSagaOptions<Input>,
): Promise<SagaExploration> {
  if (!isSaga(definition)) refuse('exploreSaga', 'definition', 'a saga', definition);
  checkKeys('exploreSaga', options, known);
  const { definitions = [], answers = {}, own = false, signals = {} } = options;
  const small = definition.nodes.length <= 4;
  const depth = options.interruptions ?? (small ? 2 : 1);
  const { zombies = true, maxRuns = 200_000 } = options;
  checkNumber('exploreSaga', 'interruptions', depth, { min: 0, max: 2, integer: true });
  checkNumber('exploreSaga', 'maxRuns', maxRuns, { min: 1, integer: true });
  const all = [definition, ...definitions];
  const world: WorldOptions = { definitions: all, input: options.input, answers, own };
  const walk = new Walk(world, options as ExploreSagaOptions<unknown>, maxRuns);
  for (const scenario of scenariosOf(all, signals)) {
    walk.scenarios++;
    const felt = await walk.run(scenario);
    walk.points += felt.length;
    if (depth === 0) continue;
    if (zombies) for (const echoed of echoesOf(scenario, felt)) await walk.run(echoed);
    for (const interrupted of interruptionsOf(scenario, felt.length, zombies)) {
      const farther = await walk.run(interrupted);
      if (depth < 2) continue;
      const from = interrupted.interruptions[0]!.point;
      for (const twice of interruptionsOf(interrupted, farther.length, zombies, from)) await walk.run(twice);
    }
  }
  const { runs, scenarios, points, takeovers, ends } = walk;
  return { runs, scenarios, points, takeovers, ends };
}

class Walk {
  runs = 0;
  scenarios = 0;
  points = 0;
  takeovers = 0;
  readonly ends = { completed: 0, compensated: 0, parked: 0 };
  readonly #world: WorldOptions;
  readonly #options: ExploreSagaOptions<unknown>;
  readonly #maxRuns: number;

  constructor(world: WorldOptions, options: ExploreSagaOptions<unknown>, maxRuns: number) {
    this.#world = world;
    this.#options = options;
    this.#maxRuns = maxRuns;
  }

  /** Runs one scenario; what was felt of it. */
  async run(scenario: SagaScenario): Promise<readonly string[]> {
    if (this.runs === this.#maxRuns) {
      throw new RangeError(`exploreSaga: more than ${this.#maxRuns} runs: raise \`maxRuns\``);
    }
    this.runs++;
    const world = new SagaWorld(this.#world, scenario);
    try {
      const record = await world.run();
      const { entries, calls } = world.ledger;
      const objection =
        verdictOn(this.#world.definitions[0]!, record, world.ledger) ??
        this.#options.invariant?.({ record, entries, calls });
      if (objection) throw new SagaViolation(objection);
      this.takeovers += Math.max(0, world.epochs - 1);
      this.ends[record.status as keyof typeof this.ends]++;
      return world.felt;
    } catch (error) {
      const trace = [...world.trace, 'history:', ...(await world.history())];
      const what = error instanceof Error ? error.message : String(error);
      const planned = JSON.stringify(scenario);
      const message = `${what}\n  planned: ${planned}\n  ${trace.join('\n  ')}`;
      throw new SagaExplorationError(message, trace, scenario, { cause: error });
    }
  }
}
