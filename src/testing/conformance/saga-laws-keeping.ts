import type { SagaState } from '../../core/saga-state.js';
import { event, KIND, LONG, type SceneLaw, SPAN, upTo } from './saga-store-scene.js';

const deep = (levels: number): unknown => (levels === 0 ? 'deep' : { down: [deep(levels - 1)] });

/** What JSON can hold, and careless code mistakes. */
const data = (): readonly unknown[] => [
  ...['', 'plain', 'Euro € 😀', 'nul \0 in it', 'lone \ud800 half', '\udc00', '\\u0000', 'it\'s $1 \\ " %'],
  ...['\u2028\u2029\ufeff', 'line\nline\r\ttab', '{"a":1}', 'null'],
  ...[0, -1, 0.1, 1e308, -1e308, 5e-324, 2 ** 53, 123_456_789_012_345.67, true, false, null],
  ...[[], {}, [[]], [null], { a: null }, { '': 1 }, { toString: 1, hasOwnProperty: 2, length: 3 }],
  ...[{ z: 1, a: 2, 10: 3, 'ключ 😀': 4, '\0': 5 }, deep(100), 'long '.repeat(20_000)],
];

const names = (): readonly string[] => [
  'a\nb',
  'é',
  '😀',
  '\0',
  '\ud800',
  '"quoted"',
  "it's",
  ' ',
  '%_*?[x]{y}',
  ':',
  'n'.repeat(3_000),
];

