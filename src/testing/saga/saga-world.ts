import { entryOf } from '../../core/saga-state.js';
import { SagaDefinition } from '../../saga/definition.js';
import { InMemorySagaStore } from '../../saga/in-memory-saga-store.js';
import { SagaOrchestrator } from '../../saga/orchestrator.js';
import { type EffectNode, isEffect, type SagaData } from '../../saga/saga-node.js';
import type { SagaRecord, SagaStore } from '../../saga/saga-store.js';
import type { CompensationContext, StepContext } from '../../saga/step-context.js';
import { settle } from '../settle.js';
import { VirtualClock } from '../virtual-clock.js';
import { labelOf, SagaLedger } from './saga-ledger.js';
import { SagaLife } from './saga-life.js';
import { capped, impatient } from './saga-patience.js';
import type { PlannedSignal, SagaScenario } from './saga-scenario.js';

/** What a saga is explored with. */
export interface WorldOptions {
  readonly definitions: readonly SagaData[];
  readonly input: unknown;
  readonly answers: Readonly<Record<string, unknown>>;
  readonly own: boolean;
  /** Makes the store, which goes by that clock; it answers within the turn. @default one in memory */
  readonly store?: (clock: VirtualClock) => SagaStore;
  /** How often workers look for something to do, in ms. @default 5000 */
  readonly paceMs?: number;
}

/** Something that must not be. */
export class SagaViolation extends Error {
  override get name(): string {
    return 'SagaViolation';
  }
}

export const SAGA_ID = 'saga';
const LEASE_MS = 30_000;

/** So often nothing may be there to wait for: a worker has died, and the next one has not begun. */
const MOST_IDLE = 10;
/** A saga that is not over by then never will be. */
const HORIZON_MS = 4 * 3_600_000;

/**
 * One run of a saga: workers, a store, participants, and a clock that stands still unless nothing else moves.
 */
export class SagaWorld {
  readonly ledger: SagaLedger;
  readonly trace: string[] = [];
  /** The things that were felt outside so far. */
  readonly felt: string[] = [];
  /** How often a worker took the saga over. */
  epochs = 0;
  readonly #clock = new VirtualClock();
  readonly #store: SagaStore;
  readonly #options: WorldOptions;
  readonly #scenario: SagaScenario;
  readonly #lives: SagaLife[] = [];
  readonly #violations: string[] = [];
  #current: SagaLife | undefined;
  #idle = 0;
  /** How many things were felt of the present worker. */
  #felt = 0;
  /** Brings the write that comes twice, and how many came after it. */
  #again: (() => Promise<unknown>) | undefined;
  #writes = 0;

