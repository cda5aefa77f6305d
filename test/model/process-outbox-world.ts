import { ProcessOutbox } from '../../src/core/process-outbox.js';
import type { ProcessOutboxResult } from '../../src/core/process-outbox-line.js';
import {
  isDeadly,
  type PublishFault,
  type PublishRules,
  waitAfterFault,
} from '../../src/core/publish-tries.js';
import { NaiveProcessOutbox, told } from './naive-process-outbox.js';

/** What comes of a command that is published: one that is deadly ends the program. */
export type Nature = 'good' | 'refused' | 'hopeless' | 'deadly';

export interface Scene {
  /** What processes send, one command after the other, and what comes of it. */
  readonly sends: Readonly<Record<string, readonly Nature[]>>;
  readonly programs: number;
  /** So often a program is killed, or stands still until its leases are over, by chance. */
  readonly chances: number;
  /** So often somebody decides about what is parked. */
  readonly decisions: number;
  /** Whether the broker goes away, once, and comes back. */
  readonly away?: boolean;
}

export type Event =
  | { readonly claim: number }
  | { readonly publish: number; readonly run: number }
  | { readonly settle: number; readonly run: number }
  | { readonly kill: number }
  | { readonly retry: string }
  | { readonly discard: string }
  | 'pass'
  | 'stall'
  | 'away'
  | 'back';

interface Run {
  readonly key: string;
  readonly lease: string;
  readonly ids: readonly string[];
  readonly attempts: number;
  readonly tries: number;
  readonly crashes: number;
  published: number;
  /** What is to be said of it to the store. */
  result: ProcessOutboxResult | undefined;
}

export const rules: PublishRules = {
  ...{ retryMs: 1, maxPublishTries: 2, maxPublishMs: 1_000, maxPublishCrashes: 3 },
};
const LEASE_MS = 100;
const error = { name: 'Error', message: 'no' };

/** The real outbox beside the naive one; a copy is made by living through the same history again. */
export class World {
  readonly scene: Scene;
  readonly naive = new NaiveProcessOutbox();
  readonly broker: string[] = [];
  readonly #outbox = new ProcessOutbox();
  readonly #history: readonly Event[];
  readonly #programs: Run[][];
  #now = 0;
  #leases = 0;
  away: boolean | undefined = false;
  chances: number;
  decisions: number;
  /** By command, since it was tried anew: how often it was refused, and how many programs it has ended. */
  readonly refusals = new Map<string, number>();
  readonly deaths = new Map<string, number>();

