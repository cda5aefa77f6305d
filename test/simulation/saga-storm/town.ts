import { InMemorySagaStore } from '../../../src/saga/in-memory-saga-store.js';
import type { SagaData } from '../../../src/saga/saga-node.js';
import type { SagaRecord } from '../../../src/saga/saga-store.js';
import { type SeededRandom, seededRandom } from '../../../src/testing/seeded-random.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { Bank } from './bank.js';
import { type Caller, definitionsOf } from './definition.js';
import { flakyStore, type StoreWeather } from './flaky-store.js';
import { type Mistake, withMistake } from './mistakes.js';
import { Network } from './network.js';
import { between, childShape, randomShape, type Shape } from './shape.js';
import { LEASE_MS, Violation, Witness } from './witness.js';
import { Worker } from './worker.js';

/** When there are enough workers for everything, and nothing goes wrong any more. */
const STORM_MS = 30_000;
/** What has not come to its end so long after never will. */
const PATIENCE_MS = 15 * 60_000;

/** What went wrong in a run: that it was not too calm. */
export interface Weather {
  kills: number;
  pauses: number;
  outages: number;
  steps: number;
}

/** One run: workers, a store, participants, a network between them, and a storm that ends. */
export class Town {
  readonly clock = new VirtualClock();
  readonly truth = new InMemorySagaStore({ clock: this.clock });
  readonly bank: Bank;
  readonly network: Network;
  readonly witness: Witness;
  readonly shapes: readonly Shape[];
  readonly definitions: readonly SagaData[];
  readonly weather: Weather = { kills: 0, pauses: 0, outages: 0, steps: 0 };
  /** Whether the clock of the store was ever set. */
  wallSet = false;
  readonly #trace: string[] = [];
  readonly #workers: Worker[] = [];
  readonly #byOwner = new Map<string, Worker>();
  readonly #sky: StoreWeather;
  readonly #mistake: Mistake | undefined;
  readonly #chance: SeededRandom;
  readonly #storeChance: SeededRandom;
  readonly #workerChance: SeededRandom;
  /** How often a worker goes, of the times when it is about to do something that is felt. */
  readonly #deathRatio: number;

  constructor(seed: number, mistake: Mistake | undefined) {
    const random = seededRandom(seed);
    this.#mistake = mistake;
    const shape = randomShape(random.fork());
    const withChild = shape.nodes.some(({ kind }) => kind === 'saga');
    this.shapes = withChild ? [shape, childShape(random.fork())] : [shape];
    const guard = mistake === 'a participant without a barrier' ? 'keys' : 'barrier';
    this.bank = new Bank(this.clock, random.fork(), guard);
    const tell = (what: string): void => this.tell(what);
    this.network = new Network(this.clock, random.fork(), this.bank, 2.5 * LEASE_MS, tell);
    this.witness = new Witness(this.clock, this.truth, withMistake(this.truth, mistake));
    this.definitions = definitionsOf(this.shapes, this.#caller(), mistake);
    this.#chance = random.fork();
    this.#storeChance = random.fork();
    this.#workerChance = random.fork();
    this.#sky = { stormy: true, down: false, badRatio: this.#chance() * 0.15 };
    this.#deathRatio = this.#chance() * 0.06;
  }

  /** Whoever has claimed the saga. */
  #caller(): Caller {
    const of = ({ sagaId, epoch }: { readonly sagaId: string; readonly epoch: number }): Worker =>
      this.#byOwner.get(this.witness.ownerOf(sagaId, epoch))!;
    return {
      send: (shape, node, call) => of(call).send(shape, node, call),
      ask: (node, call) => of(call).ask(node, call),
    };
  }

  tell(what: string): void {
    this.#trace.push(`${String(this.clock.now()).padStart(7)} ${what}`);
  }

  get trace(): readonly string[] {
    return this.#trace;
  }

  get calm(): boolean {
    const paused = this.#workers.some(({ life }) => life.paused);
    return !this.#sky.stormy && this.network.inFlight === 0 && !paused;
  }

