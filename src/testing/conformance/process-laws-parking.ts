import type { OutboxRun, ProcessStore } from '../../saga/process-store.js';
import type { Demand } from '../law.js';
import { changeOf, type ProcessLaw, same, sent } from './process-changes.js';

const HOUR_MS = 3_600_000;
/** A lease that is over by the next time that anybody looks. */
const BRIEF_MS = 1;
const BRIEF_WAIT_MS = 30;

const error = { name: 'Error', message: "it's \0 too\nmuch", code: 'E1' };
const refused = { error, counts: true, parks: false };
const parks = { error, counts: true, parks: true };

const start = (store: ProcessStore, key: string, ...ids: string[]): Promise<boolean> =>
  store.commit(changeOf(key, 0, { sends: sent(...ids) }));

const idsOf = ({ entries }: OutboxRun): string => entries.map(({ id }) => id).join('');

const told = (runs: readonly OutboxRun[]): string =>
  runs
    .map(run => `${run.key}:${idsOf(run)}${run.alone ? '!' : ''}${run.crashes || ''}`)
    .sort()
    .join(' ');

async function claim(
  store: ProcessStore,
  key: string,
  demand: Demand,
  leaseMs = HOUR_MS,
): Promise<OutboxRun> {
  const runs = await store.claim('order', 10, leaseMs);
  const run = runs.find(one => one.key === key);
  demand(run !== undefined, `something of ${key} to publish`, told(runs));
  return run!;
}

/** The first command of a process is parked. */
async function park(store: ProcessStore, key: string, demand: Demand): Promise<void> {
  const run = await claim(store, key, demand);
  await store.settle('order', run, { published: 0, retryMs: 0, fault: parks });
}