  constructor(scene: Scene, history: readonly Event[] = []) {
    this.scene = scene;
    this.chances = scene.chances;
    this.decisions = scene.decisions;
    this.#history = history;
    this.#programs = Array.from({ length: scene.programs }, () => []);
    for (const [key, natures] of Object.entries(scene.sends)) {
      const ids = natures.map((_, at) => `${key}${at}`);
      this.#outbox.add(
        key,
        ids.map(id => ({ id, body: '' })),
      );
      for (const id of ids) this.naive.add(key, id);
    }
    for (const event of history) this.#apply(event);
    const parked = this.#outbox.parked({ after: undefined, limit: 9 }).map(({ id }) => id);
    const naive = this.naive.heads.filter(head => head.parked).map(({ id }) => id);
    agree(parked, naive.sort());
  }

  after(event: Event): World {
    return new World(this.scene, [...this.#history, event]);
  }

  *events(): Iterable<Event> {
    let idle = true;
    for (const [by, runs] of this.#programs.entries()) {
      if (runs.length === 0) yield { claim: by };
      else idle = false;
      for (const [run, { result }] of runs.entries()) {
        yield result === undefined ? { publish: by, run } : { settle: by, run };
      }
      if (runs.length > 0 && this.chances > 0) yield { kill: by };
    }
    if (idle) yield 'pass';
    else if (this.chances > 0) yield 'stall';
    if (this.scene.away === true && this.away === false) yield 'away';
    if (this.away === true) yield 'back';
    if (this.decisions === 0) return;
    for (const { key, parked } of this.naive.heads) {
      if (parked) yield* [{ retry: key }, { discard: key }];
    }
  }

  get key(): string {
    const now = this.#now;
    // Only who is due counts, and who of them goes first.
    const dues = [...new Set(this.naive.heads.map(({ dueAt }) => dueAt))].sort((a, b) => a - b);
    const leases = this.#programs.flat().map(({ lease }) => lease);
    const rows = this.naive.commands.map(({ id, dueAt, lease, tries, crashes, suspect, parked }) => [
      ...[id, dueAt <= now, dues.indexOf(dueAt), lease && leases.indexOf(lease), tries, crashes, suspect],
      parked,
    ]);
    const programs = this.#programs.map(runs =>
      runs.map(({ ids, lease, tries, crashes, published, result }) => [
        ...[ids, leases.indexOf(lease), tries, crashes, published, result?.fault, result?.published],
      ]),
    );
    const books = [...this.refusals, '', ...this.deaths, '', ...new Set(this.broker)];
    const left = [this.away, this.chances, this.decisions, this.naive.discarded];
    return JSON.stringify([rows, programs, books, left]);
  }

  natureOf(id: string): Nature {
    return this.scene.sends[id[0]!]![Number(id[1])]!;
  }

  #apply(event: Event): void {
    if (event === 'pass') this.#now += 10 * LEASE_MS;
    else if (event === 'stall') {
      this.chances--;
      this.#now += 10 * LEASE_MS;
    } else if (event === 'away') this.away = true;
    else if (event === 'back') this.away = undefined;
    else if ('claim' in event) this.#claim(event.claim);
    else if ('publish' in event) this.#publish(event.publish, event.run);
    else if ('settle' in event) this.#settle(event.settle, event.run);
    else if ('kill' in event) {
      this.chances--;
      this.#programs[event.kill] = [];
    } else this.#decide(event);
  }

  #claim(by: number): void {
    const lease = String(++this.#leases);
    const claims = this.#outbox.claim(2, lease, LEASE_MS, this.#now, this.#now);
    const naive = this.naive.claim(2, lease, this.#now + LEASE_MS, this.#now);
    const ids = (claim: (typeof claims)[number]) => claim.entries.map(({ id }) => id);
    agree(
      claims.map(claim => told(claim.key, ids(claim), claim)),
      naive,
    );
    this.#programs[by] = claims.map(claim => {
      const { key, attempts, tries, crashes } = claim;
      const deadly = isDeadly(rules, crashes);
      const fault = { error, counts: false, parks: true };
      const result = deadly ? { published: 0, retryMs: 0, fault } : undefined;
      return { key, lease, ids: ids(claim), attempts, tries, crashes, published: 0, result };
    });
  }

  #publish(by: number, place: number): void {
    const run = this.#programs[by]![place]!;
    const id = run.ids[run.published]!;
    const nature = this.natureOf(id);
    if (nature === 'deadly') {
      this.deaths.set(id, (this.deaths.get(id) ?? 0) + 1);
      this.#programs[by] = [];
      return;
    }
    const fault: PublishFault | undefined =
      nature === 'hopeless' ? nature : this.away ? 'away' : nature === 'refused' ? nature : undefined;
    if (fault === undefined) {
      this.broker.push(id);
      run.published++;
      if (run.published === run.ids.length) run.result = { published: run.published, retryMs: 0 };
      return;
    }
    const first = run.published === 0;
    const record = first ? run : { attempts: 1, tries: 0 };
    const retryMs = waitAfterFault(rules, record, fault);
    const counts = fault === 'refused';
    if (counts) this.refusals.set(id, (this.refusals.get(id) ?? 0) + 1);
    const said = { error, counts, parks: retryMs === undefined };
    run.result = { published: run.published, retryMs: retryMs ?? 0, fault: said };
  }

  #settle(by: number, place: number): void {
    const { key, lease, result } = this.#programs[by]![place]!;
    const held = this.#outbox.settle(key, lease, result!, this.#now, this.#now);
    agree(this.naive.settle(key, lease, result!, this.#now), held);
    this.#programs[by] = this.#programs[by]!.filter((_, at) => at !== place);
  }

  #decide(event: { readonly retry: string } | { readonly discard: string }): void {
    this.decisions--;
    const key = 'retry' in event ? event.retry : event.discard;
    const { id } = this.naive.of(key)[0]!;
    this.refusals.delete(id);
    this.deaths.delete(id);
    if ('retry' in event) {
      agree(this.#outbox.unpark(key), id);
      this.naive.unpark(key);
    } else {
      agree(this.#outbox.discard(key, id, 'why', this.#now), true);
      this.naive.discard(key);
    }
  }
}

/** As `expect` would have it, for a fraction of what that costs. */
function agree(got: unknown, wanted: unknown): void {
  if (JSON.stringify(got) === JSON.stringify(wanted)) return;
  throw new Error(`${JSON.stringify(got)}, and not ${JSON.stringify(wanted)}`);
}
