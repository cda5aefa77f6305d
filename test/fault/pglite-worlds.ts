import type { PGlite } from '@electric-sql/pglite';
import { postgresSagaStore } from '../../src/adapters/postgres/saga-store.js';
import type { Clock } from '../../src/kernel/clock.js';
import type { SagaData } from '../../src/saga/saga-node.js';
import type { SagaRecord, SagaStore } from '../../src/saga/saga-store.js';
import type { SagaLedger } from '../../src/testing/saga/saga-ledger.js';
import type { SagaScenario } from '../../src/testing/saga/saga-scenario.js';
import { verdictOn } from '../../src/testing/saga/saga-verdict.js';
import { SagaWorld } from '../../src/testing/saga/saga-world.js';
import { settle } from '../../src/testing/settle.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';
import { freshPglite } from '../fixtures/pglite.js';
import { preparedClient } from './prepared-pglite.js';

/** Rows that were deleted take room until their tables are emptied as a whole. */
const RUNS_A_CLEANING = 200;
const TABLES = ['saga', 'saga_event', 'saga_signal', 'saga_lock'].map(table => `keelson.${table}`);
/** Whoever looks more often finds nothing more. */
const PACE_MS = 30_000;

/** What came of a run. */
export interface RunEnd {
  readonly record: SagaRecord;
  /** The things that were felt outside, in order: before each of them a worker could have gone. */
  readonly felt: readonly string[];
}

/**
 * Runs sagas over one PGlite, in virtual time. A PGlite works within the turn in which it is asked, and goes
 * by `Date.now`: so its clock is that of the run, nothing waits for real time, and a run is always the same.
 */
export class PGliteWorlds {
  runs = 0;
  readonly #client: PGlite;
  readonly #store: SagaStore;
  readonly #dateNow = Date.now;
  #clock = new VirtualClock();

  private constructor(client: PGlite) {
    this.#client = client;
    const clock: Clock = {
      now: () => this.#clock.now(),
      wall: () => this.#clock.wall(),
      coarse: () => this.#clock.coarse(),
      afterTurn: callback => this.#clock.afterTurn(callback),
      schedule: (ms, callback, keepAlive) => this.#clock.schedule(ms, callback, keepAlive),
    };
    this.#store = postgresSagaStore({ client: preparedClient(client), clock, topology: 'none' });
  }

  static async make(): Promise<PGliteWorlds> {
    const client = await freshPglite();
    await postgresSagaStore({ client }).open();
    return new PGliteWorlds(client);
  }

  /** @throws Error with the trace, when something was lost, doubled, out of order, or never ended. */
  async run(definition: SagaData, scenario: SagaScenario): Promise<RunEnd> {
    await this.#clean();
    const store = (clock: VirtualClock): SagaStore => {
      this.#clock = clock;
      return readOnce(this.#store);
    };
    const options = { definitions: [definition], input: {}, answers: {}, own: false };
    const world = new SagaWorld({ ...options, store, paceMs: PACE_MS }, scenario);
    Date.now = () => Math.floor(this.#clock.wall());
    try {
      const record = await world.run();
      const objection = verdictOn(definition, record, world.ledger) ?? disorderIn(world.ledger);
      if (objection !== undefined) throw new Error(objection);
      return { record, felt: world.felt };
    } catch (error) {
      const trace = [...world.trace, 'history:', ...(await world.history())].join('\n  ');
      const planned = JSON.stringify(scenario);
      throw new Error(`${(error as Error).message}\n  planned: ${planned}\n  ${trace}`, { cause: error });
    } finally {
      Date.now = this.#dateNow;
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  /** No run sees what another one has left, or was still about to ask when it was over. */
  async #clean(): Promise<void> {
    await settle();
    const all = this.runs++ % RUNS_A_CLEANING === 0;
    const texts = all ? [`TRUNCATE ${TABLES.join(', ')}`] : TABLES.map(table => `DELETE FROM ${table}`);
    await this.#client.exec(texts.join('; '));
  }
}

/** Effects are had in the order of the line, and undone in the reverse. */
function disorderIn({ calls }: SagaLedger): string | undefined {
  const of = (wanted: string): string[] =>
    calls.filter(({ change }) => change === wanted).map(({ step }) => step);
  const [applied, undone] = [of('applied'), of('undone')];
  if (applied.join() !== [...applied].sort().join()) return `done in the order ${applied}`;
  return undone.join() === [...undone].sort().reverse().join() ? undefined : `undone in the order ${undone}`;
}

/** What may change a saga. */
const CHANGING = ['insert', 'claim', 'claimOne', 'write', 'renew', 'signal', 'cancel', 'wake', 'lock'];

/** A world looks at its saga after each turn: it is read again only when something may have changed. */
function readOnce(store: SagaStore): SagaStore {
  let read: Promise<SagaRecord | undefined> | undefined;
  return new Proxy(store, {
    get: (target, name: keyof SagaStore) => {
      if (name === 'get') return (id: string) => (read ??= target.get(id));
      const method = target[name] as (...args: unknown[]) => Promise<unknown>;
      if (!CHANGING.includes(name)) return method.bind(target);
      return async (...args: unknown[]) => {
        try {
          const answer = await method.apply(target, args);
          if (name !== 'claim' || (answer as readonly unknown[]).length > 0) read = undefined;
          return answer;
        } catch (error) {
          read = undefined;
          throw error;
        }
      };
    },
  });
}
