import fc from 'fast-check';
import { expect, it } from 'vitest';
import { apply, statusOf } from '../../src/core/saga.js';
import { FRESH, type SagaState } from '../../src/core/saga-state.js';
import type { SagaOrchestrator } from '../../src/saga/orchestrator.js';
import type { HistoryEntry, SagaRecord } from '../../src/saga/saga-store.js';
import { type Deed, Town } from './saga-town.js';

const deed = fc.oneof(
  { arbitrary: fc.constant<Deed>('well'), weight: 12 },
  { arbitrary: fc.constantFrom<Deed>('refused', 'unreached', 'unknown', 'lost', 'slow', 'hung'), weight: 5 },
);
const who = fc.nat(1);
const which = fc.nat(5);
const command = fc.oneof(
  {
    arbitrary: fc.record({
      kind: fc.constant('start' as const),
      definition: fc.constantFrom('line', 'pivot', 'wait', 'group', 'nested'),
      key: fc.constantFrom('k1', 'k2'),
      times: fc.integer({ min: 1, max: 3 }),
      /** Whether who starts it is frozen with its first steps. */
      abandons: fc.boolean(),
    }),
    weight: 5,
  },
  { arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.nat(12_000) }), weight: 8 },
  {
    arbitrary: fc.record({
      kind: fc.constant('signal' as const),
      key: fc.constantFrom('k1', 'k2'),
      who,
      n: fc.nat(2),
    }),
    weight: 3,
  },
  { arbitrary: fc.record({ kind: fc.constant('cancel' as const), which, who }), weight: 2 },
  {
    arbitrary: fc.record({
      kind: fc.constant('decide' as const),
      verb: fc.constantFrom('retry', 'skip', 'resolve', 'force'),
      which,
      who,
    }),
    weight: 3,
  },
  { arbitrary: fc.record({ kind: fc.constant('freeze' as const) }), weight: 2 },
  { arbitrary: fc.record({ kind: fc.constant('thaw' as const) }), weight: 1 },
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

/** What was asked for, and what was answered. */
class Asked {
  readonly ids: string[] = [];
  readonly byKey = new Map<string, Set<string>>();
  created = 0;
  readonly cancelled = new Set<string>();
  /** Steps that a person has taken on. */
  readonly excused = new Set<string>();
  readonly resolved = new Set<string>();
  readonly signals = new Map<string, number>();
}

const endsOf = ['completed', 'compensated'];

async function run(
  town: Town,
  workers: readonly SagaOrchestrator[],
  asked: Asked,
  one: Command,
): Promise<void> {
  const patient = workers[1]!;
  switch (one.kind) {
    case 'start': {
      const definition = town.definitions[one.definition]!;
      const address = `${one.definition} ${one.key}`;
      const handles = await Promise.all(
        Array.from({ length: one.times }, (_, n) =>
          // The frozen one would not answer.
          workers[town.isFrozen ? 1 : n % 2]!.start(definition, { n }, { key: one.key }),
        ),
      );
      const ids = asked.byKey.get(address) ?? new Set();
      for (const { id, created } of handles) {
        ids.add(id);
        if (created) {
          asked.created++;
          asked.ids.push(id);
        }
      }
      asked.byKey.set(address, ids);
      if (one.abandons) town.freeze();
      return;
    }
    case 'advance':
      return town.clock.advance(one.ms);
    case 'signal': {
      const worker = workers[town.isFrozen ? 1 : one.who]!;
      const target = { definition: 'wait', key: one.key };
      const answer = await worker.signal(target, 'go', { n: one.n }, { dedupe: String(one.n) });
      if (answer === 'kept' && !asked.signals.has(one.key)) asked.signals.set(one.key, one.n);
      return;
    }
    case 'cancel': {
      const id = asked.ids[one.which];
      if (id === undefined) return;
      const worker = workers[town.isFrozen ? 1 : one.who]!;
      const accepted = await worker.cancel(id, 'enough').catch(refusal);
      if (accepted === true) asked.cancelled.add(id);
      return;
    }
    case 'decide':
      return decide(town, patient, asked, one.verb, asked.ids[one.which]);
    case 'freeze':
      return town.freeze();
    case 'thaw':
      return town.thaw();
  }
}

function refusal(error: unknown): false {
  expect(error).toMatchObject({ code: 'ERR_SAGA_REFUSED' });
  return false;
}

async function decide(
  town: Town,
  sagas: SagaOrchestrator,
  asked: Asked,
  verb: string,
  id: string | undefined,
): Promise<void> {
  const record = id === undefined ? undefined : await sagas.get(id);
  if (record === undefined) return;
  const [step = 'a'] = Object.entries(record.state.entries).flatMap(([name, { stuck }]) =>
    stuck ? [name] : [],
  );
  const place = `${record.id} ${step}`;
  const did = async (): Promise<boolean> => {
    if (verb === 'retry') await sagas.retry(record.id);
    else if (verb === 'force') await sagas.forceCompensate(record.id, 'r');
    else if (verb === 'skip') await sagas.skip(record.id, step, 'r');
    else await sagas.resolve(record.id, step);
    return true;
  };
  if (!(await did().catch(refusal))) return;
  if (verb === 'skip') asked.excused.add(place);
  if (verb === 'resolve') asked.resolved.add(place);
  // Only by force does a pivot that may have run stay as it is.
  if (verb === 'force') asked.excused.add(`${record.id} p`);
  if (verb === 'resolve') (record.state.direction === 'forward' ? town.effects : town.undone).add(place);
}

