import { idsOf, KIND, LONG, type SceneLaw, SHORT, SPAN, upTo } from './saga-store-scene.js';

/** That a saga begins once, and is driven by one. */
export const beginningLaws: readonly SceneLaw[] = [
  {
    id: 'insert.record',
    proves: 'a new saga is kept as it was given, and found by its id and its key, by others too',
    check: async (scene, demand) => {
      const { leaseMs: _, ...saga } = scene.fresh({ key: 'k', parent: 'p', owner: 'me', leaseMs: 1_000 });
      const { record, inserted } = await scene.store.insert({ ...saga, leaseMs: 1_000 });
      demand(inserted, 'it to be new', inserted);
      const found = [record, await scene.read(saga.id), await scene.other.find('order', 'k')];
      for (const one of found) {
        for (const [name, value] of Object.entries(saga)) scene.same(one?.[name as never], value, name);
        const counts = [one?.epoch, one?.revision, one?.signals, one?.cancel];
        scene.same(counts, [1, 0, 0, undefined], 'epoch, revision, signals, cancel of');
        demand(one!.wakeAt! === one!.createdAt + 1_000, 'a lease of 1000 ms', one);
        demand(one!.updatedAt === one!.createdAt, 'to be as old as its last change', one);
      }
      const nothing = [await scene.store.get('?'), await scene.store.find('order', '?')];
      demand(
        nothing.every(one => one === undefined),
        'nothing by another id or key',
        nothing,
      );
    },
  },
  {
    id: 'insert.id',
    proves: 'of many sagas of one id that begin at once there is one',
    check: async (scene, demand) => {
      const saga = scene.fresh({ id: 'one', key: 'k' });
      const stores = upTo(20).map(n => (n % 2 ? scene.store : scene.other));
      const answers = await Promise.all(stores.map((store, n) => store.insert({ ...saga, input: n })));
      const begun = answers.filter(({ inserted }) => inserted);
      demand(begun.length === 1, 'one that is new', begun.length);
      for (const { record } of answers) scene.same(record.input, begun[0]!.record.input, 'the one input');
      const again = await scene.other.insert(saga);
      demand(!again.inserted && again.record.id === 'one', 'it to be known when it is repeated', again);
    },
  },
  {
    id: 'insert.key',
    proves: 'of many sagas of one definition and key that begin at once there is one',
    check: async (scene, demand) => {
      const sagas = upTo(20).map(() => scene.fresh({ key: 'k' }));
      const answers = await Promise.all(
        sagas.map((saga, n) => (n % 2 ? scene.store : scene.other).insert(saga)),
      );
      const begun = answers.filter(({ inserted }) => inserted);
      demand(begun.length === 1, 'one that is new', begun.length);
      const ids = new Set(answers.map(({ record }) => record.id));
      demand(ids.size === 1 && ids.has(begun[0]!.record.id), 'all to be told of that one', [...ids]);
      const others = [await scene.begin({ key: 'k', definition: 'return' }), await scene.begin()];
      demand(
        others.every(({ id }) => !ids.has(id)),
        'others by another definition, or no key',
        others,
      );
      demand((await scene.store.list({ limit: 100 })).length === 3, 'three sagas', ids.size);
    },
  },
  {
    id: 'insert.owner',
    proves: 'who begins a saga with an owner has it, until its lease is over',
    check: async (scene, demand) => {
      await scene.owned();
      demand((await scene.due()).length === 0, 'nobody else to get it', 'it was claimed');
      const short = await scene.owned({ leaseMs: SHORT });
      await scene.advance(SHORT + 5);
      scene.same(await scene.due(), [short.id], 'the one without a lease');
    },
  },
  {
    id: 'insert.over',
    proves: 'a saga that is over when it begins is never due, and forgotten in its time',
    check: async (scene, demand) => {
      const { id, wakeAt } = await scene.owned({ status: 'completed', leaseMs: SHORT });
      demand(wakeAt === undefined, 'no time of waking', wakeAt);
      await scene.advance(SHORT + 5);
      demand((await scene.due()).length === 0, 'nobody to get it', 'it was claimed');
      demand((await scene.store.purge(0, 10)) === 1, 'one saga to be forgotten', 'none');
      demand((await scene.other.get(id)) === undefined, 'it to be gone', id);
    },
  },
];

