import { describe, expect, it } from 'vitest';
import { Inbox } from '../../../src/data/inbox.js';
import { Outbox } from '../../../src/data/outbox.js';
import { InMemoryOutboxStore } from '../../../src/data/outbox-memory.js';
import { ParticipantBarrier } from '../../../src/saga/barrier.js';
import { InMemoryBarrierStore } from '../../../src/saga/barrier-memory.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { placed } from './relay-scene.js';

function scene(options: object = {}) {
  const clock = new VirtualClock();
  const store = new InMemoryBarrierStore({ clock });
  const inbox = new Inbox({ store, consumer: 'billing', redeliveryMs: 1_000, ...options });
  let runs = 0;
  const handle = (message: string | { readonly id: string }, ...[result = 'done', nothing]: unknown[]) =>
    store.transaction(tx =>
      inbox.run(tx, message, () => {
        runs++;
        return nothing === true ? undefined : result;
      }),
    );
  return { clock, store, inbox, handle, runs: () => runs };
}

describe('an inbox', () => {
  it('runs a handler once for a message, and gives repeats its result', async () => {
    const { handle, runs } = scene();
    for (const result of [{ invoice: 7 }, null, undefined, 0]) {
      const id = `m-${JSON.stringify(result)}`;
      expect(await handle(id, result, result === undefined)).toEqual({ outcome: 'done', result });
      expect(await handle({ id }, 'another')).toEqual({ outcome: 'duplicate', result });
    }
    expect(runs()).toBe(4);
  });

  it('runs it once for repeats that come at once, and anew when that rolled back', async () => {
    const { handle, runs, store, inbox } = scene();
    const answers = await Promise.all(Array.from({ length: 10 }, () => handle('m-1')));
    expect(answers.filter(({ outcome }) => outcome === 'done')).toHaveLength(1);
    const failing = store.transaction(tx =>
      inbox.run(tx, 'm-2', () => {
        throw new Error('no funds');
      }),
    );
    await expect(failing).rejects.toThrow('no funds');
    expect(await handle('m-2')).toEqual({ outcome: 'done', result: 'done' });
    expect(runs()).toBe(2);
  });

  it('is one for each consumer, and none of the steps of sagas', async () => {
    const { store, handle } = scene();
    const other = new Inbox({ store, consumer: 'shipping', redeliveryMs: 0 });
    await handle('m-1');
    expect(await store.transaction(tx => other.run(tx, 'm-1', () => 1))).toMatchObject({ outcome: 'done' });
    const barrier = new ParticipantBarrier({ store });
    const step = await store.transaction(tx => barrier.run(tx, 'm-1:billing:forward', () => 1));
    expect(step).toMatchObject({ outcome: 'done' });
  });

  it('forgets nothing of others that share its table, whatever their names', async () => {
    const { clock, store, inbox, handle } = scene({ retentionMs: 5_000 });
    const other = new Inbox({ store, consumer: 'billing:m', redeliveryMs: 60_000 });
    const barrier = new ParticipantBarrier({ store });
    const run = () => store.transaction(tx => other.run(tx, '1', () => 1));
    const step = () => store.transaction(tx => barrier.run(tx, 'm-1:billing:forward', () => 1));
    await handle('m:1');
    expect([(await run()).outcome, (await step()).outcome]).toEqual(['done', 'done']);
    await clock.advance(5_000);
    expect([await inbox.purge(), await inbox.purge()]).toEqual([1, 0]);
    expect([(await run()).outcome, (await step()).outcome]).toEqual(['duplicate', 'duplicate']);
    await clock.advance(604_800_000);
    expect([await barrier.purge(), await other.purge()]).toEqual([1, 1]);
  });

  it('forgets what is older than it has to know', async () => {
    const { clock, inbox, handle } = scene({ retentionMs: 5_000 });
    await handle('m-1');
    await clock.advance(4_999);
    expect(await inbox.purge()).toBe(0);
    await clock.advance(1);
    expect(await inbox.purge()).toBe(1);
    expect(await handle('m-1')).toMatchObject({ outcome: 'done' });
  });

  it.each<[unknown, RegExp]>([
    ['', /billing: a message must have an id of 1 to 255 characters, got ""/],
    ['x'.repeat(256), /an id of 1 to 255/],
    [{}, /got undefined/],
    [undefined, /got undefined/],
  ])('runs nothing for a message without an id: %j', async (message, text) => {
    const { handle, runs } = scene();
    const refused = handle(message as string);
    await expect(refused).rejects.toMatchObject({ code: 'ERR_INBOX_MESSAGE' });
    await expect(refused).rejects.toThrow(text);
    expect(runs()).toBe(0);
  });

  it('keeps nothing of a handler whose result cannot be kept', async () => {
    const { handle } = scene({ maxResultBytes: 10 });
    await expect(handle('m-1', () => {})).rejects.toMatchObject({ code: 'ERR_INBOX_RESULT' });
    await expect(handle('m-1', 'x'.repeat(9))).rejects.toThrow('has 11 bytes, `maxResultBytes` is 10');
    expect(await handle('m-1', 'x'.repeat(8))).toMatchObject({ outcome: 'done' });
  });

  it('is one transaction with what the handler sends', async () => {
    const { store, inbox } = scene();
    const outbox = new Outbox({ store: new InMemoryOutboxStore() });
    const handle = (fails: boolean) =>
      store.transaction(async tx => {
        await inbox.run(tx, 'm-1', async () => {
          await outbox.publish(tx, { topic: placed, data: { id: 'a', n: 1 } });
        });
        if (fails) throw new Error('the commit failed');
      });
    await expect(handle(true)).rejects.toThrow('the commit failed');
    expect((await outbox.lag()).messages).toBe(0);
    await handle(false);
    await handle(false);
    expect((await outbox.lag()).messages).toBe(1);
  });

  it.each<[object, RegExp]>([
    [{ store: undefined }, /`store` must be an InboxStore with claim/],
    [{ consumer: '' }, /`consumer` must be a text of 1 to 100 characters, got ""/],
    [{ redeliveryMs: undefined }, /`redeliveryMs` must be a number >= 0/],
    [{ retentionMs: 999 }, /`retentionMs` must be a number >= 1000 .*, got 999/],
    [{ maxResultBytes: -1 }, /`maxResultBytes`/],
    [{ purgeLimit: 0 }, /`purgeLimit`/],
    [{ ttl: 1 }, /unknown option `ttl`/],
  ])('is not made with %o', (options, message) => {
    expect(() => scene(options)).toThrow(message);
  });

  it('tells how it was made', () => {
    expect(scene().inbox.describe()).toEqual({
      ...{ kind: 'inbox', consumer: 'billing', redeliveryMs: 1_000, retentionMs: 604_800_000 },
      ...{ maxResultBytes: 65_536, purgeLimit: 5_000 },
    });
  });
});