const standing: Readonly<Record<string, ProcessLaw>> = {
  'a command that was refused has a try less, and one that nobody was asked about has not': async (
    { store },
    demand,
  ) => {
    await start(store, 'a', '1', '2');
    const first = await claim(store, 'a', demand);
    demand(first.tries === 0 && first.crashes === 0, 'nothing to be known of it', first);
    const nobody = { ...refused, counts: false };
    await store.settle('order', first, { published: 0, retryMs: 0, fault: nobody });
    const second = await claim(store, 'a', demand);
    demand(second.tries === 0 && second.attempts === 2, 'no try, the second time', second);
    await store.settle('order', second, { published: 0, retryMs: 0, fault: refused });
    const third = await claim(store, 'a', demand);
    demand(third.tries === 1 && third.attempts === 3, 'one try, the third time', third);
    await store.settle('order', third, { published: 1, retryMs: 0, fault: refused });
    const next = await claim(store, 'a', demand);
    demand(next.tries === 1 && idsOf(next) === '2', 'one try of the one behind it', next);
    await store.settle('order', next, { published: 0, retryMs: 0 });
    const same = await claim(store, 'a', demand);
    demand(same.tries === 1 && !same.alone, 'no more of it where nothing was said', same);
  },

  'what is parked is not handed out, nor what waits behind it': async ({ store, advance }, demand) => {
    await start(store, 'a', '1', '2', '3');
    await start(store, 'b', '4');
    const runs = await store.claim('order', 10, HOUR_MS);
    const run = runs.find(({ key }) => key === 'a')!;
    const done = await store.settle('order', run, { published: 1, retryMs: 0, fault: parks });
    demand(done, 'it to be parked', done);
    await store.commit(changeOf('a', 1, { sends: sent('5') }));
    await start(store, 'c', '6');
    await advance(BRIEF_WAIT_MS);
    const others = await store.claim('order', 10, HOUR_MS);
    demand(told(others) === 'c:6', 'only what is of others', told(others));
    const [one, ...more] = await store.parked('order', { limit: 10 });
    demand(one !== undefined && more.length === 0, 'one process to be parked', { one, more });
    const { since, parkedAt, ...facts } = one!;
    const body = sent('2')[0]!.body;
    const wanted = { ...{ key: 'a', id: '2', body, tries: 1, crashes: 0, error }, waiting: 3 };
    for (const [name, value] of Object.entries(wanted)) {
      demand(same(facts[name as keyof typeof facts], value), `${name} to be ${JSON.stringify(value)}`, facts);
    }
    demand(Number.isInteger(since) && since <= parkedAt, 'since when, and when', { since, parkedAt });
  },

  'what is parked is tried again as if for the first time, and in order': async ({ store }, demand) => {
    await start(store, 'a', '1', '2');
    await park(store, 'a', demand);
    const nobody = await store.unpark('order', 'b');
    demand(nobody === undefined, 'nothing to be parked of others', nobody);
    const ids = await Promise.all([1, 2, 3].map(() => store.unpark('order', 'a')));
    demand(same(ids.filter(Boolean), ['1']), 'one of three to have done it', ids);
    const listed = await store.parked('order', { limit: 10 });
    demand(listed.length === 0, 'nothing to be parked', listed);
    const run = await claim(store, 'a', demand);
    demand(told([run]) === 'a:12', 'all of it, in order', told([run]));
    demand(run.attempts === 1 && run.tries === 0, 'all of its tries', run);
    await store.settle('order', run, { published: 1, retryMs: 0 });
    const rest = await claim(store, 'a', demand);
    demand(told([rest]) === 'a:2', 'what waited behind it', told([rest]));
    await store.settle('order', rest, { published: 1, retryMs: 0 });
    const after = await store.unpark('order', 'a');
    demand(after === undefined, 'nothing to be parked where all is through', after);
  },

  'what is thrown away is kept with the reason, and what waits behind it goes on': async (
    { store },
    demand,
  ) => {
    await start(store, 'a', '1', '2');
    const early = await store.discard('order', 'a', '1', 'why');
    demand(!early, 'nothing to be thrown away that is not parked', early);
    await park(store, 'a', demand);
    const [known] = await store.parked('order', { limit: 1 });
    const wrong = [
      await store.discard('order', 'a', '2', 'why'),
      await store.discard('order', 'b', '1', 'why'),
      await store.discard('other', 'a', '1', 'why'),
    ];
    demand(!wrong.includes(true), 'nothing but what is parked', wrong);
    const reason = "nobody\0 wants it 💶, isn't it";
    const done = await Promise.all([1, 2, 3].map(() => store.discard('order', 'a', '1', reason)));
    demand(done.filter(Boolean).length === 1, 'one of three to have done it', done);
    const kept = await store.discarded('order', { limit: 10 });
    const { waiting: _, ...facts } = known!;
    const { position, discardedAt, ...rest } = kept[0]!;
    const wanted: object = { ...facts, reason };
    const names = Object.keys(wanted) as (keyof typeof rest)[];
    const equal = names.every(name => same(rest[name], wanted[name as never]));
    demand(kept.length === 1 && equal, 'what was known of it, and the reason', kept);
    demand(position !== '' && discardedAt >= known!.parkedAt, 'where and when', kept);
    const run = await claim(store, 'a', demand);
    demand(told([run]) === 'a:2' && run.attempts === 1 && run.tries === 0, 'the next one, new', run);
  },

  'who has lost a lease parks nothing': async ({ store, advance }, demand) => {
    await start(store, 'a', '1');
    const slow = await claim(store, 'a', demand, BRIEF_MS);
    await advance(BRIEF_WAIT_MS);
    const other = await claim(store, 'a', demand);
    const late = await store.settle('order', slow, { published: 0, retryMs: 0, fault: parks });
    const listed = await store.parked('order', { limit: 10 });
    demand(!late && listed.length === 0, 'the slow one to be told', { late, listed });
    const mine = await store.settle('order', other, { published: 1, retryMs: 0 });
    demand(mine, 'the other one to be heard', mine);
  },
};

