import type { Pool } from 'pg';
import { until } from '../services/eventually.js';
import { OwnPostgres } from '../services/own-postgres.js';
import { poolOf } from '../services/postgres-server.js';
import { type Books, balance, STEPS } from './saga-books.js';
import { type Order, Participant, Worker } from './saga-processes.js';
import { Takeovers } from './takeovers.js';

/** How large the chaos is. */
export interface ChaosSettings {
  readonly workers: number;
  readonly sagas: number;
  /** So many sagas are under way at a time. */
  readonly open: number;
}

const KILL_EVERY_MS = 300;
const timing = { leaseMs: 2_000, marginMs: 300, pollMs: 100, maxPollMs: 250, concurrency: 100, drainMs: 0 };
const faults = { late: 0.01, silent: 0.01, slow: 0.05, failsAfter: 0.04 };
const pass = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms));

function orderOf(order: number): Order {
  const place = Math.floor(order / 7) % 10;
  const parts = { item: order % 20, quantity: 1 + (order % 3), account: (order * 7) % 50, place };
  return { order, ...parts, cents: 100 + ((order * 37) % 900) };
}

/** What there is: a little less than is ordered, and a place that nobody delivers to. */
function standsOf(orders: readonly Order[]): readonly Record<string, number>[] {
  const [items, accounts, places]: Record<string, number>[] = [{}, {}, {}];
  for (const { item, quantity, account, cents, place } of orders) {
    items![`item ${item}`] = (items![`item ${item}`] ?? 0) + quantity;
    accounts![`account ${account}`] = (accounts![`account ${account}`] ?? 0) + cents;
    places![`place ${place}`] = place === 0 ? 0 : orders.length;
  }
  const scarce = (all: Record<string, number>, share: number) =>
    Object.fromEntries(Object.entries(all).map(([thing, amount]) => [thing, Math.floor(amount * share)]));
  return [scarce(items!, 0.88), scarce(accounts!, 0.8), places!];
}

/** Workers that are killed and stopped at random over a server that goes away; orders come through. */
export class SagaChaos {
  readonly settings: ChaosSettings;
  readonly #server = new OwnPostgres();
  readonly #orders: Order[];
  readonly #pools: Pool[] = [];
  readonly #participants: Participant[] = [];
  readonly #workers: Worker[] = [];
  readonly #wrong: string[] = [];
  readonly counts = { killed: 0, stopped: 0, restarts: 0 };
  #takeovers!: Takeovers;
  /** How many sagas there are, and how many of them are over. */
  #stand = { there: 0, over: 0 };
  #raging = true;
  readonly #complain = (what: string): void => void this.#wrong.push(what);

  constructor(settings: ChaosSettings) {
    this.settings = settings;
    this.#orders = Array.from({ length: settings.sagas }, (_, order) => orderOf(order));
  }

