import { afterEach, describe, expect, it } from 'vitest';
import { RecordTooLargeError } from '../../../src/kernel/bus-errors.js';
import { type Broker, parkingScene, refuses } from '../../fixtures/process-parking.js';

const closings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0)) await close();
});

async function scene(...given: Parameters<typeof parkingScene>) {
  const made = await parkingScene(...given);
  closings.push(made.close);
  return made;
}

describe('a command that the broker refuses', () => {
  const no = () => new Error('not this one');

  it('is parked when its tries are used up, and all others go on', async () => {
    const { place, pay, pass, sent, told, manager, asked } = await scene(refuses(no), { maxPublishTries: 3 });
    await place('a');
    await pay('a');
    await pass(250);
    expect(told.publishFailed.map(({ tries, retryMs }) => [tries, retryMs])).toEqual([
      [1, 100],
      [2, 200],
    ]);
    await place('b');
    await pay('b');
    await pass(50);
    expect(sent).toEqual(['charge b', 'ship b']);
    await pass(100);
    expect(told.parked).toEqual([
      {
        ...{ process: 'order', key: 'a', id: expect.any(String), why: 'refused', tries: 3, crashes: 0 },
        ...{ error: expect.objectContaining({ message: 'not this one' }), at: expect.any(Number) },
      },
    ]);
    await pass(100_000);
    expect(asked.filter(each => each.endsWith(' a'))).toEqual(['charge a', 'charge a', 'charge a']);
    expect(manager.snapshot()).toMatchObject({ parked: 1, published: 2 });
    const [first] = told.publishFailed;
    expect(await manager.parked()).toEqual([
      {
        ...{ key: 'a', id: first!.id, to: 'charge', data: { order: 'a', cents: 5 }, tries: 3, crashes: 0 },
        ...{ error: { name: 'Error', message: 'not this one' }, since: first!.at },
        ...{ parkedAt: told.parked[0]!.at, waiting: 2 },
      },
    ]);
  });

  it('is parked when its time is used up, however many tries are left', async () => {
    const { place, pass, told } = await scene(refuses(no), { maxPublishMs: 700 });
    await place('a');
    await pass(10_000);
    expect(told.publishFailed.map(({ retryMs }) => retryMs)).toEqual([100, 200, 400]);
    expect(told.parked).toEqual([expect.objectContaining({ why: 'refused', tries: 4 })]);
  });

  it('goes out in order when somebody tries it again', async () => {
    let refused = true;
    const { place, pay, pass, told, sent, manager, ids } = await scene(
      () => (refused ? Promise.reject(no()) : undefined),
      { maxPublishTries: 1, pollMs: 60_000 },
    );
    await place('a');
    await pass(10);
    await pay('a');
    await pass(10);
    expect(told.parked).toHaveLength(1);
    refused = false;
    expect(await manager.retryParked('b')).toBe(false);
    expect(await manager.retryParked('a')).toBe(true);
    expect(await manager.retryParked('a')).toBe(false);
    // Nobody has to wait until it is time to look.
    await pass(10);
    expect(sent).toEqual(['charge a', 'ship a']);
    const { id } = told.parked[0]!;
    expect(ids[0]).toBe(id);
    expect(told.unparked).toEqual([
      { process: 'order', key: 'a', id, how: 'retried', reason: undefined, at: expect.any(Number) },
    ]);
    expect(await manager.parked()).toEqual([]);
  });

  it('has all of its tries again when it is tried again', async () => {
    const { place, pass, told, manager } = await scene(refuses(no), { maxPublishTries: 2 });
    await place('a');
    await pass(1_000);
    await manager.retryParked('a');
    await pass(1_000);
    expect(told.publishFailed.map(({ tries }) => tries)).toEqual([1, 1]);
    expect(told.parked.map(({ tries }) => tries)).toEqual([2, 2]);
  });

  it('can be thrown away, with a reason that is kept', async () => {
    const broker: Broker = to => (to === 'charge' ? Promise.reject(no()) : undefined);
    const { place, pay, pass, told, sent, manager } = await scene(broker, { maxPublishTries: 1 });
    await place('a');
    await pay('a');
    await pass(200);
    const { id, at } = told.parked[0]!;
    expect(await manager.discardParked('a', 'another', 'why')).toBe(false);
    expect(await manager.discardParked('b', id, 'why')).toBe(false);
    await expect(manager.discardParked('a', id, '')).rejects.toThrow(
      'discardParked: `reason` must be a text of 1 to 1000 characters, got ""',
    );
    await expect(manager.discardParked('a', undefined as never, 'why')).rejects.toThrow('`id` must be');
    await expect(manager.retryParked(7 as never)).rejects.toThrow('retryParked: `key` must be');
    await pass(300);
    expect(await manager.discardParked('a', id, 'charged by hand')).toBe(true);
    await pass(200);
    expect(sent).toEqual(['ship a']);
    expect(told.unparked).toEqual([
      expect.objectContaining({ key: 'a', id, how: 'discarded', reason: 'charged by hand' }),
    ]);
    const [kept, ...more] = await manager.discarded();
    expect(more).toEqual([]);
    expect(kept).toMatchObject({ key: 'a', id, to: 'charge', tries: 1, reason: 'charged by hand' });
    expect(kept).toMatchObject({ parkedAt: at, discardedAt: at + 500 });
    expect(await manager.discarded({ after: kept!.position })).toEqual([]);
  });

  it('is tried again with all others, or with those that somebody chooses', async () => {
    let refused = true;
    const { place, pass, sent, told, manager } = await scene(
      () => (refused ? Promise.reject(no()) : undefined),
      {
        maxPublishTries: 1,
      },
    );
    const keys = Array.from({ length: 205 }, (_, at) => `k-${at + 100}`);
    for (const key of keys) await place(key);
    await pass(500);
    expect(told.parked).toHaveLength(205);
    refused = false;
    const isLate = ({ key }: { key: string }) => key >= 'k-300';
    expect(await manager.retryAllParked({ where: isLate })).toBe(5);
    expect(await manager.retryAllParked({ where: isLate })).toBe(0);
    expect(await manager.retryAllParked()).toBe(200);
    await pass(500);
    expect(sent.filter(each => each.startsWith('charge'))).toHaveLength(205);
    expect(told.unparked).toHaveLength(205);
    expect(await manager.parked()).toEqual([]);
    await expect(manager.retryAllParked({ key: 'a' } as never)).rejects.toThrow('unknown option `key`');
    await expect(manager.retryAllParked({ where: 'a' } as never)).rejects.toThrow(
      'retryAllParked: `where` must be a function, got "a"',
    );
  });

  it('that is parked anew by that is let be, so that it ends', async () => {
    const { place, pass, told, manager } = await scene(() => Promise.reject(no()), { maxPublishTries: 1 });
    for (const key of ['a', 'b']) await place(key);
    await pass(200);
    expect(await manager.retryAllParked()).toBe(2);
    await pass(200);
    expect(told.parked).toHaveLength(4);
  });

  it('is thrown away with all others, for one reason', async () => {
    const { place, pass, manager } = await scene(() => Promise.reject(no()), { maxPublishTries: 1 });
    for (const key of ['a', 'b', 'c']) await place(key);
    await pass(200);
    await expect(manager.discardAllParked('')).rejects.toThrow('discardAllParked: `reason` must be a text');
    expect(await manager.discardAllParked('of old', { where: ({ key }) => key !== 'b' })).toBe(2);
    expect(await manager.discardAllParked('all')).toBe(1);
    const gone = (await manager.discarded()).map(({ key, reason }) => `${key} ${reason}`);
    expect(gone).toEqual(['a of old', 'c of old', 'b all']);
  });

  it('is listed in parts', async () => {
    const broker: Broker = () => Promise.reject(no());
    const { place, pass, manager } = await scene(broker, { maxPublishTries: 1 });
    for (const key of ['c', 'a', 'b']) await place(key);
    await pass(100);
    expect((await manager.parked({ limit: 2 })).map(({ key }) => key)).toEqual(['a', 'b']);
    expect((await manager.parked({ after: 'b' })).map(({ key }) => key)).toEqual(['c']);
    await expect(manager.parked({ limit: 0 })).rejects.toThrow('parked: `limit` must be an integer >= 1');
    await expect(manager.parked({ from: 'a' } as never)).rejects.toThrow('parked: unknown option `from`');
    await expect(manager.discarded({ after: '' })).rejects.toThrow('discarded: `after` must be');
  });

  it('for which this program has no topic has its tries too: another program may know it', async () => {
    const { pass, told, store } = await scene(() => undefined, { maxPublishTries: 2 });
    const body = JSON.stringify({ to: 'refund', data: { order: 'a' }, correlationId: 'c' });
    const sends = [{ id: '1', body }];
    const nothing = { message: undefined, schedule: [], cancel: [] };
    const next = { version: 1, state: '{}', timeouts: {}, correlationId: 'c', ended: false, late: 0 };
    await store.commit({ process: 'order', key: 'a', expected: 0, next, sends, ...nothing });
    await pass(1_000);
    expect(told.publishFailed).toHaveLength(1);
    const message = 'order: this program has no topic for "refund"';
    expect(told.parked).toEqual([
      expect.objectContaining({ why: 'refused', error: expect.objectContaining({ message }) }),
    ]);
  });
});