/** That what was put in comes out, and can be looked for. */
export const keepingLaws: readonly SceneLaw[] = [
  {
    id: 'data.same',
    proves: 'data of all kinds comes back as it was: input, outputs, signals, history',
    check: async (scene, demand) => {
      for (const value of data()) {
        const entries: SagaState['entries'] = Object.fromEntries([
          ['toString', { state: 'done', output: value }],
          ['none', { state: 'done' }],
        ]);
        const state: SagaState = { direction: 'backward', entries, because: { kind: 'forced' } };
        const begun = await scene.owned({ input: value });
        await scene.signal(begun.id, 'a', 'd', value);
        const told = { kind: 'done', step: 's', output: value } as const;
        const record = await scene.put(begun, { state, events: [told] });
        scene.same(record.input, value, 'the input');
        scene.same(record.state, state, 'the state');
        scene.same(await scene.waiting(begun.id), [value], 'the payload');
        scene.same((await scene.other.history(begun.id))[0]?.event, told, 'the event');
        demand(!('output' in record.state.entries['none']!), 'no output where there was none', record.state);
      }
    },
  },
  {
    id: 'data.absent',
    proves: 'what is absent stays absent',
    check: async (scene, demand) => {
      const { id } = await scene.owned({ input: undefined });
      await scene.signal(id, 'a', 'd', undefined as never);
      await scene.store.signal({ target: { id }, name: 'a', dedupe: 'e', payload: undefined });
      const record = await scene.read(id);
      const fields = [record.input, record.key, record.parent, record.cancel, record.state.because];
      demand(
        fields.every(one => one === undefined),
        'undefined',
        fields,
      );
      const [, second] = await scene.store.signals(id);
      demand(second !== undefined && second.payload === undefined, 'no payload', second);
      const given = await scene.release(record, undefined, {});
      demand(
        [given.owner, given.wakeAt].every(one => one === undefined),
        'undefined',
        given,
      );
    },
  },
  {
    id: 'data.names',
    proves: 'texts of all kinds are told apart as ids, keys, locks, names, owners and reasons',
    check: async (scene, demand) => {
      for (const [n, name] of names().entries()) {
        const begun = await scene.begin({
          id: `${name.slice(0, 50)}${n}`,
          key: name,
          owner: name,
          parent: name,
        });
        const record = await scene.read(begun.id);
        scene.same(
          [record.id, record.key, record.owner, record.parent],
          [begun.id, name, name, name],
          'names',
        );
        scene.same((await scene.other.find('order', name))?.id, begun.id, 'the saga of the key');
        const lock = { lock: name, saga: begun.id, epoch: 1, leaseMs: LONG };
        demand(await scene.store.lock(lock), 'a lock of its own', name);
        for (const known of ['kept', 'known']) {
          const answers = [await scene.signal(begun.id, name, name), await scene.signalKey(name, name, name)];
          demand(
            answers.every(answer => answer === known),
            `both to be ${known}`,
            answers,
          );
        }
        await scene.store.cancel(begun.id, name);
        const told = await scene.read(begun.id);
        scene.same(told.cancel, name, 'the reason');
        scene.same(
          (await scene.store.signals(begun.id)).map(one => one.name),
          [name, name],
          'the names',
        );
        await scene.put(told, { heedsCancel: true, events: [event('a')] });
        demand((await scene.store.history(begun.id)).length === 1, 'a history of its own', name);
      }
      demand(
        (await scene.store.list({ limit: 99 })).length === names().length,
        'all of them',
        names().length,
      );
    },
  },
  {
    id: 'list',
    proves: 'sagas are listed page by page in the order of their ids, filtered, each once',
    check: async (scene, demand) => {
      const ids: string[] = [];
      for (const n of [7, 3, 9, 1, 5, 2, 8, 4, 6]) {
        const definition = n % 2 ? 'order' : 'return';
        const record = await scene.begin({ id: `id-${n}`, definition, owner: 'me' });
        if (n % 3 === 0) await scene.finish(record, n === 9 ? 'parked' : 'completed');
        ids[n - 1] = record.id;
      }
      const seen: string[] = [];
      // One page more than there should be: a store that turns in circles is not to be followed.
      for (const _ of upTo(4)) {
        const page = await scene.other.list({ after: seen.at(-1), limit: 4 });
        demand(page.length <= 4, 'no more than four', page.length);
        if (page.length === 0) break;
        seen.push(...page.map(({ id }) => id));
      }
      scene.same(seen, ids, 'all, in order:');
      const listed = async (query: Parameters<typeof scene.store.list>[0]) =>
        (await scene.store.list(query)).map(({ id }) => id);
      scene.same(await listed({ definition: 'return', limit: 9 }), ['id-2', 'id-4', 'id-6', 'id-8']);
      scene.same(await listed({ status: 'completed', limit: 9 }), ['id-3', 'id-6']);
      scene.same(await listed({ status: 'parked', definition: 'order', limit: 9 }), ['id-9']);
      scene.same(await listed({ status: 'running', definition: 'order', after: 'id-1', limit: 1 }), ['id-5']);
      scene.same(await listed({ definition: '?', limit: 9 }), []);
    },
  },
  {
    id: 'census',
    proves: 'what is not over is counted, by definition, version and hash, and by status',
    check: async (scene, demand) => {
      const kinds = [KIND, { ...KIND, hash: 'h2' }, { ...KIND, version: 2 }];
      for (const [n, kind] of kinds.entries()) for (const _ of upTo(n + 1)) await scene.begin(kind);
      await scene.finish(await scene.owned(), 'completed');
      await scene.finish(await scene.owned(), 'parked');
      const revived = await scene.finish(await scene.owned(), 'completed');
      const claimed = await scene.store.claimOne('me', revived.id, LONG);
      await scene.put(claimed!.record, { status: 'compensating' });
      const counted = (await scene.other.census()).map(one => `${one.version} ${one.hash} ${one.count}`);
      scene.same(counted.sort(), ['1 h1 3', '1 h2 2', '2 h1 3'], 'counts');
      const standing = { running: 6, waiting: 0, compensating: 1, parked: 1 };
      scene.same(await scene.other.count(), standing, 'counts by status');
      demand(
        (await scene.store.census()).every(one => one.definition === 'order'),
        'their name',
        'another',
      );
    },
  },
  {
    id: 'purge.old',
    proves: 'only what is over and old is forgotten, wholly, and so much of it at most',
    check: async (scene, demand) => {
      const old = [];
      for (const n of upTo(5)) old.push(await scene.finish(await scene.owned({ key: `k${n}` })));
      await scene.put(await scene.owned({ id: 'alive' }), { events: [event('a')] });
      await scene.finish(await scene.owned({ id: 'parked' }), 'parked');
      await scene.advance(SPAN);
      await scene.finish(await scene.owned({ id: 'young' }));
      demand((await scene.store.purge(SPAN / 2, 2)) === 2, 'two at most', 'another number');
      demand((await scene.other.purge(SPAN / 2, 100)) === 3, 'the other three', 'another number');
      demand((await scene.store.purge(SPAN / 2, 100)) === 0, 'no more', 'some');
      const left = (await scene.store.list({ limit: 100 })).map(({ id }) => id);
      scene.same(left, ['alive', 'parked', 'young'], 'those that are left');
      scene.same(await scene.store.history(old[0]!.id), [], 'no history of what is gone:');
      const begun = await scene.store.insert(scene.fresh({ key: 'k1' }));
      demand(begun.inserted, 'the key to be free', begun);
    },
  },
  {
    id: 'purge.revived',
    proves: 'what was over and is taken up again is not forgotten',
    check: async (scene, demand) => {
      const over = await scene.finish(await scene.owned());
      const claimed = await scene.store.claimOne('me', over.id, LONG);
      const again = await scene.put(claimed!.record, { status: 'compensating' });
      await scene.advance(5);
      demand((await scene.store.purge(1, 10)) === 0, 'nothing to be forgotten', 'it was');
      await scene.finish(again, 'compensated');
      await scene.advance(5);
      demand((await scene.store.purge(1, 10)) === 1, 'it to be forgotten when it is over', 'not');
    },
  },
  {
    id: 'purge.steps',
    proves: 'what is a step of a saga under way is not forgotten before that is over',
    check: async (scene, demand) => {
      const parent = await scene.owned({ id: 'parent' });
      for (const n of upTo(3)) await scene.finish(await scene.owned({ id: `parent/${n}`, parent: 'parent' }));
      await scene.finish(await scene.owned({ id: 'orphan/1', parent: 'orphan' }));
      await scene.finish(await scene.owned({ id: 'other' }));
      await scene.advance(5);
      demand((await scene.store.purge(1, 2)) === 2, 'the others to be forgotten', 'not');
      demand((await scene.other.purge(1, 10)) === 0, 'no step to be forgotten', 'some');
      const left = (await scene.store.list({ limit: 10 })).map(({ id }) => id);
      scene.same(left, ['parent', 'parent/1', 'parent/2', 'parent/3'], 'those that are left');
      await scene.finish(parent);
      await scene.advance(5);
      demand((await scene.store.purge(1, 10)) === 4, 'all to be forgotten', 'not');
    },
  },
  {
    id: 'purge.signals',
    proves: 'signals for which no saga came are forgotten when they are old, and no others',
    check: async (scene, demand) => {
      const { id } = await scene.begin({ key: 'k' });
      await scene.signalKey('k', 'a', 'd', 'wanted');
      await scene.signalKey('nobody', 'a', 'd', 'old');
      await scene.advance(SPAN);
      await scene.signalKey('soon', 'a', 'd', 'young');
      await scene.store.purge(SPAN / 2, 10);
      scene.same(await scene.waiting(id), ['wanted'], 'what waits for a saga');
      scene.same(await scene.waiting((await scene.begin({ key: 'nobody' })).id), [], 'nothing that is old:');
      scene.same(await scene.waiting((await scene.begin({ key: 'soon' })).id), ['young'], 'what is young');
      demand((await scene.signalKey('nobody', 'a', 'd')) === 'kept', 'the old one to be new again', 'known');
    },
  },
  {
    id: 'clock',
    proves: 'the time of the store moves on, and is one for all',
    check: async (scene, demand) => {
      const times: number[] = [];
      for (const n of upTo(4)) {
        times.push(await (n % 2 ? scene.store : scene.other).now());
        const { createdAt } = await scene.begin();
        times.push(createdAt);
        await scene.advance(10);
      }
      const between = times.slice(1).map((at, n) => at - times[n]!);
      demand(
        between.every((ms, n) => ms >= (n % 2 ? 9 : -1)),
        'times that rise',
        between,
      );
      demand(times[0]! > 1e12, 'epoch ms', times[0]);
    },
  },
];