  constructor(options: WorldOptions, scenario: SagaScenario) {
    this.#options = options;
    this.#store = options.store?.(this.#clock) ?? new InMemorySagaStore({ clock: this.#clock });
    this.#scenario = scenario;
    this.ledger = new SagaLedger(scenario.faults, options.answers, what => this.#complain(what));
  }

  /** Runs it until nothing happens any more. @throws SagaViolation, of the first thing that must not be. */
  async run(): Promise<SagaRecord> {
    await this.#signals('early');
    this.#begin();
    await settle();
    await this.#signals('late');
    while (!(await this.#isQuiet())) {
      if (this.#current?.alive !== true) this.#begin();
      if (this.#clock.now() > HORIZON_MS) this.#violate('it never comes to an end');
      await this.#step();
    }
    await this.#afterlife();
    const record = await this.#store.get(SAGA_ID);
    if (this.#violations.length > 0) this.#violate(this.#violations[0]!);
    this.epochs = record!.epoch;
    // What would go on for ever, were it not left.
    for (const life of this.#lives) life.end('killed');
    return record!;
  }

  /** Whoever was paused comes back, to a saga that is over; and whoever is still there does nothing more. */
  async #afterlife(): Promise<void> {
    const paused = this.#lives.filter(life => life.paused);
    const before = this.#changes;
    for (const life of paused) life.resume();
    await this.#echo();
    const until = this.#clock.now() + (paused.length > 0 ? 2 * LEASE_MS : 0);
    await settle();
    while (this.#clock.now() < until) await this.#step();
    const { status } = (await this.#store.get(SAGA_ID))!;
    // Of one that is parked a worker may have been about to do what nobody knows.
    if (status !== 'parked' && this.#changes > before) this.#complain('it had an effect after its end');
  }

  /** How often something was changed at a participant. */
  get #changes(): number {
    return this.ledger.calls.filter(({ change }) => change !== 'nothing').length;
  }

  async history(): Promise<readonly string[]> {
    const entries = await this.#store.history(SAGA_ID);
    return entries.map(({ epoch, event }) => `${epoch}: ${JSON.stringify(event)}`);
  }

  #violate(what: string): never {
    throw new SagaViolation(what);
  }

  async #step(): Promise<void> {
    const { nextTimerAt } = this.#clock;
    if (nextTimerAt === Infinity) this.#idle++;
    if (this.#idle > MOST_IDLE) this.#violate('nothing happens any more, and it is not over');
    await this.#clock.advance(nextTimerAt === Infinity ? 0 : Math.max(0, nextTimerAt - this.#clock.now()));
    if (this.#violations.length > 0) this.#violate(this.#violations[0]!);
  }

  async #isQuiet(): Promise<boolean> {
    const record = await this.#store.get(SAGA_ID);
    return record !== undefined && ['completed', 'compensated', 'parked'].includes(record.status);
  }

  async #signals(when: PlannedSignal['when']): Promise<void> {
    for (const { name, payload, when: planned } of this.#scenario.signals) {
      if (planned !== when) continue;
      const target = { definition: this.#options.definitions[0]!.name, key: SAGA_ID };
      // Twice, as whoever sends it and hears no answer does.
      await this.#store.signal({ target, name, dedupe: name, payload });
      await this.#store.signal({ target, name, dedupe: name, payload });
    }
  }

  /** A worker more, which starts the saga as its client would that heard no answer. */
  #begin(): void {
    const life = new SagaLife(this.#clock, this.#store, (...point) => this.#onPoint(...point));
    this.#lives.push(life);
    this.#current = life;
    const definitions = this.#options.definitions.map(one => this.#recorded(one, life));
    const { paceMs = 5_000 } = this.#options;
    const orchestrator = new SagaOrchestrator({
      ...{ store: life.store, clock: life.clock, definitions, random: () => 0.5 },
      ...{ leaseMs: LEASE_MS, pollMs: paceMs, maxPollMs: 2 * paceMs, recheckMs: 2 * paceMs },
    });
    const began = async (): Promise<void> => {
      await orchestrator.work();
      await orchestrator.start(definitions[0]!, this.#options.input as never, { id: SAGA_ID, key: SAGA_ID });
    };
    began().catch((error: unknown) => {
      this.#violations.push(`it cannot be started: ${String(error)}`);
    });
  }

  #onPoint(life: SagaLife, what: string, again?: () => Promise<unknown>): Promise<void> | undefined {
    this.felt.push(what);
    const { length: point } = this.felt;
    const number = this.#lives.indexOf(life) + 1;
    this.trace.push(`${point}. worker ${number}: ${what}`);
    if (life !== this.#current) return undefined;
    const planned = this.#scenario.interruptions.find(one => one.point === point);
    if (planned !== undefined) {
      this.trace.push(`   worker ${number} is ${planned.how} before that`);
      this.#felt = -Infinity;
      life.end(planned.how);
      return undefined;
    }
    if (what === 'write' && this.#isEchoDue(point, again!)) return this.#echo();
    // Before it has claimed the saga it is no rival.
    if (what === 'claimed') this.#felt = 0;
    this.#felt++;
    const paused = this.#lives.filter(one => one.paused);
    if (paused.length === 0 || this.#felt !== this.#scenario.resumeAt) return undefined;
    this.trace.push(`   the paused workers come back before that`);
    for (const one of paused) one.resume();
    // They go first.
    return settle();
  }

  #isEchoDue(point: number, again: () => Promise<unknown>): boolean {
    const { echo } = this.#scenario;
    if (point === echo?.point) this.#again = again;
    else if (this.#again !== undefined) return ++this.#writes === echo!.before;
    return false;
  }

  /** The write that comes twice does so now. */
  async #echo(): Promise<void> {
    const again = this.#again;
    if (again === undefined) return;
    this.#again = undefined;
    this.trace.push(`   the write of ${this.#scenario.echo!.point}. comes once more`);
    await again();
  }

  /** The definition with participants in place of what the steps do. */
  #recorded(definition: SagaData, life: SagaLife): SagaDefinition {
    const nodes = definition.nodes.map(node =>
      isEffect(node) ? this.#recordedStep(node, life) : capped(node),
    );
    const { name, version, concurrency, input } = definition;
    const copy = new SagaDefinition({ name, version, concurrency, input, nodes });
    return copy;
  }

  #recordedStep(node: EffectNode, life: SagaLife): EffectNode {
    const { own } = this.#options;
    return {
      ...node,
      forwardRules: impatient(node.forwardRules),
      compensateRules: node.compensateRules && impatient(node.compensateRules),
      forward: (context: StepContext<never, never>) =>
        life.pass(`${node.name} forward`, async () => {
          await this.#checkForward(node, context.sagaId);
          life.running++;
          try {
            await this.#takeTime(node);
            return await this.ledger.forward(node, context, own ? () => node.forward(context) : undefined);
          } finally {
            life.running--;
          }
        }),
      compensate:
        node.compensate &&
        ((context: CompensationContext<never, never, never>) =>
          life.pass(`${node.name} compensate`, async () => {
            await this.#checkCompensate(node, context.sagaId, life);
            return this.ledger.compensate(node, context, own ? () => node.compensate!(context) : undefined);
          })),
    };
  }

  /** Steps that run side by side take time, so that one of them is under way when another one ends. */
  async #takeTime({ after, name }: EffectNode): Promise<void> {
    const [first] = this.#options.definitions;
    const beside = first!.nodes.filter(one => isEffect(one) && String(one.after) === String(after));
    const at = beside.findIndex(one => one.name === name);
    if (beside.length < 2 || at < 0) return;
    const place = this.#scenario.slower === 'later' ? at : beside.length - 1 - at;
    await new Promise<void>(resolve => this.#clock.schedule(10 * (place + 1), resolve));
  }

  /** A step begins when all before it is written down, and never when the saga is being undone. */
  async #checkForward(node: EffectNode, sagaId: string): Promise<void> {
    const record = await this.#store.get(sagaId);
    if (record === undefined) return this.#complain(`${node.name} runs, and there is no saga`);
    const { plan } = this.#definitionOf(record);
    for (const at of node.after) {
      const before = plan.nodes[at]!;
      const { state } = entryOf(record.state, before.name);
      if (record.state.direction === 'forward' && state !== 'done' && state !== 'skipped') {
        this.#complain(`${node.name} runs before it is written down that ${before.name} is done`);
      }
    }
  }

  async #checkCompensate(node: EffectNode, sagaId: string, life: SagaLife): Promise<void> {
    const record = await this.#store.get(sagaId);
    if (record === undefined) return this.#complain(`${node.name} is undone, and there is no saga`);
    const { plan } = this.#definitionOf(record);
    if (life.running > 0) this.#complain(`${node.name} is undone while other steps run`);
    if (record.state.direction === 'forward') {
      this.#complain(`${node.name} is undone before it is written down that the saga turns back`);
    }
    const pivot = plan.nodes[plan.pivot];
    if (pivot !== undefined && entryOf(record.state, pivot.name).state === 'done') {
      this.#complain(`${node.name} is undone after the pivot is done`);
    }
    // A worker that comes back late may repeat what was over; it changes nothing.
    if (life !== this.#current) return;
    const { dependents } = plan.nodes[plan.positions.get(node.name)!]!;
    for (const at of dependents) {
      const entry = this.ledger.entry(labelOf(sagaId, plan.nodes[at]!.name));
      if (plan.nodes[at]!.undo && entry.applied > 0 && entry.undone === 0) {
        this.#complain(`${node.name} is undone before ${entry.step}, which depends on it`);
      }
    }
  }

  #definitionOf({ definition, version }: SagaRecord): SagaData {
    return this.#options.definitions.find(one => one.name === definition && one.version === version)!;
  }

  #complain(what: string): void {
    this.#violations.push(what);
  }
}