const crashes: Readonly<Record<string, ProcessLaw>> = {
  'a claim that ended without a word counts, and what it had goes alone': async (subject, demand) => {
    const { store, advance } = subject;
    await start(store, 'a', '1', '2', '3');
    await claim(store, 'a', demand, BRIEF_MS);
    await start(store, 'b', '4');
    await advance(BRIEF_WAIT_MS);
    await start(store, 'c', '5');
    const seen: string[] = [];
    for (let turn = 0; turn < 3; turn++) seen.push(told(await store.claim('order', 10, HOUR_MS)));
    // Those are due in whichever order; but the one is never handed out with the others.
    demand(
      seen
        .filter(each => each !== '')
        .sort()
        .join(' ') === 'a:1!1 b:4 c:5',
      'it alone',
      seen,
    );
  },

  'each one that was handed out together with it goes alone': async ({ store, advance }, demand) => {
    await start(store, 'a', '1', '2', '3');
    await claim(store, 'a', demand, BRIEF_MS);
    await advance(BRIEF_WAIT_MS);
    const seen: string[] = [];
    const next = async (leaseMs: number): Promise<OutboxRun> => {
      const run = await claim(store, 'a', demand, leaseMs);
      seen.push(told([run]));
      return run;
    };
    await store.settle('order', await next(HOUR_MS), { published: 1, retryMs: 0 });
    await next(BRIEF_MS);
    await advance(BRIEF_WAIT_MS);
    await next(BRIEF_MS);
    await advance(BRIEF_WAIT_MS);
    const third = await next(HOUR_MS);
    demand(seen.join(' ') === 'a:1!1 a:2! a:2!1 a:2!2', 'one at a time, each with its own', seen);
    await store.settle('order', third, { published: 1, retryMs: 0 });
    await store.commit(changeOf('a', 1, { sends: sent('4') }));
    const last = await next(HOUR_MS);
    await store.settle('order', last, { published: 1, retryMs: 0 });
    const new4 = await next(HOUR_MS);
    demand(told([last, new4]) === 'a:3! a:4', 'the last of them, and then one that is new', seen);
  },

  'what may have ended programs goes alone also when somebody tries it again': async (subject, demand) => {
    const { store, advance } = subject;
    await start(store, 'a', '1', '2');
    await claim(store, 'a', demand, BRIEF_MS);
    await advance(BRIEF_WAIT_MS);
    const run = await claim(store, 'a', demand);
    const fault = { ...parks, counts: false };
    await store.settle('order', run, { published: 0, retryMs: 0, fault });
    const [known] = await store.parked('order', { limit: 10 });
    demand(known?.crashes === 1 && known.tries === 0, 'one crash, and no try', known);
    await store.unpark('order', 'a');
    const again = await claim(store, 'a', demand);
    demand(told([again]) === 'a:1!' && again.attempts === 1, 'it alone, as if for the first time', again);
  },
};

const lists: Readonly<Record<string, ProcessLaw>> = {
  'what is parked, and what was thrown away, is listed in parts': async ({ store }, demand) => {
    const keys = ['a', 'B', '"q"', "it's", '💶', '\0', 'z'];
    for (const [at, key] of keys.entries()) {
      await start(store, key, `c-${at}`);
      await park(store, key, demand);
    }
    const seen: string[] = [];
    for (let turn = 0; turn < 5; turn++) {
      const part = await store.parked('order', { after: seen.at(-1), limit: 2 });
      demand(part.length <= 2, 'two at most', part);
      seen.push(...part.map(({ key }) => key));
    }
    demand(same([...seen].sort(), [...keys].sort()), 'each of them once', seen);
    for (const [at, key] of keys.entries()) await store.discard('order', key, `c-${at}`, `of ${key}`);
    const gone: string[] = [];
    let after: string | undefined;
    for (let turn = 0; turn < 5; turn++) {
      const part = await store.discarded('order', { after, limit: 2 });
      after = part.at(-1)?.position ?? after;
      gone.push(...part.map(({ key, reason }) => `${key}=${reason}`));
    }
    demand(
      same(
        gone,
        keys.map(key => `${key}=of ${key}`),
      ),
      'each once, in the order of their going',
      gone,
    );
    const others = [await store.parked('other', { limit: 9 }), await store.discarded('other', { limit: 9 })];
    demand(others.flat().length === 0, 'nothing of another kind', others);
  },

  'what is parked outlasts the end of its process, and what was thrown away does not': async (
    { store },
    demand,
  ) => {
    await store.commit(changeOf('a', 0, { next: { ended: true }, sends: sent('1') }));
    await park(store, 'a', demand);
    const early = await store.purge('order', 0, 10);
    const [parked] = await store.parked('order', { limit: 10 });
    demand(early === 0 && parked !== undefined, 'it to stay', { early, parked });
    await store.discard('order', 'a', '1', 'why');
    const young = await store.purge('order', HOUR_MS, 10);
    const kept = await store.discarded('order', { limit: 10 });
    demand(young === 0 && kept.length === 1, 'what is young to be kept', { young, kept });
    const gone = await store.purge('order', 0, 10);
    const left = await store.discarded('order', { limit: 10 });
    demand(gone === 2 && left.length === 0, 'the process and the command to be forgotten', { gone, left });
  },
};

export const processParkingLaws: Readonly<Record<string, ProcessLaw>> = { ...standing, ...crashes, ...lists };
