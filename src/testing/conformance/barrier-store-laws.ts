import { type Law, law } from '../law.js';
import { seededRandom } from '../seeded-random.js';
import { barrierLawsAtOnce } from './barrier-laws-at-once.js';
import { again, type BarrierLaw, BarrierStage, done, type MakeBarrierStore, same } from './barrier-stage.js';

const once: Readonly<Record<string, BarrierLaw>> = {
  'a call runs once, and those that repeat it get its result': async (stage, demand) => {
    const first = await stage.call('a:pay:forward');
    demand(same(first, done('a')), 'it to be done', first);
    for (let time = 0; time < 3; time++) {
      const repeat = await stage.call('a:pay:forward');
      demand(same(repeat, again('a')), 'the kept result', repeat);
    }
    const balance = await stage.subject.balance();
    demand(balance === 1, 'one effect', balance);
  },

  'what was rolled back has never been': async (stage, demand) => {
    await stage.fail('a:pay:forward');
    const balance = await stage.subject.balance();
    demand(balance === 0, 'no effect', balance);
    const next = await stage.call('a:pay:forward');
    demand(same(next, done('a')), 'the next call to run', next);
    await stage.fail('a:pay:compensate');
    const still = await stage.call('a:pay:forward');
    demand(same(still, again('a')), 'the step not to be undone', still);
  },

  'a compensation without its step is void, and its step refused from then on': async (stage, demand) => {
    await stage.fail('a:pay:forward');
    for (let time = 0; time < 2; time++) {
      const answer = await stage.call('a:pay:compensate');
      demand(same(answer, { outcome: 'void' }), 'nothing to undo', answer);
      const late = await stage.call('a:pay:forward');
      demand(same(late, { outcome: 'refused' }), 'the late step to be refused', late);
    }
    const balance = await stage.subject.balance();
    demand(balance === 0, 'no effect', balance);
  },

  'a void compensation that was rolled back keeps nothing out': async (stage, demand) => {
    await stage.fail('a:pay:compensate');
    const answer = await stage.call('a:pay:forward');
    demand(same(answer, done('a')), 'the step to run', answer);
  },

  'a compensation runs once, is told what its step returned, and ends it': async (stage, demand) => {
    await stage.call('a:pay:forward');
    const undone = { undone: { paid: 'a' } };
    const first = await stage.call('a:pay:compensate');
    demand(same(first, { outcome: 'done', result: undone }), 'it to be undone', first);
    const repeat = await stage.call('a:pay:compensate');
    demand(same(repeat, { outcome: 'duplicate', result: undone }), 'the kept result', repeat);
    const late = await stage.call('a:pay:forward');
    demand(same(late, { outcome: 'refused' }), 'the late step to be refused', late);
    const balance = await stage.subject.balance();
    demand(balance === 0, 'no effect in the end', balance);
  },

  'steps and sagas do not touch each other': async (stage, demand) => {
    await stage.call('a:pay:compensate');
    for (const key of ['a:ship:forward', 'b:pay:forward', 'A:pay:forward', 'a :pay:forward']) {
      const answer = await stage.call(key);
      demand(answer.outcome === 'done', `${key} to run`, answer);
    }
  },

  'a call of an older epoch is refused, whatever it asks': async (stage, demand) => {
    await stage.call('a:pay:forward', 3);
    await stage.call('a:pay:forward', 5);
    for (const key of ['a:pay:forward', 'a:pay:compensate']) {
      const answer = await stage.call(key, 4);
      demand(same(answer, { outcome: 'stale', epoch: 5 }), `${key} to be stale`, answer);
    }
    await stage.fail('a:pay:compensate', 9);
    const same5 = await stage.call('a:pay:forward', 5);
    demand(same5.outcome === 'duplicate', 'an epoch that was rolled back not to count', same5);
    const none = await stage.call('a:pay:compensate');
    demand(none.outcome === 'done', 'who says no epoch to be let through', none);
  },

  'keys and results may be any text and any data': async (stage, demand) => {
    const { barrier, subject } = stage;
    const results = ['\0', '\ud800', '"x"', '{}', '', null, undefined, [1, { a: -0.5e-9 }], '💶'.repeat(99)];
    for (const result of results) {
      const saga = `"${String(result).slice(0, 9)}\u0000\udfff'`;
      const call = () =>
        subject.transaction(transaction =>
          barrier.run(transaction, { saga, step: "it's\u0001", direction: 'forward' }, () => result),
        );
      const first = await call();
      demand(first.outcome === 'done', 'it to run', first);
      const repeat = await call();
      demand(same(repeat, { outcome: 'duplicate', result }), 'the same result', repeat);
    }
  },

  'what is old is deleted, and only a bounded part at a time': async (stage, demand) => {
    const { store } = stage.subject;
    for (const saga of ['a', 'b', 'c', 'd', 'e']) await stage.call(`${saga}:pay:forward`);
    const young = await store.purge(3_600_000, 100);
    demand(young === 0, 'what is young to be kept', young);
    const parts = [await store.purge(0, 2), await store.purge(0, 2), await store.purge(0, 2)];
    demand(same(parts, [2, 2, 1]), 'two at a time', parts);
    const anew = await stage.call('a:pay:forward');
    demand(anew.outcome === 'done', 'what was deleted to be new', anew);
  },
};

const mixed: Readonly<Record<string, BarrierLaw>> = {
  'whatever comes in whatever order, a step counts once or was undone': async (stage, demand) => {
    const random = seededRandom(7);
    let expected = 0;
    for (let saga = 0; saga < 25; saga++) {
      const committed: string[] = [];
      const calls = Array.from({ length: 2 + Math.floor(random() * 4) }, async () => {
        const key = `${saga}:pay:${random() < 0.6 ? 'forward' : 'compensate'}`;
        if (random() < 0.3) await stage.fail(key);
        else {
          await stage.call(key);
          committed.push(key);
        }
      });
      await Promise.all(calls);
      const undone = committed.some(key => key.endsWith('compensate'));
      expected += committed.length > 0 && !undone ? 1 : 0;
      const balance = await stage.subject.balance();
      demand(balance === expected, `a balance of ${expected} after ${committed}`, balance);
    }
  },
};

/**
 * What every `BarrierStore` has to keep, as a list of checks for any test runner. Each makes a store of its
 * own.
 *
 * @param options `serial` for a database of a single connection: the laws about calls at once are left out.
 * @example
 * ```ts
 * import { InMemoryBarrierStore, type MemoryTransaction } from 'keelson/saga';
 * import { barrierStoreLaws, checkLaws } from 'keelson/testing';
 *
 * const laws = barrierStoreLaws<MemoryTransaction>(() => {
 *   const store = new InMemoryBarrierStore();
 *   let balance = 0;
 *   return {
 *     store,
 *     transaction: work => store.transaction(work),
 *     add: (transaction, amount) => {
 *       balance += amount;
 *       transaction.onRollback(() => (balance -= amount));
 *     },
 *     balance: () => balance,
 *   };
 * });
 * const { held } = await checkLaws(laws);
 * held.length; // => 14
 * ```
 */
export function barrierStoreLaws<Transaction>(
  make: MakeBarrierStore<Transaction>,
  options: { readonly serial?: boolean } = {},
): readonly Law[] {
  const bodies = { ...once, ...(options.serial === true ? {} : barrierLawsAtOnce), ...mixed };
  return Object.entries(bodies).map(([name, body]) =>
    law(name, async demand => {
      const subject = await make();
      try {
        await body(new BarrierStage(subject), demand);
      } finally {
        await subject.close?.();
      }
    }),
  );
}