/** That a saga is claimed by one at a time, in its turn. */
export const claimLaws: readonly SceneLaw[] = [
  {
    id: 'claim.once',
    proves: 'no saga is given to two owners, however many claim at once, and none is left out',
    check: async (scene, demand) => {
      await Promise.all(upTo(60).map(() => scene.begin()));
      const got: string[] = [];
      const drain = async (n: number): Promise<void> => {
        const store = n % 2 ? scene.store : scene.other;
        for (let idle = 0; idle < 3 && got.length < 1_000; ) {
          const claimed = idsOf(await store.claim(`w${n}`, [KIND], 7, LONG));
          got.push(...claimed);
          idle = claimed.length === 0 ? idle + 1 : 0;
        }
      };
      await Promise.all(upTo(6).map(drain));
      demand(new Set(got).size === 60, 'all 60 sagas', new Set(got).size);
      demand(got.length === 60, 'each of them once', got.length);
    },
  },
  {
    id: 'claim.drivable',
    proves: 'only sagas of a definition, version and shape that the owner knows are given to it',
    check: async (scene, demand) => {
      const kinds = [{ definition: 'return' }, { version: 2 }, { hash: 'h2' }].map(one => ({
        ...KIND,
        ...one,
      }));
      for (const kind of kinds) await scene.begin(kind);
      demand((await scene.claim()).length === 0, 'none of other kinds', 'one was claimed');
      demand((await scene.claim('me', 9, LONG, [])).length === 0, 'none for who knows none', 'one');
      const { id } = await scene.begin();
      scene.same(idsOf(await scene.claim()), [id], 'the one of its kind');
      const all = await scene.claim('me', 100, LONG, kinds);
      demand(all.length === 3, 'three for who knows them', all.length);
    },
  },
  {
    id: 'claim.beside',
    proves: 'a backlog that nobody can drive does not stand in the way of others',
    check: async (scene, demand) => {
      await Promise.all(upTo(50).map(() => scene.begin({ hash: 'gone' })));
      await scene.advance(2);
      const { id } = await scene.begin();
      scene.same(idsOf(await scene.claim('me', 1)), [id], 'the one behind them');
      demand((await scene.claim()).length === 0, 'no more', 'one was claimed');
    },
  },
  {
    id: 'claim.order',
    proves: 'what is due first is given first, over all definitions, and no more than asked for',
    check: async (scene, demand) => {
      const other = { ...KIND, definition: 'return' };
      const base = await scene.store.now();
      const ids: string[] = [];
      for (const n of [3, 1, 5, 2, 4]) {
        const record = await scene.owned(n % 2 ? {} : other);
        await scene.release(record, base - 1_000 + n);
        ids[n - 1] = record.id;
      }
      const kinds = [KIND, other];
      scene.same(idsOf(await scene.claim('me', 2, LONG, kinds)), ids.slice(0, 2), 'the first two');
      scene.same(idsOf(await scene.claim('me', 9, LONG, kinds)), ids.slice(2), 'the last three');
      demand((await scene.claim('me', 9, LONG, kinds)).length === 0, 'no more', 'one was claimed');
    },
  },
  {
    id: 'claim.epoch',
    proves: 'each claim has an epoch of its own, a higher one each time, and a lease',
    check: async (scene, demand) => {
      const { id } = await scene.begin();
      let last = 0;
      for (const n of upTo(4)) {
        const now = await scene.store.now();
        const [claimed] = await scene.claim(`w${n}`, 1, LONG);
        const { epoch, owner, wakeAt } = claimed!.record;
        demand(epoch > last && owner === `w${n}`, 'a higher epoch, and its owner', claimed);
        demand(wakeAt! >= now + LONG && wakeAt! < now + 2 * LONG, 'the lease from now on', { now, wakeAt });
        scene.same(await scene.read(id), claimed!.record, 'the record');
        last = epoch;
        await scene.release(claimed!.record, now);
      }
    },
  },
  {
    id: 'claim.interrupted',
    proves: 'a claim says that an owner let its lease run out, and only then',
    check: async (scene, demand) => {
      await scene.begin();
      const [first] = await scene.claim('a', 1, SPAN);
      demand(first?.interrupted === false, 'not where nobody had it', first);
      demand((await scene.due()).length === 0, 'nobody to get it before its lease is over', 'it was claimed');
      await scene.advance(SPAN + 5);
      const [second] = await scene.claim('b', 1, LONG);
      demand(second?.interrupted === true, 'where the lease ran out', second);
      await scene.release(second!.record, await scene.store.now());
      const [third] = await scene.claim('c', 1, LONG);
      demand(third?.interrupted === false, 'not where it was given back', third);
    },
  },
  {
    id: 'claim.due',
    proves: 'a saga that waits is given to nobody before its time, and one without a time to nobody',
    check: async (scene, demand) => {
      const now = await scene.store.now();
      const later = await scene.release(await scene.owned(), now + SPAN);
      const never = await scene.release(await scene.owned(), undefined);
      demand(later.owner === undefined && later.wakeAt === now + SPAN, 'its time, no owner', later);
      demand(never.owner === undefined && never.wakeAt === undefined, 'no time, no owner', never);
      demand((await scene.due()).length === 0, 'none before its time', 'one was claimed');
      await scene.advance(SPAN + 5);
      scene.same(await scene.due(), [later.id], 'the one whose time has come');
    },
  },
  {
    id: 'claim.standing',
    proves: 'what is parked or over is never due, even where somebody had it and is gone',
    check: async (scene, demand) => {
      for (const status of ['completed', 'compensated', 'parked'] as const) {
        const { id } = await scene.finish(await scene.owned(), status);
        await scene.store.claimOne('me', id, SHORT);
      }
      await scene.advance(SHORT + 5);
      demand((await scene.due()).length === 0, 'none', 'one was claimed');
    },
  },
  {
    id: 'claim.one',
    proves: 'one saga can be claimed in whatever status, unless somebody has it',
    check: async (scene, demand) => {
      const parked = await scene.finish(await scene.owned(), 'parked');
      const over = await scene.finish(await scene.owned(), 'completed');
      const waiting = await scene.release(await scene.owned(), undefined);
      for (const { id, epoch } of [parked, over, waiting]) {
        const claims = await Promise.all(
          upTo(6).map(n => (n % 2 ? scene.store : scene.other).claimOne(`w${n}`, id, SPAN)),
        );
        const got = claims.filter(one => one !== undefined);
        demand(got.length === 1, 'one of six to get it', got.length);
        const { record, interrupted } = got[0]!;
        demand(record.epoch === epoch + 1 && !interrupted, 'a new epoch, and no interruption', got);
      }
      demand((await scene.store.claimOne('me', '?', LONG)) === undefined, 'none of an unknown id', 'one');
      await scene.advance(SPAN + 5);
      const again = await scene.other.claimOne('me', waiting.id, LONG);
      demand(again?.interrupted === true, 'it to be interrupted when the lease is over', again);
    },
  },
  {
    id: 'renew',
    proves: 'a claim is lengthened for who has it, and who has lost it is told so',
    check: async (scene, demand) => {
      const kept = await scene.owned({ leaseMs: SPAN });
      const taken = await scene.owned({ leaseMs: SHORT });
      const given = await scene.release(await scene.owned(), undefined);
      await scene.advance(SHORT + 5);
      demand((await scene.due()).includes(taken.id), 'one to be taken', taken.id);
      const claims = [kept, taken, given].map(({ id, epoch }) => ({ id, epoch }));
      const lost = await scene.store.renew([...claims, { id: '?', epoch: 1 }], LONG);
      scene.same([...lost].sort(), ['?', taken.id, given.id].sort(), 'those that are lost');
      await scene.advance(SPAN + 5);
      demand((await scene.due()).length === 0, 'the other one to be kept', 'it was claimed');
      demand((await scene.store.renew([], LONG)).length === 0, 'none of none to be lost', 'one');
    },
  },
];
