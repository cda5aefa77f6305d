import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresSagaStore } from '../../src/adapters/postgres/saga-store.js';
import { systemClock } from '../../src/kernel/clock.js';
import { defineSaga, SagaDefinition } from '../../src/saga/definition.js';
import { SagaOrchestrator } from '../../src/saga/orchestrator.js';
import { type EffectNode, isEffect, type SagaData } from '../../src/saga/saga-node.js';
import type { SagaRecord, SagaStore } from '../../src/saga/saga-store.js';
import type { CompensationContext, StepContext } from '../../src/saga/step-context.js';
import { SagaLedger } from '../../src/testing/saga/saga-ledger.js';
import { SagaLife } from '../../src/testing/saga/saga-life.js';
import type { SagaScenario } from '../../src/testing/saga/saga-scenario.js';
import { interruptionsOf, scenariosOf } from '../../src/testing/saga/saga-scenarios.js';
import { verdictOn } from '../../src/testing/saga/saga-verdict.js';

/*
 * As `exploreSaga`, but with the store of PostgreSQL in a PGlite, in real time: a worker is killed, or paused
 * and comes back, before each thing that is felt outside. SAGA_PGLITE=long: with every single fault of every
 * step, and every pair of points.
 */

const long = process.env['SAGA_PGLITE'] === 'long';
/** So many sagas at a time, each with a definition of its own, so that no worker claims that of another. */
const ABREAST = 6;
/**
 * Long enough for any machine: a claim that runs out takes the saga from a worker that lives. Nobody waits
 * for it, for the claim of a worker that goes is ended by hand.
 */
const LEASE_MS = 10_000;
const MOST_MS = 60_000;
const timing = { leaseMs: LEASE_MS, marginMs: 10, pollMs: 20, maxPollMs: 40, recheckMs: 40 };
const pass = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms));
const backoff = { kind: 'exponential', initialMs: 1, maxMs: 4 } as const;
const rules = {
  retry: { attempts: 3, maxElapsedMs: Infinity, backoff },
  timeoutMs: 30_000,
  policy: undefined,
};

let client: PGlite;
let store: SagaStore;
beforeAll(async () => {
  client = await PGlite.create();
  store = postgresSagaStore({ client });
  await store.open();
});
afterAll(() => client.close());

/** The lease of whoever has a saga is over by now. */
async function outlive(id: string): Promise<void> {
  await client.query('UPDATE keelson.saga SET wake_at = now() WHERE id = $1 AND owner IS NOT NULL', [id]);
}

let runs = 0;

/** One run of a saga with what is planned to go wrong. */
class Run {
  points = 0;
  readonly trace: string[] = [];
  readonly ledger: SagaLedger;
  readonly #id = `saga-${++runs}`;
  readonly #definition: SagaData;
  readonly #scenario: SagaScenario;
  readonly #lives: SagaLife[] = [];
  readonly #complaints: string[] = [];
  #felt = 0;