  /** Workers that answer, of which one is taken by chance. */
  anybody(): Worker | undefined {
    const alive = this.#workers.filter(({ life }) => life.alive);
    return alive[Math.floor(this.#chance() * alive.length)];
  }

  /** The workers come, and all that goes wrong is planned. */
  begin(): void {
    for (let left = between(this.#chance, 2, 3); left > 0; left--) {
      const worker = this.#hire();
      this.#plan(0, 2, () => this.#end(worker, 'killed'));
      this.#plan(0, 2, () => this.#end(worker, 'paused'));
    }
    this.#plan(0, 2, () => this.#outage(between(this.#chance, 500, 12_000)));
    this.#plan(0, 2, () => this.#stepWall());
    this.#plan(0, 1, () => {
      const worker = this.anybody();
      if (worker !== undefined) worker.skewMs += (this.#chance() - 0.5) * 600_000;
    });
    this.clock.schedule(STORM_MS, () => this.#heal());
  }

  /** Calls `action` at so many times within the storm. */
  #plan(least: number, most: number, action: () => void): void {
    for (let left = between(this.#chance, least, most); left > 0; left--) {
      this.clock.schedule(between(this.#chance, 1, STORM_MS - 1), action);
    }
  }

  /** Something happens some time within the storm, or before. */
  sometime(action: () => void): void {
    this.clock.schedule(between(this.#chance, 0, STORM_MS - 5_000), action);
  }

  #heal(): void {
    this.tell('the storm is over');
    for (const one of [this.network, this.bank, this.#sky]) one.stormy = false;
    this.#sky.down = false;
    if (this.anybody() === undefined) this.#hire();
  }

  #hire(): Worker {
    const number = this.#workers.length + 1;
    const { clock, definitions, network, bank, witness } = this;
    const around = { clock, definitions, network, bank, witness, mistake: this.#mistake };
    const worker: Worker = new Worker(
      around,
      die =>
        this.#connection(() => {
          if (!worker.life.alive) return;
          this.weather.kills++;
          this.tell(`worker ${number} is killed when the store has done it`);
          die();
          this.#replace();
        }),
      this.#workerChance.fork(),
      (_, what) => {
        this.tell(`worker ${number}: ${what}`);
        const gone = this.#sky.stormy && this.#chance() < this.#deathRatio;
        if (gone) this.#end(worker, this.#chance() < 0.5 ? 'killed' : 'paused');
        return undefined;
      },
    );
    this.#workers.push(worker);
    this.#byOwner.set(worker.orchestrator.snapshot().owner, worker);
    return worker;
  }

  #connection(die: (() => void) | undefined): ReturnType<Witness['store']> {
    return flakyStore(this.witness.store(), this.clock, this.#storeChance, this.#sky, die);
  }

  #end(worker: Worker, how: 'killed' | 'paused'): void {
    if (!worker.life.alive) return;
    const number = this.#workers.indexOf(worker) + 1;
    this.tell(`worker ${number} is ${how}`);
    worker.life.end(how);
    if (how === 'killed') {
      this.weather.kills++;
      this.#replace();
      return;
    }
    this.weather.pauses++;
    this.clock.schedule(between(this.#chance, 500, 3 * LEASE_MS), () => {
      if (worker.life.paused) this.tell(`worker ${number} wakes`);
      worker.life.resume();
    });
  }

  #replace(): void {
    this.clock.schedule(between(this.#chance, 100, 15_000), () => this.#hire());
  }

  #outage(ms: number): void {
    this.weather.outages++;
    this.tell(`the store is away for ${ms}`);
    this.#sky.down = true;
    this.clock.schedule(ms, () => {
      this.#sky.down = false;
    });
  }

  #stepWall(): void {
    const ms = between(this.#chance, -30_000, 60_000);
    this.weather.steps++;
    this.wallSet = true;
    this.tell(`the clock of the store is set by ${ms}`);
    this.clock.stepWall(ms);
  }

  /** Waits, with an eye on the witness. */
  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
    const [violation] = this.witness.violations;
    if (violation !== undefined) throw new Violation(violation);
  }

  /** Until all sagas are over; `care` looks after those that are parked. */
  async settle(care: (parked: SagaRecord) => Promise<void>): Promise<readonly SagaRecord[]> {
    await this.pass(STORM_MS);
    const until = this.clock.now() + PATIENCE_MS;
    for (;;) {
      const records = await this.truth.list({ limit: 1_000 });
      const open = records.filter(({ status }) => status !== 'completed' && status !== 'compensated');
      if (open.length === 0 && this.calm) break;
      if (this.clock.now() > until) {
        throw new Violation(
          `it never comes to an end: ${open.map(({ id, status }) => `${id} is ${status}`)}`,
        );
      }
      for (const one of open) if (one.status === 'parked' && this.calm) await care(one);
      await this.pass(5_000);
    }
    // Whoever is still under way with anything comes too late.
    await this.pass(2 * LEASE_MS);
    return this.truth.list({ limit: 1_000 });
  }

  /** Nothing of it goes on. */
  end(): void {
    for (const { life } of this.#workers) life.end('killed');
  }
}
