import type { OutboxRun, ProcessChange, ProcessStore } from '../../saga/process-store.js';
import { changeOf, type ProcessLaw, sent } from './process-changes.js';

const idsOf = (runs: readonly OutboxRun[]): string =>
  runs
    .map(({ key, entries }) => `${key}:${entries.map(({ id }) => id).join('')}`)
    .sort()
    .join(' ');

const namesOf = (due: readonly { readonly key: string; readonly name: string }[]): string =>
  due
    .map(({ key, name }) => `${key}.${name}`)
    .sort()
    .join(' ');

/** Long enough for a slow server to answer within, and short enough to wait for. */
const LEASE_MS = 500;
const HOUR_MS = 3_600_000;

const waits = (afterMs: number, name = 't'): Partial<ProcessChange> => ({ schedule: [{ name, afterMs }] });
const write = (store: ProcessStore, ...changes: ProcessChange[]): Promise<unknown> =>
  changes.reduce<Promise<unknown>>(
    (before, change) => before.then(() => store.commit(change)),
    Promise.resolve(),
  );

export const processTimeLaws: Readonly<Record<string, ProcessLaw>> = {
  'what is sent is handed out in order, and to one at a time': async ({ store }, demand) => {
    await write(
      store,
      changeOf('a', 0, { sends: sent('1', '2') }),
      changeOf('b', 0, { sends: sent('3') }),
      changeOf('a', 1, { sends: sent('4') }),
    );
    const runs = (await Promise.all([1, 2, 3].map(() => store.claim('order', 10, HOUR_MS)))).flat();
    demand(idsOf(runs) === 'a:124 b:3', 'each once, in order', idsOf(runs));
    await write(store, changeOf('a', 2, { sends: sent('5') }));
    const during = await store.claim('order', 10, HOUR_MS);
    demand(during.length === 0, 'nothing of a process that somebody publishes for', during);
    const run = runs.find(({ key }) => key === 'a')!;
    const mine = await store.settle('order', run, { published: 3, retryMs: 0 });
    const rest = await store.claim('order', 10, HOUR_MS);
    demand(mine && idsOf(rest) === 'a:5', 'what came meanwhile', idsOf(rest));
  },

  'what could not be published is handed out again, when its time has come': async (subject, demand) => {
    const { store, advance } = subject;
    await write(store, changeOf('a', 0, { sends: sent('1', '2', '3') }));
    const [first] = await store.claim('order', 10, HOUR_MS);
    demand(first?.attempts === 1, 'the first attempt', first?.attempts);
    await store.settle('order', first!, { published: 0, retryMs: LEASE_MS });
    const early = await store.claim('order', 10, HOUR_MS);
    demand(early.length === 0, 'nothing before', early);
    await advance(LEASE_MS + 10);
    const [second] = await store.claim('order', 10, HOUR_MS);
    demand(second?.attempts === 2 && second.entries.length === 3, 'all of it again', second);
    await store.settle('order', second!, { published: 1, retryMs: 0 });
    const [third] = await store.claim('order', 10, HOUR_MS);
    demand(idsOf([third!]) === 'a:23', 'without what is through', third);
    demand(third?.attempts === 1, 'another first attempt', third?.attempts);
  },

  'who has lost a lease takes nothing away': async ({ store, advance }, demand) => {
    await write(store, changeOf('a', 0, { sends: sent('1', '2') }));
    const [slow] = await store.claim('order', 10, LEASE_MS);
    await advance(LEASE_MS + 10);
    const [other] = await store.claim('order', 10, HOUR_MS);
    demand(idsOf([other!]) === 'a:1', 'the first of it for the next one', other);
    const late = await store.settle('order', slow!, { published: 2, retryMs: 0 });
    demand(!late, 'the slow one to be told', late);
    const mine = await store.settle('order', other!, { published: 1, retryMs: 0 });
    const [rest] = await store.claim('order', 10, HOUR_MS);
    demand(mine && idsOf([rest!]) === 'a:2', 'the other one to be heard', rest);
  },

  'only so many processes are handed out as are asked for': async ({ store }, demand) => {
    for (const key of ['a', 'b', 'c']) await write(store, changeOf(key, 0, { sends: sent('1') }));
    const parts = [await store.claim('order', 2, HOUR_MS), await store.claim('order', 2, HOUR_MS)];
    demand(parts[0]!.length === 2 && parts[1]!.length === 1, 'two, and one', parts);
  },

  'a timeout is due when its time has come, and comes again until it is over': async (subject, demand) => {
    const { store, advance } = subject;
    await write(store, changeOf('a', 0, waits(LEASE_MS)), changeOf('b', 0, waits(HOUR_MS)));
    const early = await store.claimTimeouts('order', 10, LEASE_MS);
    demand(early.length === 0, 'nothing before', early);
    await advance(LEASE_MS + 10);
    const due = (await Promise.all([1, 2].map(() => store.claimTimeouts('order', 10, LEASE_MS)))).flat();
    demand(namesOf(due) === 'a.t' && due[0]?.generation === 1, 'one of them, once', due);
    await advance(LEASE_MS + 10);
    const again = await store.claimTimeouts('order', 10, LEASE_MS);
    demand(namesOf(again) === 'a.t', 'it again after its lease', again);
    await write(store, changeOf('a', 1, { cancel: ['t'] }));
    await advance(LEASE_MS + 10);
    const over = await store.claimTimeouts('order', 10, LEASE_MS);
    demand(over.length === 0, 'nothing once it is over', over);
  },

  'a timeout that is started anew is another one': async ({ store, advance }, demand) => {
    await write(store, changeOf('a', 0, waits(0)), changeOf('a', 1, waits(LEASE_MS)));
    const early = await store.claimTimeouts('order', 10, LEASE_MS);
    demand(early.length === 0, 'the first one to be gone', early);
    await store.dropTimeout('order', { key: 'a', name: 't', generation: 1 });
    await advance(LEASE_MS + 10);
    const due = await store.claimTimeouts('order', 10, 0);
    demand(due[0]?.generation === 2, 'the second one, which was not dropped', due);
    await store.dropTimeout('order', due[0]!);
    const gone = await store.claimTimeouts('order', 10, LEASE_MS);
    demand(gone.length === 0, 'nothing after it was dropped', gone);
  },

  'timeouts are handed out as many as are asked for': async ({ store }, demand) => {
    await write(store, changeOf('a', 0, { schedule: ['t', 'u', 'v'].map(name => ({ name, afterMs: 0 })) }));
    const parts = [
      await store.claimTimeouts('order', 2, HOUR_MS),
      await store.claimTimeouts('order', 2, HOUR_MS),
    ];
    demand(namesOf(parts.flat()) === 'a.t a.u a.v' && parts[0]!.length === 2, 'two, and one', parts);
  },

  'what is old is forgotten, but nothing that lives or is to be sent': async ({ store }, demand) => {
    const over = { next: { ended: true } };
    await write(
      store,
      changeOf('alive', 0, { message: '1' }),
      ...['a', 'b', 'c'].map(key => changeOf(key, 0, { ...over, message: key })),
      changeOf('sends', 0, { ...over, sends: sent('1') }),
    );
    const young = await store.purge('order', HOUR_MS, 10);
    demand(young === 0, 'what is young to be kept', young);
    const parts = [await store.purge('order', 0, 2), await store.purge('order', 0, 2)];
    // Four messages and three processes, two of each at a time.
    demand(parts.join() === '4,3', 'two of each, and what is left', parts);
    const kept: string[] = [];
    for (const key of ['alive', 'a', 'b', 'c', 'sends']) {
      const { saved, seen } = await store.load('order', key, key, 0);
      if (saved !== undefined || seen) kept.push(key);
    }
    demand(kept.join() === 'alive,sends', 'what lives, and what has to be sent', kept);
  },
};
