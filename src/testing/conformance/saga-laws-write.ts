import { event, KIND, LONG, type SceneLaw, stateOf, upTo } from './saga-store-scene.js';

/** That a write counts once, for who has the saga. */
export const writeLaws: readonly SceneLaw[] = [
  {
    id: 'write.kept',
    proves: 'a write is kept whole, and keeps the owner and its lease',
    check: async (scene, demand) => {
      const begun = await scene.owned();
      const fields = { state: stateOf(1), status: 'compensating', cancellable: false } as const;
      const record = await scene.put(begun, { ...fields, events: [event('pay')] });
      for (const [name, value] of Object.entries(fields)) scene.same(record[name as never], value, name);
      demand(record.revision === 1 && record.epoch === 1, 'the next revision, the same epoch', record);
      demand(record.owner === 'me' && record.wakeAt === begun.wakeAt, 'the same lease', record);
      demand(record.updatedAt >= begun.updatedAt && record.createdAt === begun.createdAt, 'its age', record);
      scene.same(record.input, begun.input, 'the input');
    },
  },
  {
    id: 'write.fence',
    proves: 'a write of another epoch or revision changes nothing',
    check: async (scene, demand) => {
      const begun = await scene.owned({ leaseMs: 1 });
      await scene.signal(begun.id, 'paid', 'd');
      const [waiting] = await scene.store.signals(begun.id);
      await scene.advance(5);
      const [claimed] = await scene.claim('other');
      const before = await scene.put(claimed!.record, { state: stateOf(2), events: [event('pay')] });
      const late = { state: stateOf(9), status: 'completed', events: [event('x')] } as const;
      const release = { wakeAt: 1, signals: 0 };
      for (const off of [
        { epoch: before.epoch - 1 },
        { epoch: before.epoch + 1 },
        { revision: before.revision + 1 },
        { epoch: before.epoch - 1, revision: 0 },
        { id: 'unknown' },
      ]) {
        const write = scene.writeOf({ ...before, ...off }, { ...late, release, consumed: [waiting!.id] });
        const answer = await scene.store.write(write);
        demand(answer.kind === 'stale', `stale for ${JSON.stringify(off)}`, answer);
      }
      scene.same(await scene.read(before.id), before, 'the record as it was');
      demand((await scene.store.history(before.id)).length === 1, 'one entry of history', 'more');
      scene.same(await scene.waiting(before.id), ['d'], 'the signals');
    },
  },
  {
    id: 'write.repeat',
    proves: 'a write that is repeated, for its answer was lost, is done once and answered as written',
    check: async (scene, demand) => {
      const begun = await scene.owned();
      await scene.signal(begun.id, 'paid', 'd');
      const [signal] = await scene.store.signals(begun.id);
      const fields = { state: stateOf(1), events: [event('pay')], consumed: [signal!.id] };
      const write = scene.writeOf(begun, fields);
      const answers = await Promise.all(upTo(8).map(() => scene.store.write(write)));
      answers.push(await scene.other.write(write));
      demand(
        answers.every(({ kind }) => kind === 'written'),
        'all to be written',
        answers,
      );
      const record = await scene.read(begun.id);
      demand(record.revision === 1, 'one revision more', record);
      demand((await scene.store.history(begun.id)).length === 1, 'one entry of history', 'more');
      await scene.store.cancel(begun.id, 'why');
      const later = await scene.store.write(write);
      demand(later.kind === 'written', 'it to be written, whatever came later', later);
      const [end, last] = [scene.writeOf(record, { status: 'completed', heedsCancel: true }), LONG];
      const release = { wakeAt: last, signals: record.signals };
      for (const _ of upTo(2)) {
        const answer = await scene.store.write({ ...end, release });
        demand(answer.kind === 'written', 'an end to be written, repeated too', answer);
      }
    },
  },
  {
    id: 'write.batch',
    proves: 'many writes at once are each answered for themselves',
    check: async (scene, demand) => {
      const begun = await Promise.all(upTo(40).map(() => scene.owned()));
      for (const turn of [0, 1, 2]) {
        const answers = await Promise.all(
          begun.map((record, n) => {
            const epoch = n % 4 === turn ? 7 : 1;
            const revision = Math.max(0, turn - (n % 4 < turn ? 1 : 0));
            return scene.write({ ...record, epoch, revision }, { events: [event(`t${turn}`)] });
          }),
        );
        for (const [n, { kind }] of answers.entries()) {
          const expected = n % 4 === turn ? 'stale' : 'written';
          demand(kind === expected, `${expected} for number ${n} in turn ${turn}`, kind);
        }
      }
      for (const [n, { id }] of begun.entries()) {
        const told = (await scene.other.history(id)).map(one => (one.event as { step: string }).step);
        scene.same(
          told,
          ['t0', 't1', 't2'].filter((_, turn) => turn !== n % 4),
          'the history',
        );
      }
    },
  },
  {
    id: 'write.cancel',
    proves: 'a write that does not heed a request to cancel is not done, and told why',
    check: async (scene, demand) => {
      const begun = await scene.owned();
      await scene.other.cancel(begun.id, 'no longer wanted');
      const before = await scene.read(begun.id);
      const answer = await scene.write(begun, { state: stateOf(1), events: [event('pay')] });
      scene.same(answer, { kind: 'cancel', reason: 'no longer wanted' }, 'the reason');
      scene.same(await scene.read(begun.id), before, 'the record as it was');
      const heeded = await scene.put(begun, {
        status: 'compensating',
        cancellable: false,
        heedsCancel: true,
      });
      demand(heeded.revision === 1, 'one that heeds it to be done', heeded);
    },
  },
  {
    id: 'cancel.answers',
    proves: 'a request to cancel is accepted, refused, too late, or for nobody',
    check: async (scene, demand) => {
      const running = await scene.begin();
      const answers = [
        await scene.store.cancel(running.id, 'first'),
        await scene.other.cancel(running.id, 'second'),
        await scene.store.cancel((await scene.begin({ cancellable: false })).id, 'x'),
        await scene.store.cancel((await scene.finish(await scene.owned())).id, 'x'),
        await scene.store.cancel((await scene.finish(await scene.owned(), 'compensated')).id, 'x'),
        await scene.store.cancel('?', 'x'),
      ];
      scene.same(answers, ['accepted', 'accepted', 'refused', 'over', 'over', 'unknown']);
      const { cancel } = await scene.read(running.id);
      demand(cancel === 'first', 'the reason that came first', cancel);
      const parked = await scene.release(await scene.owned(), undefined, { status: 'parked' });
      demand((await scene.store.cancel(parked.id, 'x')) === 'accepted', 'accepted for a parked one', 'not');
    },
  },
  {
    id: 'cancel.wakes',
    proves: 'a saga that is to be cancelled is due at once, but not taken from who has it',
    check: async (scene, demand) => {
      const idle = await scene.release(await scene.owned(), undefined);
      const owned = await scene.owned();
      for (const { id } of [idle, owned]) await scene.store.cancel(id, 'x');
      scene.same(await scene.due(), [idle.id], 'the one that waited');
      const release = { wakeAt: undefined, signals: owned.signals };
      await scene.put(owned, { status: 'waiting', release, heedsCancel: true });
      demand((await scene.due()).length === 1, 'the other one to be due when it is given back', 'not');
    },
  },
  {
    id: 'cancel.race',
    proves: 'a request to cancel and the write after which it is too late never both win',
    check: async (scene, demand) => {
      for (const n of upTo(30)) {
        const record = await scene.owned();
        const past = scene.writeOf(record, { cancellable: false });
        const calls = [() => scene.store.write(past), () => scene.other.cancel(record.id, 'x')] as const;
        const [write, cancel] = await (n % 2
          ? Promise.all([calls[0](), calls[1]()])
          : Promise.all([calls[1](), calls[0]()]).then(([c, w]) => [w, c] as const));
        const fits = cancel === 'accepted' ? write.kind === 'cancel' : write.kind === 'written';
        demand(fits, 'one of them to win', { write, cancel });
        demand(cancel === 'accepted' || cancel === 'refused', 'accepted or refused', cancel);
      }
    },
  },
  {
    id: 'history',
    proves: 'the history of a saga is all that was written, numbered from 1 without gaps',
    check: async (scene, demand) => {
      let record = await scene.owned({ leaseMs: 1 });
      record = await scene.put(record, { events: [event('a'), event('b'), event('c')] });
      record = await scene.put(record);
      await scene.advance(5);
      const [claimed] = await scene.claim('other');
      record = await scene.put(claimed!.record, { events: [event('d')] });
      await scene.finish(record);
      const entries = await scene.other.history(record.id);
      scene.same(
        entries.map(({ seq }) => seq),
        [1, 2, 3, 4],
        'numbers',
      );
      scene.same(
        entries.map(one => one.event),
        ['a', 'b', 'c', 'd'].map(event),
        'events',
      );
      scene.same(
        entries.map(({ epoch }) => epoch),
        [1, 1, 1, 2],
        'epochs',
      );
      const times = entries.map(({ at }) => at);
      demand(
        times.every((at, n) => at >= (times[n - 1] ?? record.createdAt)),
        'times that rise',
        times,
      );
      scene.same(await scene.store.history('?'), [], 'nothing of what is unknown:');
    },
  },
  {
    id: 'release.race',
    proves: 'no wake-up is lost, however a signal and the giving back fall together',
    check: async (scene, _demand) => {
      for (const n of upTo(40)) {
        const record = await scene.owned();
        const release = { wakeAt: undefined, signals: record.signals };
        const give = () => scene.store.write(scene.writeOf(record, { status: 'waiting', release }));
        const tell = () =>
          n % 3
            ? scene.other.signal({ target: { id: record.id }, name: 's', dedupe: 'd', payload: n })
            : scene.other.wake(record.id);
        await (n % 2 ? Promise.all([give(), tell()]) : Promise.all([tell(), give()]));
        scene.same(await scene.due(), [record.id], 'to be due:');
        const { epoch, revision, signals } = await scene.read(record.id);
        const known = { wakeAt: undefined, signals };
        await scene.put({ ...record, epoch, revision }, { status: 'completed', release: known });
      }
    },
  },
  {
    id: 'wake',
    proves: 'a saga that waits can be made due, and one that is due already loses no place',
    check: async (scene, demand) => {
      const base = await scene.store.now();
      const first = await scene.release(await scene.owned(), base - 100);
      const second = await scene.release(await scene.owned(), base - 50);
      const never = await scene.release(await scene.owned(), undefined);
      const parked = await scene.finish(await scene.owned(), 'parked');
      await scene.store.wake(first.id);
      await scene.signal(first.id, 'x', 'd');
      for (const { id } of [never, parked]) await scene.other.wake(id);
      await scene.store.wake('?');
      const due = await scene.store.claim('me', [KIND], 1, LONG);
      demand(due[0]?.record.id === first.id, 'the one that was due first', due[0]?.record.id);
      scene.same(await scene.due(), [second.id, never.id], 'the others, and not the parked one:');
    },
  },
];
