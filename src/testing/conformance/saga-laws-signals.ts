import { factOf } from '../../kernel/errors.js';
import { KIND, type SceneLaw, SHORT, SPAN, upTo } from './saga-store-scene.js';

/** That each signal comes, and comes once. */
export const signalLaws: readonly SceneLaw[] = [
  {
    id: 'signal.early',
    proves: 'signals that come before their saga wait for it, by its key',
    check: async (scene, demand) => {
      for (const n of upTo(3)) {
        const answer = await scene.signalKey('k', 'paid', `d${n}`, { n });
        demand(answer === 'kept', 'it to be kept', answer);
      }
      await scene.signalKey('l', 'paid', 'd', 'for another');
      const { id } = await scene.begin({ key: 'k' });
      scene.same(await scene.waiting(id), [{ n: 1 }, { n: 2 }, { n: 3 }], 'the three');
      scene.same(await scene.waiting((await scene.begin()).id), [], 'none for a saga without a key:');
    },
  },
  {
    id: 'signal.order',
    proves: 'signals are given in the order in which they came, whether by id or by key',
    check: async (scene, _demand) => {
      const { id } = await scene.begin({ key: 'k' });
      for (const n of upTo(12)) {
        if (n % 3 === 0) await scene.signalKey('k', 'b', `d${n}`, n);
        else await scene.signal(id, n % 2 ? 'a' : 'b', `d${n}`, n);
      }
      scene.same(await scene.waiting(id), upTo(12), 'all');
      const names = (await scene.store.signals(id)).map(({ name }) => name);
      scene.same(names.slice(0, 3), ['a', 'b', 'b'], 'their names');
      const ids = new Set((await scene.store.signals(id)).map(one => one.id));
      scene.same(ids.size, 12, 'ids of their own:');
      scene.same(await scene.store.signals('?'), [], 'none for nobody:');
    },
  },
  {
    id: 'signal.dedupe',
    proves: 'a signal that is sent again is known, even after it was used',
    check: async (scene, demand) => {
      const { id } = await scene.begin({ key: 'k', owner: 'me' });
      const many = await Promise.all(
        upTo(10).map(n =>
          (n % 2 ? scene.store : scene.other).signal({ target: { id }, name: 'a', dedupe: 'd', payload: n }),
        ),
      );
      demand(many.filter(answer => answer === 'kept').length === 1, 'one of ten to be kept', many);
      const others = [
        await scene.signal(id, 'b', 'd'),
        await scene.signal(id, 'a', 'e'),
        await scene.signalKey('k', 'a', 'd'),
      ];
      demand(
        others.every(answer => answer === 'kept'),
        'others to be kept',
        others,
      );
      const signals = await scene.store.signals(id);
      demand(signals.length === 4, 'four signals', signals);
      const consumed = signals.map(signal => signal.id);
      await scene.put(await scene.read(id), { consumed });
      const again = [
        await scene.signal(id, 'a', 'd'),
        await scene.signal(id, 'b', 'd'),
        await scene.signalKey('k', 'a', 'd'),
      ];
      demand(
        again.every(answer => answer === 'known'),
        'all to be known',
        again,
      );
      scene.same(await scene.waiting(id), [], 'none');
    },
  },
  {
    id: 'signal.once',
    proves: 'a signal is used up by the write that names it, and stays for all others',
    check: async (scene, demand) => {
      const [one, other] = [await scene.owned({ key: 'k' }), await scene.owned()];
      await scene.signal(one.id, 'a', 'd1', 1);
      await scene.signalKey('k', 'a', 'd2', 2);
      await scene.signal(other.id, 'a', 'd1', 3);
      const [first] = await scene.store.signals(one.id);
      // An id means nothing to a saga for which the signal is not.
      await scene.put(other, { consumed: [first!.id, '999999', 'x'] });
      const after = await scene.put(one, { consumed: [first!.id] });
      scene.same(await scene.waiting(one.id), [2], 'the other signal of it');
      scene.same(await scene.waiting(other.id), [3], 'the signal of the other one');
      const [second] = await scene.store.signals(one.id);
      await scene.put(after, { consumed: [first!.id, second!.id] });
      demand((await scene.waiting(one.id)).length === 0, 'none to be left', 'one is');
    },
  },
  {
    id: 'signal.late',
    proves: 'a signal for a saga that is over is late, and not kept',
    check: async (scene, demand) => {
      for (const status of ['completed', 'compensated'] as const) {
        const { id } = await scene.begin({ key: status, owner: 'me' });
        await scene.signal(id, 'a', 'unused');
        await scene.finish(await scene.read(id), status);
        const answers = [
          await scene.signal(id, 'a', 'd'),
          await scene.signalKey(status, 'a', 'd'),
          await scene.signal(id, 'a', 'unused'),
        ];
        demand(
          answers.every(answer => answer === 'late'),
          'late',
          answers,
        );
        scene.same(await scene.waiting(id), [], 'none, those neither that it did not use:');
      }
      const parked = await scene.finish(await scene.owned(), 'parked');
      demand((await scene.signal(parked.id, 'a', 'd')) === 'kept', 'kept for a parked one', 'late');
    },
  },
  {
    id: 'signal.bound',
    proves: 'so many signals wait for a saga, begun or not; one more is refused, and a repeat is known',
    check: async (scene, demand) => {
      const { id } = await scene.owned();
      const most = scene.maxSignals;
      const refused = async (sent: Promise<unknown>): Promise<void> => {
        const error: unknown = await sent.catch((thrown: unknown) => thrown);
        demand(factOf(error, 'code') === 'ERR_SAGA_REFUSED', 'ERR_SAGA_REFUSED', error);
        demand(String(error).includes(`${most}`), `a message that says ${most}`, error);
      };
      for (const n of upTo(most)) {
        await scene.signal(id, `a${n}`, 'd');
        await scene.signalKey('k', 'a', `d${n}`);
      }
      await refused(scene.signal(id, 'b', 'd'));
      await refused(scene.signalKey('k', 'a', 'e'));
      demand((await scene.signal(id, 'a1', 'd')) === 'known', 'known', 'not');
      demand((await scene.signalKey('l', 'a', 'd')) === 'kept', 'room for another saga', 'none');
      const signals = await scene.store.signals(id);
      demand(signals.length === most, `${most} of them`, signals.length);
      await scene.put(await scene.read(id), { consumed: [signals[0]!.id] });
      demand((await scene.signal(id, 'b', 'd')) === 'kept', 'room where one was used', 'none');
      await refused(scene.signal(id, 'c', 'd'));
      await scene.finish(await scene.read(id));
      demand((await scene.signal(id, 'c', 'd')) === 'late', 'late', 'not');
    },
  },
  {
    id: 'signal.wakes',
    proves: 'a signal makes a saga due at once, by its id or its key, repeated too',
    check: async (scene, demand) => {
      const now = await scene.store.now();
      const one = await scene.release(await scene.owned(), undefined);
      const other = await scene.release(await scene.owned({ key: 'k' }), now + 3_600_000);
      const third = await scene.release(await scene.owned(), undefined);
      await scene.signal(one.id, 'a', 'd');
      await scene.signalKey('k', 'a', 'd');
      scene.same([...(await scene.due())].sort(), [one.id, other.id].sort(), 'those two');
      demand((await scene.read(third.id)).wakeAt === undefined, 'the third one to go on waiting', third);
      const claimed = await scene.read(one.id);
      demand(claimed.signals === 1, 'the count of signals', claimed);
      await scene.release(claimed, undefined);
      // It may be that only the first half of what `signal` does was done.
      await scene.signal(one.id, 'a', 'd');
      scene.same(await scene.due(), [one.id], 'due again:');
    },
  },
  {
    id: 'signal.release',
    proves: 'a saga that is given back is due at once only if signals came that its owner had not seen',
    check: async (scene, demand) => {
      const [seen, unseen] = [await scene.owned(), await scene.owned()];
      for (const { id } of [seen, unseen]) await scene.signal(id, 'a', 'd');
      await scene.release(await scene.read(seen.id), undefined);
      demand((await scene.due()).length === 0, 'not the one that knows its signals', 'it was claimed');
      await scene.release(unseen, (await scene.store.now()) + 3_600_000);
      scene.same(await scene.due(), [unseen.id], 'the one that does not');
    },
  },
];