  async open(): Promise<void> {
    await this.#server.create();
    const stands = standsOf(this.#orders);
    const config = await this.#database('orders');
    this.#takeovers = new Takeovers(this.#pools[0]!);
    for (const [at, name] of STEPS.entries()) {
      const own = await this.#database(name);
      await fill(this.#pools.at(-1)!, stands[at]!);
      this.#participants.push(new Participant({ name, config: own, faults }, this.#complain));
    }
    await Promise.all(this.#participants.map(one => one.ready()));
    const ports = Object.fromEntries(STEPS.map((name, at) => [name, this.#participants[at]!.port]));
    const back = (orders: readonly Order[]) => void this.#orders.push(...orders);
    for (let n = 0; n < this.settings.workers; n++) {
      const worker = new Worker({ config, ports, timing }, back, this.#complain);
      this.#workers.push(worker);
    }
    await until(() => this.#workers.every(({ ready }) => ready), 120_000);
  }

  /** Until all orders have come to their end; what must not be. */
  async run(withinMs: number): Promise<Books> {
    const from = performance.now();
    this.#takeovers.begin();
    const raging = Promise.all([this.#rage(), this.#restart()]);
    const { sagas, open } = this.settings;
    for (;;) {
      await this.#look();
      if (this.#stand.over >= sagas || performance.now() - from > withinMs) break;
      // Nothing comes of it any more, and it is known why.
      if (this.#wrong.length > 0) break;
      // Then they are left alone, and have to come to their end by themselves.
      if (this.#stand.over > 0.95 * sagas) this.#raging = false;
      this.#feed(open);
      await pass(20);
    }
    this.#raging = false;
    await raging;
    const tookMs = performance.now() - from;
    return this.#close(await balance(this.#pools[0]!, this.#pools.slice(1), sagas), tookMs);
  }

  async end(): Promise<void> {
    for (const worker of this.#workers) worker.end();
    for (const participant of this.#participants) participant.end();
    await Promise.all(this.#pools.map(pool => pool.end()));
    await this.#server.remove();
  }

  /** A database that nobody else may enter, and its owner. */
  async #database(name: string) {
    const admin = poolOf(this.#server.config);
    await admin.query(`CREATE ROLE ${name}_app LOGIN`);
    await admin.query(`CREATE DATABASE ${name}_db OWNER ${name}_app`);
    await admin.query(`REVOKE CONNECT ON DATABASE ${name}_db FROM PUBLIC`);
    await admin.end();
    const config = { ...this.#server.config, user: `${name}_app`, database: `${name}_db` };
    this.#pools.push(poolOf({ ...config, max: 3 }));
    return config;
  }

  async #look(): Promise<void> {
    const text = `SELECT count(*)::int AS there,
      (count(*) FILTER (WHERE status IN ('completed', 'compensated', 'parked')))::int AS over
      FROM keelson.saga`;
    try {
      this.#stand = (await this.#pools[0]!.query(text)).rows[0];
      await this.#takeovers.look();
    } catch {
      this.#takeovers.spoil();
    }
  }

  #feed(open: number): void {
    const asked = this.#workers.reduce((sum, worker) => sum + worker.asked.size, 0);
    let room = open - asked - (this.#stand.there - this.#stand.over);
    for (const worker of this.#workers.filter(({ ready }) => ready)) {
      if (room <= 0) return;
      const some = this.#orders.splice(0, Math.min(room, 4));
      if (some.length > 0) worker.start(some);
      room -= some.length;
    }
  }

  async #rage(): Promise<void> {
    let stopped: Promise<void> = Promise.resolve();
    for (let turn = 1; this.#raging; turn++) {
      await pass(KILL_EVERY_MS);
      const ready = this.#workers.filter(one => one.ready);
      // Somebody has to be there to take over.
      if (ready.length <= 2) continue;
      const worker = ready[Math.floor(Math.random() * ready.length)]!;
      const owner = worker.owner!;
      const at = performance.now();
      if (turn % 6 === 0) {
        worker.stop();
        this.counts.stopped++;
        stopped = pass(timing.leaseMs + 1_500).then(() => worker.resume());
      } else {
        worker.kill();
        this.counts.killed++;
      }
      await this.#takeovers.gone(owner, at).catch(() => {});
    }
    await stopped;
  }

  /** Once, in the middle, as if the power went. */
  async #restart(): Promise<void> {
    while (this.#raging && this.#stand.over < this.settings.sagas / 2) await pass(50);
    if (!this.#raging) return;
    await this.#server.stop('crash');
    await pass(1_000);
    await this.#server.start();
    this.counts.restarts++;
  }

  async #close({ lines, wrong }: Books, tookMs: number): Promise<Books> {
    const told = await Promise.all(this.#participants.filter(({ alive }) => alive).map(one => one.told()));
    const faults = told.map(({ counts, barrier }, at) => {
      const { name: _, ...answers } = barrier;
      return `${STEPS[at]!.padEnd(8)} ${JSON.stringify(counts)}, barrier ${JSON.stringify(answers)}`;
    });
    const took = [...this.#takeovers.tookMs].sort((a, b) => a - b);
    const [half = 0, most = 0] = [took[Math.floor(took.length / 2)], took.at(-1)];
    const { blindMs, spoilt, waiting } = this.#takeovers;
    const bound = timing.leaseMs + timing.maxPollMs;
    const round = Math.round;
    const takenOver = this.#workers.reduce((sum, one) => sum + one.takenOver, 0);
    const lost = this.#workers.reduce((sum, one) => sum + one.lost, 0);
    const all = [
      ...lines,
      ...faults,
      `chaos    ${JSON.stringify(this.counts)}, taken over ${takenOver}, lost ${lost}, ${round(tookMs)} ms`,
      `takeover of ${took.length}: p50 ${round(half)} ms, max ${round(most)} ms; lease + poll ${bound} ms; ` +
        `seen up to ${round(blindMs)} ms late; ${spoilt} through the restart`,
    ];
    const bad = [...wrong, ...this.#wrong];
    if (waiting > 0) bad.push(`${waiting} sagas whose worker went were not taken over`);
    if (took.length === 0) bad.push('nothing was taken over: this has shown nothing');
    if (this.counts.restarts !== 1) bad.push('the server was not restarted');
    // Half of them on time, and none later than this machine lets its processes run.
    if (half > bound) bad.push(`half of the takeovers took longer than ${bound} ms`);
    const latest = bound + 2 * blindMs + SLACK_MS;
    if (most > latest) bad.push(`a takeover took ${round(most)} ms, more than ${round(latest)} ms`);
    return { lines: all, wrong: bad };
  }
}

/** A claim is asked for, and answered, by processes that have to wait for a core. */
const SLACK_MS = 1_000;

async function fill(pool: Pool, stand: Record<string, number>): Promise<void> {
  await pool.query(`
    CREATE SCHEMA shop;
    CREATE TABLE shop.stand (thing text PRIMARY KEY, begun_with int NOT NULL, amount int NOT NULL);
    CREATE TABLE shop.effect (
      saga text NOT NULL, direction text NOT NULL, thing text NOT NULL, amount int NOT NULL,
      at timestamptz NOT NULL DEFAULT clock_timestamp()
    )`);
  const text = 'INSERT INTO shop.stand SELECT thing, n, n FROM json_to_recordset($1) AS s(thing text, n int)';
  const rows = Object.entries(stand).map(([thing, n]) => ({ thing, n }));
  await pool.query(text, [JSON.stringify(rows)]);
}
