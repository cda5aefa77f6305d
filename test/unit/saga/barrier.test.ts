import { describe, expect, it } from 'vitest';
import { ParticipantBarrier, type ParticipantBarrierOptions } from '../../../src/saga/barrier.js';
import type { BarrierCall } from '../../../src/saga/barrier-key.js';
import { InMemoryBarrierStore, type MemoryTransaction } from '../../../src/saga/barrier-memory.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';

function setUp(options: Partial<ParticipantBarrierOptions<MemoryTransaction>> = {}) {
  const clock = new VirtualClock();
  const store = new InMemoryBarrierStore({ clock });
  const barrier = new ParticipantBarrier({ store, clock, ...options });
  const run = (key: string | BarrierCall, work: () => unknown = () => 'ok') =>
    store.transaction(transaction => barrier.run(transaction, key, work));
  return { clock, store, barrier, run };
}

describe('the key of a call', () => {
  it.each<[string | BarrierCall, string, string, string]>([
    ['s:pay:forward', 's', 'pay', 'forward'],
    ['a:b::pay:compensate', 'a:b:', 'pay', 'compensate'],
    [{ saga: 's', step: 'pay', direction: 'forward', epoch: 0 }, 's', 'pay', 'forward'],
  ])('%o is read', async (key, saga, step, direction) => {
    const { barrier, run } = setUp();
    const seen: object[] = [];
    barrier.on('answered', event => void seen.push(event));
    await run(key);
    expect(seen).toMatchObject([{ saga, step, direction }]);
  });

  it.each<[unknown, RegExp]>([
    ['', /the saga of a key must be a string of 1 to 256 characters, got "" in ""/],
    ['pay:forward', /the saga of a key must be/],
    [':pay:forward', /the saga of a key must be/],
    ['s::forward', /the step of a key must be a string of 1 to 128 characters without a colon, got ""/],
    ['s:pay:f', /the direction of a key must be 'forward' or 'compensate', got "f" in "s:pay:f"/],
    ['s:pay:', /the direction of a key/],
    [`${'s'.repeat(257)}:pay:forward`, /the saga of a key/],
    [`s:${'p'.repeat(129)}:forward`, /the step of a key/],
    [7, /a key must be a string or an object, got 7/],
    [null, /a key must be/],
    [['s:pay:forward'], /a key must be/],
    [{ saga: 's', step: 'a:b', direction: 'forward' }, /the step of a key must be .* got "a:b"$/],
    [{ saga: 1, step: 'a', direction: 'forward' }, /the saga of a key/],
    [{ saga: 's', step: 'a', direction: 'forward', epoch: -1 }, /the epoch of a key must be an integer >= 0/],
    [{ saga: 's', step: 'a', direction: 'forward', epoch: '1' }, /the epoch of a key .* got "1"/],
  ])('%o is refused, and nothing runs', async (key, message) => {
    const { run } = setUp();
    let ran = false;
    const error = await run(key as string, () => {
      ran = true;
    }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ERR_BARRIER_KEY', rejected: true });
    expect((error as Error).message).toMatch(message);
    expect(ran).toBe(false);
  });
});

describe('a barrier', () => {
  it('lets what business code throws pass, and runs anew', async () => {
    const { run } = setUp();
    for (const thrown of [new Error('no'), undefined, 'text']) {
      const caught = await run('s:pay:forward', () => Promise.reject(thrown)).catch((error: unknown) => ({
        error,
      }));
      expect(caught).toEqual({ error: thrown });
    }
    expect(await run('s:pay:forward')).toEqual({ outcome: 'done', result: 'ok' });
  });

  it.each<[string, unknown]>([
    ['a function', () => {}],
    ['a bigint', 1n],
    ['a date', new Date(0)],
    ['a hidden undefined', { a: undefined }],
    ['what is no number', Number.NaN],
    ['a prototype', JSON.parse('{"__proto__": 1}')],
  ])('refuses %s as a result, and keeps nothing', async (_, result) => {
    const { run } = setUp();
    const error = await run('s:pay:forward', () => result).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ERR_BARRIER_RESULT' });
    expect((error as Error).message).toMatch(
      /^barrier: the result of "s:pay:forward" must be JSON data or undefined, got /,
    );
    expect(await run('s:pay:forward')).toEqual({ outcome: 'done', result: 'ok' });
  });

  it('bounds a result in bytes, not in characters', async () => {
    const { run } = setUp({ maxResultBytes: 6, name: 'payments' });
    expect(await run('a:pay:forward', () => '€')).toMatchObject({ outcome: 'done' });
    const error = await run('b:pay:forward', () => '€€').catch((thrown: unknown) => thrown);
    expect((error as Error).message).toBe(
      'payments: the result of "b:pay:forward" has 8 bytes, `maxResultBytes` is 6',
    );
  });

  it('asks nothing of the business data of a repeat', async () => {
    const { run } = setUp();
    let stock = 1;
    const take = () => {
      if (stock === 0) throw new Error('sold out');
      stock--;
      return 'the last one';
    };
    await run('s:take:forward', take);
    expect(await run('s:take:forward', take)).toEqual({ outcome: 'duplicate', result: 'the last one' });
  });

  it('lets every epoch through where it is told to', async () => {
    const { run } = setUp({ fence: false });
    await run({ saga: 's', step: 'pay', direction: 'forward', epoch: 5 });
    const later = await run({ saga: 's', step: 'pay', direction: 'compensate', epoch: 1 });
    expect(later.outcome).toBe('done');
  });

  it('tells what it answers, and counts it', async () => {
    const { barrier, run } = setUp();
    const told: unknown[] = [];
    const off = barrier.on('answered', event => void told.push(event));
    await run('a:pay:forward');
    await run('a:pay:forward');
    await run('b:pay:compensate');
    await run('b:pay:forward');
    await run({ saga: 'a', step: 'pay', direction: 'compensate', epoch: 2 });
    await run({ saga: 'a', step: 'pay', direction: 'compensate', epoch: 1 });
    off();
    await run('a:pay:forward');
    expect(told).toHaveLength(6);
    expect(told[2]).toMatchObject({
      ...{ barrier: 'barrier', saga: 'b', step: 'pay', direction: 'compensate', outcome: 'void' },
    });
    expect(barrier.snapshot()).toEqual({
      ...{ name: 'barrier', done: 2, duplicate: 1, void: 1, refused: 2, stale: 1 },
    });
    expect(() => barrier.on('ran' as 'answered', () => {})).toThrow(/unknown event "ran"/);
  });

  it('describes itself, and purges by its rules', async () => {
    const { barrier, run, clock, store } = setUp({ retentionMs: 1_000, purgeLimit: 2 });
    expect(barrier.describe()).toEqual({
      ...{ kind: 'participant-barrier', name: 'barrier', maxResultBytes: 65_536, fence: true },
      ...{ retentionMs: 1_000, purgeLimit: 2 },
    });
    for (const saga of ['a', 'b', 'c']) await run(`${saga}:pay:forward`);
    await clock.advance(999);
    expect(await barrier.purge()).toBe(0);
    // What comes again is young again.
    await run('a:pay:forward');
    await clock.advance(1);
    expect([await barrier.purge(), await barrier.purge(), store.size]).toEqual([2, 0, 1]);
  });

  it.each<[object, string]>([
    [{}, 'ParticipantBarrier: `store` must be a BarrierStore with claim, got undefined'],
    [{ store: { claim() {}, mark() {} } }, 'ParticipantBarrier: `store` must be a BarrierStore with purge'],
    [{ retentionMs: -1 }, 'ParticipantBarrier: `retentionMs` must be a number >= 0'],
    [{ maxResultBytes: 1.5 }, 'ParticipantBarrier: `maxResultBytes` must be an integer >= 0'],
    [{ purgeLimit: 0 }, 'ParticipantBarrier: `purgeLimit` must be an integer >= 1'],
    [{ fence: 1 }, 'ParticipantBarrier: `fence` must be true or false, got 1'],
    [{ fences: true }, 'ParticipantBarrier: unknown option `fences`'],
  ])('refuses %o', (options, message) => {
    const store = new InMemoryBarrierStore();
    const all = 'store' in options || Object.keys(options).length === 0 ? options : { store, ...options };
    expect(() => new ParticipantBarrier(all as never)).toThrow(message);
  });
});
