import { describe, expect, it } from 'vitest';
import { InMemoryBroker } from '../../src/messaging/in-memory-broker.js';
import { InMemoryBus } from '../../src/messaging/in-memory-bus.js';
import { ProcessManager } from '../../src/saga/process-manager.js';
import { InMemoryProcessStore } from '../../src/saga/process-memory.js';
import type { ProcessStore } from '../../src/saga/process-store.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';
import { openStore } from '../fixtures/process-store.js';
import { type OrderState, order, outcomesOf, paid, placed } from '../fixtures/processes.js';

class Crash extends Error {}

/** Before or after which step from the last start on the program crashes. */
interface CrashPoint {
  readonly at: number;
  readonly after: boolean;
}

/** What is left of a program that crashes: what the store and the broker have. */
class World {
  readonly clock = new VirtualClock();
  readonly broker = new InMemoryBroker({ clock: this.clock });
  readonly store = new InMemoryProcessStore({ clock: this.clock });
  readonly outside = new InMemoryBus({ broker: this.broker });
  readonly outcomes = outcomesOf(this.outside);
  readonly #crashes: CrashPoint[];
  steps = 0;
  /** What was not as it should be on the way. */
  readonly notes: string[] = [];
  /** The ids that went to the broker, those included of which the program never heard. */
  readonly published: string[] = [];
  #ofThis = 0;
  #dead = false;
  /** What the broker says to a command; nothing for well. */
  refuses: (topic: string, key: string) => Error | undefined = () => undefined;
  #program: { readonly bus: InMemoryBus; readonly manager: { close(): Promise<void> } } | undefined;

  constructor(crashes: readonly CrashPoint[]) {
    this.#crashes = [...crashes];
  }

  async #step<T>(work: () => Promise<T>): Promise<T> {
    // What is dead does nothing more, whoever still asks it to.
    if (this.#dead) throw new Crash();
    this.steps++;
    this.#ofThis++;
    const [crash] = this.#crashes;
    if (crash === undefined || this.#ofThis < crash.at) return work();
    this.#crashes.shift();
    this.#dead = true;
    if (crash.after) await work();
    throw new Crash();
  }

  get #port(): ProcessStore {
    return openStore(this.store, (_, work) => this.#step(work));
  }

  /** The program starts, and whatever was before it is gone. */
  async start(): Promise<void> {
    const before = this.#program;
    if (before !== undefined) {
      const gone = Promise.all([before.manager.close(), before.bus.close()]);
      await this.clock.advance(10);
      await gone;
    }
    this.#dead = false;
    this.#ofThis = 0;
    const bus = new InMemoryBus({ broker: this.broker });
    const publish = bus.publish.bind(bus);
    bus.publish = ((...given: Parameters<typeof publish>) =>
      this.#step(() => {
        const { order: key } = given[1] as { readonly order: string };
        const error = this.refuses(given[0].name, key);
        if (error !== undefined) return Promise.reject(error);
        this.published.push(given[2]?.id ?? '');
        return publish(...given);
      })) as never;
    const redeliver = Array.from({ length: 50 }, () => 50);
    const manager = new ProcessManager({
      ...{ process: order, bus, store: this.#port, clock: this.clock, pollMs: 300, leaseMs: 400 },
      ...{ retryMs: 50, maxPublishTries: 2 },
      ...{ purgeEveryMs: Number.POSITIVE_INFINITY, subscribe: { failure: { redeliver } } },
    });
    this.#program = { bus, manager };
    await manager.start();
  }