/** That a lock has one holder, who keeps it while it is alive. */
export const lockLaws: readonly SceneLaw[] = [
  {
    id: 'lock.one',
    proves: 'of many sagas that want a lock at once one gets it, and may ask again',
    check: async (scene, demand) => {
      const sagas = await Promise.all(upTo(12).map(() => scene.owned()));
      const ask = () =>
        Promise.all(
          sagas.map(({ id, epoch }, n) =>
            (n % 2 ? scene.store : scene.other).lock({ lock: 'l', saga: id, epoch, leaseMs: SHORT }),
          ),
        );
      const [first, second] = [await ask(), await ask()];
      demand(first.filter(Boolean).length === 1, 'one of twelve', first);
      scene.same(second, first, 'the same one');
      const other = sagas[first.indexOf(false)]!;
      const free = await scene.store.lock({ lock: 'm', saga: other.id, epoch: other.epoch, leaseMs: SHORT });
      demand(free, 'another lock for another saga', free);
    },
  },
  {
    id: 'lock.alive',
    proves: 'a lock outlasts its lease as long as the saga is alive, whether it waits or is driven',
    check: async (scene, demand) => {
      const [holder, other] = [await scene.owned(), await scene.owned()];
      const ask = ({ id, epoch }: typeof holder) =>
        scene.store.lock({ lock: 'l', saga: id, epoch, leaseMs: SHORT });
      demand(await ask(holder), 'the lock', 'not');
      const waiting = await scene.release(holder, undefined);
      await scene.advance(SHORT + 10);
      demand(!(await ask(other)), 'it to be kept by one that waits', 'it was given away');
      const claimed = await scene.store.claimOne('me', waiting.id, 1);
      await scene.advance(SHORT + 10);
      demand(!(await ask(other)), 'it to be kept though nobody drives it', 'it was given away');
      demand(await ask(claimed!.record), 'it to be kept by its holder', 'not');
    },
  },
  {
    id: 'lock.parked',
    proves: 'a lock of a parked saga is kept for its lease, and is free then',
    check: async (scene, demand) => {
      const [holder, other] = [await scene.owned(), await scene.owned()];
      const ask = ({ id, epoch }: typeof holder, leaseMs: number) =>
        scene.store.lock({ lock: 'l', saga: id, epoch, leaseMs });
      await ask(holder, SPAN);
      const parked = await scene.finish(holder, 'parked');
      demand(!(await ask(other, 1)), 'it to be kept at first', 'it was given away');
      const taken = await scene.store.claimOne('me', parked.id, 3_600_000);
      const again = await scene.put(taken!.record, { status: 'running' });
      await scene.advance(SPAN + 10);
      demand(!(await ask(other, 1)), 'it to be kept by one that goes on', 'it was given away');
      await scene.finish(again, 'parked');
      await scene.advance(SPAN + 10);
      demand(await ask(other, 1), 'it to be free when the lease is over', 'not');
    },
  },
  {
    id: 'lock.end',
    proves: 'a lock is free when its saga is over, and a saga that is over or lost gets none',
    check: async (scene, demand) => {
      for (const status of ['completed', 'compensated'] as const) {
        const [holder, other] = [await scene.owned(), await scene.owned()];
        const ask = ({ id, epoch }: typeof holder) =>
          scene.other.lock({ lock: 'l', saga: id, epoch, leaseMs: 3_600_000 });
        demand(await ask(holder), 'the lock', 'not');
        await scene.finish(holder, status);
        demand(!(await ask(holder)), 'none for who is over', 'it has it');
        demand(!(await ask({ ...other, epoch: other.epoch + 1 })), 'none for another epoch', 'it has it');
        demand(await ask(other), 'it to be free', 'not');
        await scene.finish(other, status);
      }
      const lock = { lock: 'l', saga: '?', epoch: 1, leaseMs: 1 };
      demand(!(await scene.store.lock(lock)), 'none for nobody', 'it has it');
      demand((await scene.claim('me', 1, 1, [KIND])).length === 0, 'nothing to be due', 'something');
    },
  },
];