describe('a command that can never be published', () => {
  it('is parked at once, and nobody is told that it is tried again', async () => {
    const broker = refuses(() => new RecordTooLargeError('9 bytes, the broker takes 8'));
    const { place, pass, told, sent } = await scene(broker);
    await place('a');
    await place('b');
    await pass(10_000);
    expect(told.publishFailed).toEqual([]);
    expect(told.parked).toEqual([expect.objectContaining({ key: 'a', why: 'hopeless', tries: 0 })]);
    expect(sent).toContain('charge b');
  });

  it.each([
    ['no JSON', '{', undefined],
    ['another thing than a command', '7', undefined],
    ['a command to nowhere', '{"to":7,"data":1}', 1],
  ])('is shown as far as it can be read when it is %s', async (_, body, data) => {
    const { pass, told, store, manager } = await scene(() => undefined, { maxPublishTries: 1 });
    const nothing = { message: undefined, schedule: [], cancel: [] };
    const next = { version: 1, state: '{}', timeouts: {}, correlationId: 'c', ended: false, late: 0 };
    const sends = [{ id: '1', body }];
    await store.commit({ process: 'order', key: 'a', expected: 0, next, sends, ...nothing });
    await pass(200);
    expect(told.parked[0]!.why).toBe(body === '{' ? 'hopeless' : 'refused');
    expect(await manager.parked()).toEqual([expect.objectContaining({ key: 'a', to: undefined, data })]);
  });
});
