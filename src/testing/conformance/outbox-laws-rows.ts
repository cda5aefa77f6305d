import { bucketOf } from '../../core/outbox-lease.js';
import { HOUR_MS, idsOf, LEASE_MS, messageOf, type OutboxLaw, rowOf } from './outbox-stage.js';

class Undo extends Error {}

/** What is written, read and taken away. */
export const outboxRowLaws: Readonly<Record<string, OutboxLaw>> = {
  'what was committed is read in the order of its writing, and what was rolled back never is': async (
    stage,
    demand,
  ) => {
    const relay = await stage.relay();
    await stage.publish('a1');
    await stage.publish('b1', 'a2', 'c1');
    const undone = stage.subject.transaction(async transaction => {
      await stage.store.add(transaction, [messageOf('a', 'a3')]);
      throw new Undo();
    });
    await undone.catch((error: unknown) => {
      if (!(error instanceof Undo)) throw error;
    });
    await stage.publish('a4');
    const rows = await relay.read();
    demand(idsOf(rows) === 'a1 b1 a2 c1 a4', 'all of it but what was rolled back', idsOf(rows));
    const ascending = rows.every(({ id }, at) => at === 0 || id > rows[at - 1]!.id);
    demand(ascending, 'numbers that grow', rows);
    const { id, ...whole } = rows[0]!;
    const { id: messageId, ...written } = messageOf('a', 'a1');
    for (const [name, value] of Object.entries({ ...written, messageId, tries: 0, crashes: 0 })) {
      const got = whole[name as keyof typeof whole];
      demand(got === value, `${name} to be ${value}`, got);
    }
    await stage.subject.transaction(transaction => stage.store.add(transaction, []));
    demand((await relay.read()).length === 5, 'nothing more', await relay.read());
  },

  'nothing is seen before its transaction commits, and then it is, however late': async (stage, demand) => {
    const relay = await stage.relay();
    let rows = await relay.read();
    await stage.subject.transaction(async transaction => {
      await stage.store.add(transaction, [messageOf('a', 'a1')]);
      // Others have gone on meanwhile, and the position with them.
      if (await stage.alongside(() => stage.publish('b1'))) {
        rows = await relay.read();
        demand(idsOf(rows) === 'b1', 'what others have committed', idsOf(rows));
        await stage.store.confirm(relay.claim('b'), [rows[0]!.id]);
        rows = await relay.read();
      }
    });
    demand(rows.length === 0, 'nothing of a transaction that is open', idsOf(rows));
    demand(idsOf(await relay.read()) === 'a1', 'it once it has committed', idsOf(await relay.read()));
  },

  'what is read has bounds, and leaves out what is not wanted': async (stage, demand) => {
    const relay = await stage.relay();
    await stage.publish('a1', 'b1', 'a2', 'c1', 'a3', 'b2');
    const cases: readonly (readonly [number, readonly string[], number, string])[] = [
      [3, [], 50, 'a1 b1 a2'],
      [10, ['a'], 50, 'b1 c1 b2'],
      [10, [], 1, 'a1 b1 c1'],
      [10, ['b', 'c'], 2, 'a1 a2'],
    ];
    for (const [limit, skip, reach, wanted] of cases) {
      const got = idsOf(await relay.read(limit, skip, reach));
      demand(got === wanted, `${wanted} for ${JSON.stringify({ limit, skip, reach })}`, got);
    }
    const others = relay.grants.filter(({ bucket }) => bucket !== bucketOf('a'));
    relay.grants = others;
    demand(idsOf(await relay.read()) === 'b1 c1 b2', 'only of the buckets that are named', others.length);
  },

  'what is confirmed is gone, and nothing else': async (stage, demand) => {
    const { store } = stage;
    const relay = await stage.relay();
    await stage.publish('a1', 'a2', 'b1');
    const rows = await relay.read();
    const [a1, a2, b1] = ['a1', 'a2', 'b1'].map(id => rowOf(rows, id).id);
    // That of another bucket is none of this claim.
    const held = await Promise.all([
      store.confirm(relay.claim('a'), [a1!, b1!]),
      store.confirm(relay.claim('a'), [a1!]),
    ]);
    demand(held[0] && held[1], 'the claims to be good', held);
    demand(idsOf(await relay.read()) === 'a2 b1', 'the first to be gone', idsOf(await relay.read()));
    await store.confirm(relay.claim('a'), [a2!]);
    await store.confirm(relay.claim('b'), [b1!]);
    demand((await relay.read()).length === 0, 'nothing', await relay.read());
  },

  'a key that gave trouble waits, and no other does': async (stage, demand) => {
    const { store } = stage;
    const relay = await stage.relay();
    await stage.publish('a1', 'b1', 'a2');
    const { id } = rowOf(await relay.read(), 'a1');
    const trouble = { id, tries: 1, waitMs: LEASE_MS, reason: 'failed' as const, error: 'no' };
    await store.mark(relay.claim('a'), id);
    demand(await store.trouble(relay.claim('a'), trouble), 'the claim to be good', false);
    demand(idsOf(await relay.read()) === 'b1', 'the other key', idsOf(await relay.read()));
    demand((await store.parked(10, undefined)).length === 0, 'nothing parked', 'a parked key');
    await stage.subject.advance(LEASE_MS + 1);
    const later = await relay.read();
    demand(idsOf(later) === 'a1 b1 a2', 'all of it in its order', idsOf(later));
    demand(rowOf(later, 'a1').tries === 1, 'the try to be counted', later);
    await store.confirm(relay.claim('a'), [id]);
    demand(rowOf(await relay.read(), 'a2').tries === 0, 'that to be over', await relay.read());
  },

  'a parked key stands still, and is told of until somebody decides': async (stage, demand) => {
    const { store } = stage;
    const relay = await stage.relay();
    await stage.publish('a1', 'b1', 'c1', 'a2');
    const rows = await relay.read();
    const park = (id: string): Promise<boolean> =>
      store.trouble(relay.claim(id.slice(0, 1)), {
        ...{ id: rowOf(rows, id).id, tries: 3, waitMs: undefined, reason: 'refused', error: `no ${id}` },
      });
    await park('a1');
    await park('c1');
    await stage.publish('a3');
    demand(idsOf(await relay.read()) === 'b1', 'what comes later to stand behind', idsOf(await relay.read()));
    const parked = await store.parked(10, undefined);
    demand(parked.map(({ key }) => key).join() === 'a,c', 'both, by their names', parked);
    const { parkedAt, ...told } = parked[0]!;
    const facts = { key: 'a', reason: 'refused', messageId: 'a1', topic: 'orders.placed' };
    for (const [name, value] of Object.entries({ ...facts, tries: 3, crashes: 0, error: 'no a1' })) {
      const got = told[name as keyof typeof told];
      demand(got === value, `${name} to be ${value}`, got);
    }
    demand(Number.isFinite(parkedAt), 'when it was', parkedAt);
    const pages = [await store.parked(1, undefined), await store.parked(10, 'a')];
    demand(
      pages
        .flat()
        .map(({ key }) => key)
        .join() === 'a,c',
      'page after page',
      pages,
    );
    const answers = [await store.retry('a'), await store.retry('a'), await store.retry('b')];
    demand(answers.join() === 'true,false,false', 'it once, and nothing that is not parked', answers);
    const left = await relay.read();
    demand(idsOf(left) === 'a1 b1 a2 a3' && left[0]?.tries === 0, 'it from its beginning', left);
  },

  'what is given up is handed over, and its key goes on': async (stage, demand) => {
    const { store } = stage;
    const relay = await stage.relay();
    await stage.publish('a1', 'a2');
    demand((await store.discard('a')) === undefined, 'nothing of a key that is not parked', 'a message');
    const [row] = await relay.read();
    const trouble = { tries: 1, waitMs: undefined, reason: 'failed' as const, error: '' };
    await store.trouble(relay.claim('a'), { id: row!.id, ...trouble });
    const gone = await store.discard('a');
    const words = `${gone?.id} ${gone?.key} ${gone?.topic} ${gone?.body} ${gone?.facts}`;
    demand(words === 'a1 a orders.placed {"id":"a1"} {}', 'the message', words);
    demand(idsOf(await relay.read()) === 'a2', 'what came after it', idsOf(await relay.read()));
    demand((await store.parked(10, undefined)).length === 0, 'nothing parked', 'a parked key');
  },

  'only what has been parked for long is ever deleted': async (stage, demand) => {
    const { store } = stage;
    const relay = await stage.relay();
    await stage.publish('a1', 'b1', 'c1', 'd1', 'a2');
    const rows = await relay.read();
    for (const id of ['a1', 'b1', 'c1']) {
      const waitMs = id === 'c1' ? 0 : undefined;
      const trouble = { id: rowOf(rows, id).id, tries: 1, waitMs, reason: 'failed' as const, error: '' };
      await store.trouble(relay.claim(id.slice(0, 1)), trouble);
    }
    demand((await store.purge(HOUR_MS, 10)) === 0, 'what is young to be kept', 'something deleted');
    const purged = [await store.purge(0, 1), await store.purge(0, 10), await store.purge(0, 10)];
    demand(purged.join() === '1,1,0', 'one, and the other', purged);
    demand(idsOf(await relay.read()) === 'c1 d1', 'nothing else', idsOf(await relay.read()));
  },

  'what waits is counted, by bucket and by age': async (stage, demand) => {
    const relay = await stage.relay();
    demand((await stage.store.lag()).length === 0, 'nothing', await stage.store.lag());
    await stage.publish('a1', 'a2', 'b1');
    await stage.subject.advance(LEASE_MS);
    const { id } = rowOf(await relay.read(), 'b1');
    const trouble = { id, tries: 1, waitMs: undefined, reason: 'failed' as const, error: '' };
    await stage.store.trouble(relay.claim('b'), trouble);
    const lag = await stage.store.lag();
    const [a, b] = ['a', 'b'].map(key => lag.find(({ bucket }) => bucket === bucketOf(key)));
    demand(lag.length === 2 && a?.messages === 2 && b?.messages === 1, 'two and one', lag);
    demand(a?.parked === 0 && b?.parked === 1, 'one parked', lag);
    demand(a!.oldestMs >= LEASE_MS && b!.oldestMs >= LEASE_MS, 'their ages', lag);
    demand(a!.stuckMs >= LEASE_MS && b!.stuckMs === 0, 'nobody to wait for what is parked', lag);
  },

  'any text is kept': async (stage, demand) => {
    const relay = await stage.relay();
    const texts = ['\0', '\ud800', '"x"', "it's", '💶', ' ', '{}', 'a\nb'];
    for (const more of [[], ['second']]) {
      for (const text of texts) {
        const [body, facts] = [JSON.stringify({ text }), JSON.stringify({ headers: { 'x-a': text } })];
        const messages = [text, ...more].map(id => messageOf(text, id, { body, facts, ordered: false }));
        await stage.subject.transaction(transaction => stage.store.add(transaction, messages));
        const [row] = await relay.read(1);
        const words = JSON.stringify(text);
        demand(row?.key === text && row.messageId === text, `${words} as a key and an id`, row);
        demand(row?.body === body && row.facts === facts && !row.ordered, `${words} in its data`, row);
        const skipped = await relay.read(10, [text]);
        demand(skipped.length === 0, `${words} to be left out`, skipped);
        const all = await relay.read(10);
        await stage.store.confirm(
          relay.claim(text),
          all.map(({ id }) => id),
        );
      }
    }
  },
};