/** Until all is over: everybody does well now, and somebody tries again whatever stands still. */
async function finish(town: Town, sagas: SagaOrchestrator): Promise<readonly SagaRecord[]> {
  town.thaw();
  town.deeds = (function* () {
    for (;;) yield 'well' as const;
  })();
  for (let round = 0; round < 40; round++) {
    await town.clock.advance(20_000);
    const records = await sagas.list();
    if (records.every(({ status }) => endsOf.includes(status))) return records;
    for (const { id, status, state } of records) {
      if (status !== 'parked') continue;
      const stuck = Object.entries(state.entries).filter(([, entry]) => entry.stuck);
      // A step that must not run twice is nobody's to try again.
      const [step] = stuck.find(([name, entry]) => name === 'y' && entry.maybe && !entry.state) ?? [];
      if (step === undefined) await sagas.retry(id).catch(refusal);
      else await sagas.forceCompensate(id, 'r').catch(refusal);
    }
  }
  throw new Error(`not over: ${JSON.stringify(await sagas.list(), undefined, 1)}`);
}

/** What the history of a saga makes of it, told from the beginning. */
function fold(town: Town, { definition }: SagaRecord, history: readonly HistoryEntry[]): SagaState {
  const { plan } = town.definitions[definition]!;
  return history.reduce<SagaState>((state, { event }) => apply(plan, state, event), FRESH);
}

function checkLedger(town: Town, asked: Asked, { id, definition, status }: SagaRecord): void {
  for (const node of town.definitions[definition]!.nodes) {
    if (node.kind !== 'step' && node.kind !== 'pivot') continue;
    const place = `${id} ${node.name}`;
    if (asked.excused.has(place)) continue;
    const had = town.effects.has(place);
    const undone = town.undone.has(place);
    if (status === 'completed') expect([place, had, undone]).toEqual([place, true, false]);
    else if (node.undo) expect([place, had && !undone]).toEqual([place, false]);
    else if (node.kind === 'pivot') expect([place, had]).toEqual([place, false]);
  }
}

const turns = ['failed', 'cancelled', 'forced'];

/** Once it is written that a saga turns back, nobody who may know it begins a step. */
function checkTurn(town: Town, { id, definition }: SagaRecord, history: readonly HistoryEntry[]): void {
  const { plan } = town.definitions[definition]!;
  let state: SagaState = FRESH;
  for (const { event, at, epoch } of history) {
    const was = state.direction;
    state = apply(plan, state, event);
    if (was === 'backward' || state.direction === 'forward') continue;
    expect(turns).toContain(event.kind);
    const since = at - town.clock.wall() + town.clock.now();
    const late = town.calls.filter(
      call => call.saga === id && call.forward && call.epoch >= epoch && call.at > since,
    );
    expect(late).toEqual([]);
  }
}

async function check(town: Town, asked: Asked, record: SagaRecord): Promise<void> {
  const { id, definition, status, state, parent, key } = record;
  const history = await town.store.history(id);
  expect(history.map(({ seq }) => seq)).toEqual(history.map((_, at) => at + 1));
  const epochs = history.map(({ epoch }) => epoch);
  expect(epochs).toEqual([...epochs].sort((a, b) => a - b));
  // One that never began is kept as undone, of which nothing is told.
  if (record.input !== undefined) expect(fold(town, record, history)).toEqual(state);
  const { plan } = town.definitions[definition]!;
  expect(statusOf(plan, state)).toBe(status);
  if (asked.cancelled.has(id)) expect(status).toBe('compensated');
  checkLedger(town, asked, record);
  checkTurn(town, record, history);
  if (definition === 'nested' && status === 'compensated') {
    expect(['compensated', undefined]).toContain((await town.store.get(`${id}/inner`))?.status);
  }
  if (definition === 'wait' && state.entries['w']?.state === 'done' && parent === undefined) {
    const { output } = state.entries['w'];
    if (!asked.resolved.has(`${id} w`)) expect(output).toEqual({ n: asked.signals.get(key!) });
  }
}

it('keeps the promises of all sagas, whatever happens to them and whoever drives them', async () => {
  const seen = { completed: 0, compensated: 0, takenOver: 0, calls: 0 };
  await fc.assert(
    fc.asyncProperty(
      fc.array(command, { minLength: 4, maxLength: 30 }),
      fc.infiniteStream(deed),
      async (commands, deeds) => {
        const town = new Town(deeds[Symbol.iterator]());
        const workers = [await town.worker(true), await town.worker(false)];
        for (const worker of workers) worker.on('takenOver', () => seen.takenOver++);
        const asked = new Asked();
        for (const one of commands) await run(town, workers, asked, one);
        const records = await finish(town, workers[1]!);
        for (const ids of asked.byKey.values()) expect(ids.size).toBe(1);
        expect(asked.created).toBe(asked.byKey.size);
        expect(records.filter(({ parent }) => parent === undefined)).toHaveLength(asked.created);
        for (const record of records) {
          await check(town, asked, record);
          seen[record.status as 'completed' | 'compensated']++;
        }
        for (const { key, saga, step, forward } of town.calls) {
          expect(key).toBe(`${saga}:${step}:${forward ? 'forward' : 'compensate'}`);
        }
        expect(town.trespasses).toEqual([]);
        seen.calls += town.calls.length;
        await town.close();
        expect(town.clock.timers).toBe(0);
      },
    ),
    { numRuns: Number(process.env['FC_RUNS'] ?? 120) },
  );
  console.info(`sagas: ${JSON.stringify(seen)}`);
  expect(Math.min(seen.completed, seen.compensated, seen.takenOver)).toBeGreaterThan(5);
});
