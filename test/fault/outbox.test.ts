import { afterAll, describe, expect, it } from 'vitest';
import type { PostgresClient } from '../../src/adapters/postgres/client.js';
import { PostgresOutboxStore } from '../../src/adapters/postgres/outbox-store.js';
import { InMemoryOutboxStore } from '../../src/data/outbox-memory.js';
import type { ParkedKey } from '../../src/data/outbox-store.js';
import { VirtualClock } from '../../src/testing/virtual-clock.js';
import { ageOutbox, emptyOutbox } from '../fixtures/outbox.js';
import { freshPglite } from '../fixtures/pglite.js';
import { type CrashPoint, OutboxLife } from './outbox-life.js';

const first = ['a1', 'b1', 'a2'];
const second = ['a3', 'c1'];
const wanted = [...first, ...second];
const rules = { leaseMs: 3_000, marginMs: 500, pollMs: 250, maxCrashes: 100 };

/** SAGA_PGLITE=long: more pairs, and both sides of each statement. */
const long = process.env['SAGA_PGLITE'] === 'long';

/** Some messages, and some more while they are under way; whoever dies is followed by another one. */
async function inMemory(crashes: readonly CrashPoint[]): Promise<Played> {
  const clock = new VirtualClock();
  const store = new InMemoryOutboxStore({ clock });
  const transaction = store.transaction.bind(store);
  const ground = { store, clock, transaction, pass: (ms: number) => clock.advance(ms) };
  const life = new OutboxLife(ground, crashes, rules);
  await life.publish(...first);
  await life.pass(500);
  await life.publish(...second);
  await life.pass(3_500 * (crashes.length + 1), 500);
  const { steps } = life;
  await life.end();
  return { life, steps, left: store.size, parked: await store.parked(10, undefined) };
}

interface Played {
  readonly life: Pick<OutboxLife<never>, 'published' | 'objections'>;
  readonly steps: number;
  readonly left: number;
  readonly parked: readonly ParkedKey[];
}

function objections({ life, left, parked }: Played): string[] {
  const found = life.objections(wanted);
  if (left > 0) found.push(`${left} are left`);
  if (parked.length > 0) found.push(`${parked.map(({ key }) => key)} stand still`);
  return found;
}

const shown = (crashes: readonly CrashPoint[]): string =>
  crashes.map(({ at, after }) => `${after ? 'after' : 'before'} step ${at}`).join(', then ');

describe('a relay that dies at any step', () => {
  it('loses nothing and keeps the order, at every single point and at every pair of them', async () => {
    const calm = await inMemory([]);
    expect(objections(calm)).toEqual([]);
    expect(calm.life.published).toHaveLength(wanted.length);
    const wrong: string[] = [];
    let [plays, repeats] = [0, 0];
    const play = async (crashes: readonly CrashPoint[]): Promise<number> => {
      const played = await inMemory(crashes);
      plays++;
      repeats += played.life.published.length - wanted.length;
      wrong.push(...objections(played).map(text => `${shown(crashes)}: ${text}`));
      return played.steps;
    };
    for (let at = 1; at <= calm.steps; at++) {
      for (const after of [false, true]) {
        await play([{ at, after }]);
        for (let next = 1; next <= (long ? 24 : 6); next++) {
          await play([
            { at, after },
            { at: next, after: !after },
          ]);
        }
      }
    }
    console.info(`outbox: ${calm.steps} steps, ${plays} plays, ${repeats} repeats`);
    expect(wrong).toEqual([]);
    expect(calm.steps).toBeGreaterThan(15);
    // A crash between the bus and the store: what the bus has is published again.
    expect(repeats).toBeGreaterThan(0);
  });
});

const client = await freshPglite();
const store = new PostgresOutboxStore({ client });
await store.connect();
afterAll(() => client.close());

/** The same over statements: time is that of the tables, and of a clock that moves with it. */
async function inPGlite(crashes: readonly CrashPoint[]): Promise<Played> {
  await emptyOutbox(client, 'keelson');
  const clock = new VirtualClock();
  const transaction = (work: (tx: PostgresClient) => Promise<unknown>) => client.transaction(work);
  const pass = async (ms: number): Promise<void> => {
    await ageOutbox(client, 'keelson', ms);
    await clock.advance(ms);
    // Those that were under way are through.
    for (let turn = 0; turn < 8; turn++) await client.query('SELECT 1');
  };
  const life = new OutboxLife({ store, clock, transaction, pass }, crashes, rules);
  await life.publish(...first);
  await life.pass(500, 500);
  await life.publish(...second);
  await life.pass(4_000 * (crashes.length + 1), 1_000);
  const { steps } = life;
  await life.end();
  const left = (await store.lag()).reduce((sum, { messages }) => sum + messages, 0);
  return { life, steps, left, parked: await store.parked(10, undefined) };
}

describe('a relay over PGlite that dies between any two statements', () => {
  it('loses nothing and keeps the order', async () => {
    const calm = await inPGlite([]);
    expect(objections(calm)).toEqual([]);
    const wrong: string[] = [];
    let repeats = 0;
    for (let at = 1; at <= calm.steps; at++) {
      // After one statement is before the next, but for what is under way beside it.
      for (const after of long ? [false, true] : [true]) {
        const played = await inPGlite([{ at, after }]);
        repeats += played.life.published.length - wanted.length;
        wrong.push(...objections(played).map(text => `${shown([{ at, after }])}: ${text}`));
      }
    }
    console.info(`outbox over PGlite: ${calm.steps} steps, ${repeats} repeats`);
    expect(wrong).toEqual([]);
    expect(repeats).toBeGreaterThan(0);
  });
});
