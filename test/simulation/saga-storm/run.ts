import type { SagaRecord } from '../../../src/saga/saga-store.js';
import { type SeededRandom, seededRandom } from '../../../src/testing/seeded-random.js';
import type { Mistake } from './mistakes.js';
import { between, randomInput, type ShapeInput } from './shape.js';
import { Town } from './town.js';
import { historyObjection, objectionTo, parkedObjection, waitObjection } from './verdict.js';
import { Violation } from './witness.js';
import type { Worker } from './worker.js';

/** What a run came to: how often each thing happened in it. */
export interface Outcome {
  readonly counts: Readonly<Record<string, number>>;
}

/** A saga of a run, and those who have to do with it. */
interface Planned {
  readonly id: string;
  readonly key: string;
  readonly input: ShapeInput;
  readonly signals: readonly number[];
  cancelled: boolean;
}

/** How long a client waits for a worker before it asks another one. */
const CLIENT_MS = 2_000;

class Run {
  readonly #town: Town;
  readonly #random: SeededRandom;
  readonly #sagas: readonly Planned[];
  #began = 0;
  #parked = 0;

  constructor(seed: number, mistake: Mistake | undefined) {
    this.#town = new Town(seed, mistake);
    this.#random = seededRandom(-1 - seed);
    const [shape] = this.#town.shapes;
    const events = shape!.nodes.filter(({ kind }) => kind === 'event').length;
    this.#sagas = Array.from({ length: between(this.#random, 1, 4) }, (_, at) => {
      const id = `s${at + 1}`;
      const signals = Array.from({ length: events }, (_, n) => n + 1).filter(() => this.#random() < 0.8);
      return { id, key: `k${id}`, input: randomInput(this.#random, shape!), signals, cancelled: false };
    });
  }

  get trace(): readonly string[] {
    return this.#town.trace;
  }

  async play(): Promise<Outcome> {
    const town = this.#town;
    town.begin();
    for (const one of this.#sagas) {
      for (let times = between(this.#random, 1, 2); times > 0; times--) {
        this.#send(`${one.id} is started`, worker => this.#start(worker, one));
      }
      for (const n of one.signals) {
        for (let times = between(this.#random, 1, 2); times > 0; times--) {
          this.#send(`signal ${n} for ${one.id}`, worker => this.#signal(worker, one, n));
        }
      }
      if (this.#random() < 0.2) {
        this.#send(`${one.id} is called off`, worker => this.#cancel(worker, one));
      }
    }
    const records = await town.settle(parked => this.#care(parked));
    const objection = await this.#judge(records);
    town.end();
    if (objection !== undefined) throw new Violation(objection);
    return this.#outcome(records);
  }

  #outcome(records: readonly SagaRecord[]): Outcome {
    const { weather, network, bank, witness } = this.#town;
    const count = (status: string): number => records.filter(one => one.status === status).length;
    const acknowledged = this.#sagas.filter(({ cancelled }) => cancelled).length;
    return {
      counts: {
        ...{ sagas: records.length, completed: count('completed'), compensated: count('compensated') },
        ...{ ...weather, ...network.counts, ...bank.counts, ...witness.counts },
        ...{ parked: this.#parked, cancelled: acknowledged, effects: bank.effects.length },
      },
    };
  }

  /** A client, which asks one worker after the other until one has answered. */
  #send(what: string, ask: (worker: Worker) => Promise<boolean>): void {
    const town = this.#town;
    const wait = (ms: number): Promise<false> =>
      new Promise(resolve => town.clock.schedule(ms, () => resolve(false)));
    const insist = async (): Promise<void> => {
      for (;;) {
        const worker = town.anybody();
        if (worker === undefined) await wait(1_000);
        else if (await Promise.race([ask(worker).catch(() => wait(500)), wait(CLIENT_MS)])) break;
      }
      town.tell(`client: ${what}`);
    };
    town.sometime(() => void insist());
  }

  async #start(worker: Worker, { id, key, input }: Planned): Promise<boolean> {
    const { created } = await worker.orchestrator.start(this.#town.definitions[0]!, input as never, {
      id,
      key,
    });
    if (created) this.#began++;
    return true;
  }

  async #signal(worker: Worker, { key }: Planned, n: number): Promise<boolean> {
    const { name } = this.#town.definitions[0]!;
    await worker.orchestrator.signal({ definition: name, key }, 'go', n, { dedupe: `signal ${n}` });
    return true;
  }

