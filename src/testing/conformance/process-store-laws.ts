import type { SavedProcess } from '../../saga/process-store.js';
import { type Law, law } from '../law.js';
import { changeOf, type MakeProcessStore, type ProcessLaw, same, sent } from './process-changes.js';
import { processParkingLaws } from './process-laws-parking.js';
import { processTimeLaws } from './process-laws-time.js';

const bodies: Readonly<Record<string, ProcessLaw>> = {
  'what was written is read': async ({ store }, demand) => {
    const before = await store.load('order', 'a', 'm1', 0);
    demand(before.saved === undefined && !before.seen, 'nothing to be there', before);
    const next = { timeouts: { unpaid: 1 }, correlationId: 'c1' };
    await store.commit(changeOf('a', 0, { message: 'm1', next }));
    const { saved, seen } = await store.load('order', 'a', 'm1', 0);
    demand(seen, 'the message to be known', seen);
    const whole = { version: 1, state: '{"n":1}', ...next, ended: false, late: 0 };
    for (const [name, value] of Object.entries(whole)) {
      const got = saved?.[name as keyof SavedProcess];
      demand(same(got, value), `${name} to be ${JSON.stringify(value)}`, got);
    }
    await store.commit(changeOf('a', 1, { message: 'm2', next: { ended: true, late: 3 } }));
    const ended = (await store.load('order', 'a', 'm3', 0)).saved;
    demand(ended?.ended === true && ended.late === 3 && ended.version === 2, 'the end', ended);
    demand(same(ended?.timeouts, {}), 'no timeouts', ended?.timeouts);
  },

  'what waits to be published is counted, as far as somebody asks': async ({ store }, demand) => {
    const counts = async (...asked: [key: string, countTo: number][]): Promise<readonly number[]> =>
      Promise.all(asked.map(async each => (await store.load('order', each[0], undefined, each[1])).waiting));
    await store.commit(changeOf('a', 0, { sends: sent('1', '2', '3') }));
    await store.commit(changeOf('b', 0, { sends: sent('4') }));
    const before = await counts(['a', 9], ['a', 2], ['a', 0], ['b', 9], ['c', 9]);
    demand(same(before, [3, 2, 0, 1, 0]), 'each its own, up to what is asked', before);
    const [run] = (await store.claim('order', 10, 1_000)).filter(({ key }) => key === 'a');
    await store.settle('order', run!, { published: 1, retryMs: 0 });
    const after = await counts(['a', 9], ['b', 9]);
    demand(same(after, [2, 1]), 'nothing that is through', after);
  },

  'a change of an old version changes nothing at all': async ({ store }, demand) => {
    await store.commit(changeOf('a', 0));
    await store.commit(changeOf('a', 1));
    const parts = { message: 'm', sends: sent('x'), schedule: [{ name: 't', afterMs: 0 }] };
    for (const expected of [0, 1, 3]) {
      const done = await store.commit(changeOf('a', expected, parts));
      demand(!done, `nothing to be made of version ${expected}`, done);
    }
    const absent = await store.commit(changeOf('b', 1, parts));
    demand(!absent, 'nothing to be made where there is nothing', absent);
    const { saved, seen } = await store.load('order', 'a', 'm', 0);
    demand(saved?.version === 2 && !seen, 'the process as it was', { saved, seen });
    const runs = await store.claim('order', 10, 1_000);
    const due = await store.claimTimeouts('order', 10, 1_000);
    demand(runs.length === 0 && due.length === 0, 'nothing to be sent or due', { runs, due });
  },

  'a message is seen once, whichever process it is for': async ({ store }, demand) => {
    const first = await store.commit(changeOf('a', 0, { message: 'm' }));
    const again = await store.commit(changeOf('a', 1, { message: 'm' }));
    const other = await store.commit(changeOf('b', 0, { message: 'm' }));
    demand(first && !again && !other, 'only the first', { first, again, other });
    const others = await store.commit(changeOf('a', 0, { message: 'm', process: 'other' }));
    demand(others, 'another kind of process to see it as well', others);
  },

  'of many who start or change a process at once, one does': async ({ store }, demand) => {
    for (let expected = 0; expected < 4; expected++) {
      const all = Array.from({ length: 8 }, (_, at) =>
        store.commit(
          changeOf('a', expected, { message: `${expected}.${at}`, sends: sent(`${expected}.${at}`) }),
        ),
      );
      const done = (await Promise.all(all)).filter(each => each);
      demand(done.length === 1, 'one of eight', done.length);
    }
    const [run] = await store.claim('order', 10, 1_000);
    demand(run?.entries.length === 4, 'what those four send, and nothing else', run?.entries);
    const turns = run?.entries.map(({ id }) => id[0]).join('');
    demand(turns === '0123', 'their order', turns);
    const seen = await Promise.all(
      Array.from({ length: 32 }, (_, at) => store.load('order', 'a', `${at >> 3}.${at & 7}`, 0)),
    );
    const known = seen.filter(each => each.seen).length;
    demand(known === 4, 'four messages to be known', known);
  },

  'of a message that comes many times at once, one is handled': async ({ store }, demand) => {
    const all = ['a', 'a', 'b', 'b', 'c'].map(key => store.commit(changeOf(key, 0, { message: 'm' })));
    const done = (await Promise.all(all)).filter(each => each).length;
    demand(done === 1, 'one of five', done);
  },

  'any text is kept': async ({ store }, demand) => {
    for (const text of ['\0', '\ud800', '"x"', "it's", '💶', ' ', '{}', 'a\nb']) {
      const state = JSON.stringify({ text });
      const parts = {
        message: text,
        sends: [{ id: '1', body: state }],
        next: { state, correlationId: text },
      };
      await store.commit(changeOf(text, 0, parts));
      const { saved, seen } = await store.load('order', text, text, 0);
      demand(seen && saved?.state === state, `${JSON.stringify(text)} as a state`, { saved, seen });
      demand(saved?.correlationId === text, `${JSON.stringify(text)} as a correlation`, saved);
      const [run] = await store.claim('order', 10, 1_000);
      demand(run?.key === text && run.entries[0]?.body === state, 'what is sent', run);
      await store.settle('order', run!, { published: 1, retryMs: 0 });
    }
  },

  'kinds of processes do not touch each other': async ({ store }, demand) => {
    const parts = { sends: sent('x'), schedule: [{ name: 't', afterMs: 0 }], message: 'm' };
    await store.commit(changeOf('a', 0, { ...parts, next: { ended: true } }));
    const other = await store.load('other', 'a', 'm', 0);
    demand(other.saved === undefined && !other.seen, 'nothing of another kind', other);
    const runs = await store.claim('other', 10, 1_000);
    const due = await store.claimTimeouts('other', 10, 1_000);
    const purged = await store.purge('other', 0, 10);
    demand(runs.length === 0 && due.length === 0 && purged === 0, 'nothing', { runs, due, purged });
  },
};

/**
 * What every `ProcessStore` has to keep, as a list of checks for any test runner. Each makes a store of its
 * own.
 *
 * @example
 * ```ts
 * import { InMemoryProcessStore } from 'keelson/saga';
 * import { checkLaws, processStoreLaws, VirtualClock } from 'keelson/testing';
 *
 * const laws = processStoreLaws(() => {
 *   const clock = new VirtualClock();
 *   return { store: new InMemoryProcessStore({ clock }), advance: ms => clock.advance(ms) };
 * });
 * const { held } = await checkLaws(laws);
 * held.length; // => 26
 * ```
 */
export function processStoreLaws(make: MakeProcessStore): readonly Law[] {
  return Object.entries({ ...bodies, ...processTimeLaws, ...processParkingLaws }).map(([name, body]) =>
    law(name, async demand => {
      const subject = await make();
      try {
        await body(subject, demand);
      } finally {
        await subject.close?.();
      }
    }),
  );
}