  /** Lets time pass, and starts the program again whenever it has crashed. */
  async pass(ms: number): Promise<void> {
    for (let gone = 0; gone < ms; gone += 50) {
      await this.clock.advance(50);
      if (this.#dead) await this.start();
    }
  }
}

/** An order that is reminded once, and then paid; a second message that comes twice and late. */
async function play(crashes: readonly CrashPoint[]): Promise<World> {
  const world = new World(crashes);
  await world.start();
  await world.outside.publish(placed, { id: 'a', cents: 5 });
  await world.pass(1_800);
  await world.outside.publish(paid, { order: 'a' });
  await world.outside.publish(paid, { order: 'a' });
  await world.pass(2_500);
  return world;
}

async function objections(world: World): Promise<string[]> {
  const found: string[] = [];
  const { saved } = await world.store.load('order', 'a', undefined, 0);
  const state = JSON.parse(saved?.state ?? '{}') as Partial<OrderState>;
  const { sent, ids } = world.outcomes;
  if (state.status !== 'paid' || saved?.ended !== true) found.push(`it is ${saved?.state}`);
  if (saved?.late !== 1) found.push(`${saved?.late} late`);
  if (Object.keys(saved?.timeouts ?? {}).length > 0) found.push('a timeout is left');
  const once = sent.filter((_, at) => ids.indexOf(ids[at]!) === at);
  const reminders = Array.from({ length: state.reminders ?? 0 }, () => 'remind a');
  const wanted = ['charge a', ...reminders, 'ship a'];
  if (once.join() !== wanted.join()) found.push(`sent ${once}, wanted ${wanted}`);
  const left = await world.store.claim('order', 10, 0);
  if (left.length > 0) found.push('something is left to publish');
  return found;
}

describe('a process manager that crashes at any step', () => {
  it('loses and doubles nothing, and keeps the order, at every single point', async () => {
    const calm = await play([]);
    expect(await objections(calm)).toEqual([]);
    expect(calm.outcomes.sent).toEqual(['charge a', 'remind a', 'ship a']);
    const wrong: string[] = [];
    let again = 0;
    for (let at = 1; at <= calm.steps; at++) {
      for (const after of [false, true]) {
        const world = await play([{ at, after }]);
        again += world.published.length - new Set(world.published).size;
        const found = await objections(world);
        wrong.push(...found.map(text => `${after ? 'after' : 'before'} step ${at}: ${text}`));
      }
    }
    console.info(`process manager: ${calm.steps} steps, ${again} repeats under the same id`);
    expect(wrong).toEqual([]);
    // A crash between the broker and the store: it is published again, and known again.
    expect(again).toBeGreaterThan(0);
    expect(calm.steps).toBeGreaterThan(20);
  });

  it('does so at every pair of points that are near each other', async () => {
    const calm = await play([]);
    const wrong: string[] = [];
    let plays = 0;
    for (let at = 1; at <= calm.steps; at++) {
      for (let next = 1; next <= 8; next++) {
        for (const after of [false, true]) {
          const crashes = [
            { at, after },
            { at: next, after: !after },
          ];
          const found = await objections(await play(crashes));
          plays++;
          wrong.push(...found.map(text => `${JSON.stringify(crashes)}: ${text}`));
        }
      }
    }
    console.info(`process manager: ${plays} pairs`);
    expect(wrong).toEqual([]);
  });
});

/** An order of which the first command is refused until somebody has seen to it, and one beside it. */
async function playRefused(crashes: readonly CrashPoint[]): Promise<World> {
  const world = new World(crashes);
  world.refuses = (topic, key) =>
    topic === 'payments.charge' && key === 'a' ? new Error('not this one') : undefined;
  await world.start();
  await world.outside.publish(placed, { id: 'a', cents: 5 });
  await world.outside.publish(paid, { order: 'a' });
  await world.outside.publish(placed, { id: 'b', cents: 6 });
  await world.outside.publish(paid, { order: 'b' });
  await world.pass(3_000);
  const sent = [...world.outcomes.sent];
  const [parked] = await world.store.parked('order', { limit: 10 });
  if (parked?.key !== 'a' || parked.waiting !== 2) world.notes.push(`parked is ${JSON.stringify(parked)}`);
  if (new Set(sent).size !== 2) world.notes.push(`the other one has sent ${sent}`);
  if ((parked?.crashes ?? 9) > crashes.length) world.notes.push(`${parked?.crashes} crashes`);
  world.refuses = () => undefined;
  await world.store.unpark('order', 'a');
  await world.pass(2_000);
  return world;
}

async function objectionsRefused(world: World): Promise<string[]> {
  const found = [...world.notes];
  const { sent, ids } = world.outcomes;
  const once = sent.filter((_, at) => ids.indexOf(ids[at]!) === at);
  for (const key of ['a', 'b']) {
    const mine = once.filter(each => each.endsWith(` ${key}`)).join();
    if (mine !== `charge ${key},ship ${key}`) found.push(`${key} sent ${mine}`);
    const { saved } = await world.store.load('order', key, undefined, 0);
    if (saved?.ended !== true) found.push(`${key} is ${saved?.state}`);
  }
  if ((await world.store.claim('order', 10, 0)).length > 0) found.push('something is left to publish');
  if ((await world.store.parked('order', { limit: 10 })).length > 0) found.push('something is left parked');
  return found;
}

describe('a process manager of which a command is refused, and that crashes at any step', () => {
  it('parks it, and goes on in order when somebody tries it again, at every single point', async () => {
    const calm = await playRefused([]);
    expect(await objectionsRefused(calm)).toEqual([]);
    const wrong: string[] = [];
    for (let at = 1; at <= calm.steps; at++) {
      for (const after of [false, true]) {
        const found = await objectionsRefused(await playRefused([{ at, after }]));
        wrong.push(...found.map(text => `${after ? 'after' : 'before'} step ${at}: ${text}`));
      }
    }
    console.info(`process manager with a refused command: ${calm.steps} steps`);
    expect(wrong).toEqual([]);
    expect(calm.steps).toBeGreaterThan(20);
  });

  it('does so at pairs of points that are near each other', async () => {
    const calm = await playRefused([]);
    const wrong: string[] = [];
    for (let at = 1; at <= calm.steps; at++) {
      for (const next of [1, 3, 6]) {
        const crashes = [
          { at, after: true },
          { at: next, after: at % 2 === 0 },
        ];
        const found = await objectionsRefused(await playRefused(crashes));
        wrong.push(...found.map(text => `${JSON.stringify(crashes)}: ${text}`));
      }
    }
    expect(wrong).toEqual([]);
  });
});