  async #cancel(worker: Worker, one: Planned): Promise<boolean> {
    try {
      if (await worker.orchestrator.cancel(one.id, 'called off')) one.cancelled = true;
      return true;
    } catch (error) {
      return (error as { code?: string }).code === 'ERR_SAGA_REFUSED';
    }
  }

  /** A person looks after what stands still: tries again, or undoes it where the pivot never will be done. */
  async #care(parked: SagaRecord): Promise<void> {
    const town = this.#town;
    this.#parked++;
    const objection = parkedObjection(parked);
    if (objection !== undefined) throw new Violation(objection);
    const { orchestrator } = town.anybody()!;
    const { id, state, input } = parked;
    const { bad } = (input ?? {}) as Partial<ShapeInput>;
    const hopeless = state.direction === 'forward' && bad !== undefined && state.entries[bad]?.stuck;
    town.tell(`somebody looks after ${id}`);
    const done = hopeless ? orchestrator.forceCompensate(id, 'it is refused') : orchestrator.retry(id);
    // It may be driven at this moment.
    await town.clock.runUntil(done.catch(() => {}));
  }

  async #judge(records: readonly SagaRecord[]): Promise<string | undefined> {
    const { bank, definitions, shapes, truth, wallSet } = this.#town;
    const own = records.filter(({ parent }) => parent === undefined);
    if (own.length !== this.#sagas.length) return `${own.length} sagas of ${this.#sagas.length}`;
    if (this.#began > this.#sagas.length) return `${this.#began} starts of ${this.#sagas.length} sagas`;
    for (const record of records) {
      const at = record.parent === undefined ? 0 : 1;
      const planned = this.#sagas.find(({ id }) => id === record.id);
      if (planned?.cancelled && record.status !== 'compensated') return `${record.id} was called off`;
      const objection =
        objectionTo(shapes[at]!, record, bank.effects) ??
        historyObjection(definitions[at]!, record, await truth.history(record.id)) ??
        (wallSet ? undefined : waitObjection(shapes[at]!, record, bank.effects, planned?.signals ?? []));
      if (objection !== undefined) return objection;
      if (record.parent === undefined) continue;
      const { status } = records.find(({ id }) => id === record.parent)!;
      if (status !== record.status) return `${record.id} is ${record.status}, and ${record.parent} ${status}`;
    }
    const balance = [...bank.accounts.values()].reduce((sum, amount) => sum + amount, 0);
    return balance === 0 ? undefined : `there are ${balance} more than there were`;
  }
}

/** A run in which something was as it must not be. */
export class BrokenRun extends Error {
  readonly seed: number;

  constructor(seed: number, what: string, trace: readonly string[], cause: unknown) {
    const alone = `SAGA_SEED=${seed} npx vitest run test/simulation/saga-storm.test.ts`;
    super(`seed ${seed}: ${what}\n  alone: ${alone}\n  ${trace.join('\n  ')}`, { cause });
    this.seed = seed;
  }

  override get name(): string {
    return 'BrokenRun';
  }
}

async function play(seed: number, mistake: Mistake | undefined): Promise<[Outcome, readonly string[]]> {
  const run = new Run(seed, mistake);
  try {
    return [await run.play(), run.trace];
  } catch (error) {
    const what = error instanceof Violation ? error.message : String((error as Error).stack);
    throw new BrokenRun(seed, what, run.trace, error);
  }
}

/** Plays a run. The same seed plays the same one. @throws BrokenRun */
export async function runOf(seed: number, mistake?: Mistake): Promise<Outcome> {
  const [outcome] = await play(seed, mistake);
  return outcome;
}

/** What happens in a run, line by line. @throws BrokenRun */
export async function traceOf(seed: number): Promise<readonly string[]> {
  const [, trace] = await play(seed, undefined);
  return trace;
}