  constructor(definition: SagaData, scenario: SagaScenario) {
    this.#definition = definition;
    this.#scenario = scenario;
    this.ledger = new SagaLedger(scenario.faults, {}, what => this.#complaints.push(what));
  }

  /** @throws Error with the trace, when something was lost, doubled or never ended. */
  async run(): Promise<SagaRecord> {
    const from = performance.now();
    let record: SagaRecord | undefined;
    while (record === undefined || !['completed', 'compensated', 'parked'].includes(record.status)) {
      if (this.#lives.at(-1)?.alive !== true) this.#begin();
      await pass(10);
      record = await store.get(this.#id);
      if (performance.now() - from > MOST_MS) this.#complaints.push('it never comes to an end');
      if (this.#complaints.length > 0) break;
    }
    const calls = this.ledger.calls.filter(({ change }) => change !== 'nothing').length;
    const paused = this.#lives.filter(life => life.paused);
    for (const life of paused) life.resume();
    // Whoever comes back to a saga that is over changes nothing.
    if (paused.length > 0) await pass(25);
    const late = this.ledger.calls.filter(({ change }) => change !== 'nothing').length - calls;
    for (const life of this.#lives) life.end('killed');
    const objection = record === undefined ? 'there is no saga' : this.#objection(record, late);
    if (objection === undefined) return record!;
    const planned = JSON.stringify(this.#scenario);
    const history = (await store.history(this.#id)).map(
      ({ epoch, event }) => `${epoch}: ${JSON.stringify(event)}`,
    );
    throw new Error([objection, planned, ...this.trace, 'history:', ...history].join('\n  '));
  }

  #objection(record: SagaRecord, late: number): string | undefined {
    if (late > 0 && record.status !== 'parked') return `${late} effects after the end`;
    return this.#complaints[0] ?? verdictOn(this.#definition, record, this.ledger) ?? this.#disorder();
  }

  /** Effects in the order of the line, and undone in the reverse. */
  #disorder(): string | undefined {
    const of = (wanted: string): string[] =>
      this.ledger.calls.filter(({ change }) => change === wanted).map(({ step }) => step);
    const [applied, undone] = [of('applied'), of('undone')];
    if (applied.join() !== [...applied].sort().join()) return `done in the order ${applied}`;
    return undone.join() === [...undone].sort().reverse().join()
      ? undefined
      : `undone in the order ${undone}`;
  }

  /** A worker more, which starts the saga as its client would that heard no answer. */
  #begin(): void {
    const life = new SagaLife(systemClock, store, (one, what) => this.#onPoint(one, what));
    this.#lives.push(life);
    const { version, concurrency, input, nodes } = this.#definition;
    const recorded = nodes.map(node => (isEffect(node) ? this.#recorded(node, life) : node));
    const definition = new SagaDefinition({ name: this.#id, version, concurrency, input, nodes: recorded });
    const sagas = new SagaOrchestrator({
      ...{ store: life.store, clock: life.clock, definitions: [definition], ...timing },
    });
    const began = async (): Promise<void> => {
      await sagas.work();
      await sagas.start(definition, {} as never, { id: this.#id, key: this.#id });
    };
    began().catch((error: unknown) => this.#complaints.push(`it cannot be started: ${String(error)}`));
  }

  #recorded(node: EffectNode, life: SagaLife): EffectNode {
    const { name, compensate } = node;
    return {
      ...{ ...node, forwardRules: rules, compensateRules: compensate && rules },
      forward: (context: StepContext<never, never>) =>
        life.pass(`${name} forward`, () => this.ledger.forward(node, context, undefined)),
      compensate:
        compensate &&
        ((context: CompensationContext<never, never, never>) =>
          life.pass(`${name} compensate`, () => this.ledger.compensate(node, context, undefined))),
    };
  }

  #onPoint(life: SagaLife, what: string): Promise<void> | undefined {
    this.points++;
    this.trace.push(`${this.points}. worker ${this.#lives.indexOf(life) + 1}: ${what}`);
    if (life !== this.#lives.at(-1)) return undefined;
    const planned = this.#scenario.interruptions.find(({ point }) => point === this.points);
    if (planned !== undefined) {
      this.trace.push(`   ${planned.how} before that`);
      this.#felt = -Infinity;
      life.end(planned.how);
      return outlive(this.#id);
    }
    if (what === 'claimed') this.#felt = 0;
    this.#felt++;
    if (this.#felt !== this.#scenario.resumeAt) return undefined;
    for (const one of this.#lives) one.resume();
    return undefined;
  }
}

/** Every point of every scenario, in each way; pairs of them in the long form. */
async function explore(definition: SagaData) {
  const seen = { runs: 0, points: 0, takeovers: 0, ends: { completed: 0, compensated: 0, parked: 0 } };
  const play = async (scenario: SagaScenario): Promise<number> => {
    const run = new Run(definition, scenario);
    const record = await run.run();
    seen.runs++;
    seen.takeovers += record.epoch > 1 ? 1 : 0;
    seen.ends[record.status as keyof typeof seen.ends]++;
    return run.points;
  };
  const waiting: (() => Promise<void>)[] = [];
  // A PGlite that is new is slow, and a claim that ran out would look like more points.
  await new Run(definition, scenariosOf([definition], {})[0]!).run();
  const all = scenariosOf([definition], {}).filter(({ faults }) => long || isPlain(faults));
  for (const scenario of all) {
    waiting.push(async () => {
      const points = await play(scenario);
      seen.points += points;
      for (const interrupted of interruptionsOf(scenario, points, true)) {
        if (!long && interrupted.resumeAt === 2) continue;
        waiting.push(async () => {
          const more = await play(interrupted);
          const from = interrupted.interruptions[0]!.point;
          const pairs = long ? interruptionsOf(interrupted, more, false, from) : [];
          for (const twice of pairs) waiting.push(async () => void (await play(twice)));
        });
      }
    });
  }
  let busy = 0;
  const lane = async (): Promise<void> => {
    while (waiting.length > 0 || busy > 0) {
      const next = waiting.shift();
      if (next === undefined) {
        // What is under way may add to it.
        await pass(25);
        continue;
      }
      busy++;
      await next();
      busy--;
    }
  };
  await Promise.all(Array.from({ length: ABREAST }, lane));
  return seen;
}

/** Nothing, one answer that is lost, and the last step that refuses. */
function isPlain(faults: SagaScenario['faults']): boolean {
  const [first, second] = faults;
  if (first === undefined) return true;
  if (second !== undefined) return false;
  return first.fault === 'refused'
    ? first.times === Infinity
    : first.fault === 'answer-lost' && first.times === 1;
}

const undoable = { forward: () => {}, compensate: () => {} };
const forwardOnly = { forward: () => {} };

const sagas = {
  'one step': defineSaga('one').step('a', undoable),
  'two steps': defineSaga('two').step('a', undoable).step('b', undoable),
  'three steps, the second of them a pivot': defineSaga('three')
    .step('a', undoable)
    .pivot('b', forwardOnly)
    .step('c', forwardOnly),
  'four steps': defineSaga('four')
    .step('a', undoable)
    .step('b', undoable)
    .step('c', undoable)
    .step('d', undoable),
};

describe('over PGlite, whenever a worker goes', () => {
  for (const [name, saga] of Object.entries(sagas)) {
    it(
      `loses and doubles nothing in a saga of ${name}`,
      async () => {
        const seen = await explore(saga);
        console.info(`${name}: ${JSON.stringify(seen)}`);
        expect(seen.ends.completed).toBeGreaterThan(0);
        expect(seen.ends.compensated).toBeGreaterThan(0);
        expect(seen.takeovers).toBeGreaterThan(seen.points / 2);
      },
      long ? 14_400_000 : 600_000,
    );
  }
});
