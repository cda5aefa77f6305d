import { describe, expect, it } from 'vitest';
import { pipeline } from '../../../src/kernel/pipeline.js';
import type { Guard } from '../../../src/kernel/policy.js';
import { Bulkhead } from '../../../src/resilience/bulkhead.js';
import type { BulkheadEvents } from '../../../src/resilience/bulkhead-watching.js';
import { Timeout } from '../../../src/resilience/timeout.js';
import { settle } from '../../../src/testing/settle.js';
import { VirtualClock } from '../../../src/testing/virtual-clock.js';
import { Gate } from '../../fixtures/gate.js';

const state = (bulkhead: Bulkhead): number[] => {
  const { slots, taken, waiting, rejected } = bulkhead.snapshot();
  return [slots, taken, waiting, rejected];
};

const quiet = (promise: Promise<unknown>): void => {
  promise.catch(() => {});
};

/** A thenable that settles twice. */
const twice = {
  then(onValue: (value: number) => void, onError: (error: unknown) => void): void {
    onValue(1);
    onError('too late');
    onValue(2);
  },
} as unknown as PromiseLike<number>;

describe('Bulkhead', () => {
  it('runs as many as it has slots, lets the next ones wait, refuses when the line is full', async () => {
    const gate = new Gate();
    const bulkhead = new Bulkhead({ slots: 2, queue: 1 });
    const calls = ['a', 'b', 'c'].map(name => bulkhead.execute(gate.operation(name)));
    const refused = bulkhead.execute(gate.operation('d'));
    expect(gate.started).toEqual(['a', 'b']);
    await expect(refused).rejects.toMatchObject({
      code: 'ERR_BULKHEAD_FULL',
      policy: 'bulkhead',
      rejected: true,
      retryAfterMs: undefined,
    });
    expect(state(bulkhead)).toEqual([2, 2, 1, 1]);
    gate.end('b');
    await settle();
    expect(gate.started).toEqual(['a', 'b', 'c']);
    gate.end('a');
    gate.end('c');
    await expect(Promise.all(calls)).resolves.toEqual(['a', 'b', 'c']);
    expect(state(bulkhead)).toEqual([2, 0, 0, 1]);
  });

  it('lets nobody wait by default', async () => {
    const gate = new Gate();
    const bulkhead = new Bulkhead({ slots: 1 });
    quiet(bulkhead.execute(gate.operation('a')));
    await expect(bulkhead.execute(gate.operation('b'))).rejects.toMatchObject({ code: 'ERR_BULKHEAD_FULL' });
    expect(gate.started).toEqual(['a']);
  });

  it('gives the slot back however the operation ends, and passes the error on', async () => {
    const bulkhead = new Bulkhead({ slots: 1 });
    const error = Object.freeze(new Error('remote'));
    await expect(
      bulkhead.execute(() => {
        throw error;
      }),
    ).rejects.toBe(error);
    await expect(bulkhead.execute(() => Promise.reject(undefined))).rejects.toBeUndefined();
    await expect(bulkhead.execute(() => twice)).resolves.toBe(1);
    expect(state(bulkhead)).toEqual([1, 0, 0, 0]);
  });

  it('hands a freed slot to the waiter before anybody else hears that it is free', async () => {
    const gate = new Gate();
    const bulkhead = new Bulkhead({ slots: 1, queue: 1 });
    const startedAtExit: string[][] = [];
    const outside: Guard<true> = {
      enter: () => true,
      exit: () => {
        startedAtExit.push([...gate.started]);
      },
    };
    const policy = pipeline(outside, bulkhead);
    quiet(policy.execute(gate.operation('a')));
    quiet(policy.execute(gate.operation('b')));
    gate.end('a');
    await settle();
    expect(startedAtExit).toEqual([['a', 'b']]);
  });

  it('takes nobody into the line who was given up by the time it comes there', async () => {
    const gate = new Gate();
    const bulkhead = new Bulkhead({ slots: 1, queue: 1 });
    const caller = new AbortController();
    const aborting: Guard<true> = {
      enter() {
        caller.abort('on the way');
        return true;
      },
      exit: () => {},
    };
    quiet(bulkhead.execute(gate.operation('a')));
    const call = pipeline(aborting, bulkhead).execute(gate.operation('b'), { signal: caller.signal });
    expect(state(bulkhead)).toEqual([1, 1, 0, 0]);
    await expect(call).rejects.toBe('on the way');
  });

  it('keeps the slot of a call that a timeout outside has answered until its work ends', async () => {
    const clock = new VirtualClock();
    const gate = new Gate();
    const bulkhead = new Bulkhead({ slots: 1, queue: 1, clock });
    const policy = pipeline(new Timeout({ timeoutMs: 50, clock }), bulkhead);
    const first = policy.execute(gate.operation('a'));
    quiet(first);
    await clock.advance(50);
    await expect(first).rejects.toMatchObject({ code: 'ERR_TIMEOUT' });
    const second = policy.execute(gate.operation('b'));
    quiet(second);
    expect(gate.started).toEqual(['a']);
    expect(state(bulkhead)).toEqual([1, 1, 1, 0]);
    gate.end('a');
    await settle();
    expect(gate.started).toEqual(['a', 'b']);
    gate.end('b');
    await expect(second).resolves.toBe('b');
    expect(state(bulkhead)).toEqual([1, 0, 0, 0]);
    expect(clock.timers).toBe(0);
  });

  it('goes through ten thousand waiters that a guard inside refuses, in one turn', async () => {
    let open = true;
    const breaker: Guard<true> = {
      enter() {
        if (open) return true;
        throw new Error('open');
      },
      exit: () => {},
    };
    const gate = new Gate();
    const bulkhead = new Bulkhead({ slots: 1, queue: 10_000 });
    const policy = pipeline(bulkhead, breaker);
    quiet(policy.execute(gate.operation('first')));
    const outcomes = Promise.allSettled(Array.from({ length: 10_000 }, () => policy.execute(() => 1)));
    open = false;
    gate.end('first');
    const reasons = (await outcomes).map(outcome => String((outcome as PromiseRejectedResult).reason));
    expect(new Set(reasons)).toEqual(new Set(['Error: open']));
    expect(state(bulkhead)).toEqual([1, 0, 0, 0]);
  });

  it('admits those who wait when slots are added', async () => {
    const gate = new Gate();
    const bulkhead = new Bulkhead({ slots: 1, queue: 5 });
    for (const name of ['a', 'b', 'c', 'd']) quiet(bulkhead.execute(gate.operation(name)));
    bulkhead.resize(3);
    expect(gate.started).toEqual(['a', 'b', 'c']);
    expect(state(bulkhead)).toEqual([3, 3, 1, 0]);
  });

  it('stops nothing when slots are taken away, and admits nobody until below the new number', async () => {
    const gate = new Gate();
    const bulkhead = new Bulkhead({ slots: 3, queue: 5 });
    for (const name of ['a', 'b', 'c', 'd']) quiet(bulkhead.execute(gate.operation(name)));
    bulkhead.resize(1);
    expect([...gate.contexts.values()].every(({ signal }) => !signal.aborted)).toBe(true);
    gate.end('a');
    gate.end('b');
    await settle();
    expect(gate.started).toEqual(['a', 'b', 'c']);
    gate.end('c');
    await settle();
    expect(gate.started).toEqual(['a', 'b', 'c', 'd']);
    expect(() => bulkhead.resize(0)).toThrow(
      new RangeError('Bulkhead: `slots` must be an integer >= 1, got 0'),
    );
  });

  it('refuses all who wait, and who would have to, once it is disposed of', async () => {
    const clock = new VirtualClock();
    const gate = new Gate();
    const bulkhead = new Bulkhead({ slots: 1, queue: 5, queueTimeoutMs: 100, clock });
    const running = bulkhead.execute(gate.operation('a'));
    const waiting = bulkhead.execute(gate.operation('b'));
    bulkhead[Symbol.dispose]();
    bulkhead[Symbol.dispose]();
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_BULKHEAD_FULL' });
    await expect(bulkhead.execute(gate.operation('c'))).rejects.toThrow('closed');
    expect(clock.timers).toBe(0);
    gate.end('a');
    await expect(running).resolves.toBe('a');
    await expect(bulkhead.execute(() => 1)).resolves.toBe(1);
  });

  it('tells what happens to those who listen', async () => {
    const clock = new VirtualClock();
    const gate = new Gate();
    const bulkhead = new Bulkhead({ slots: 1, queue: 1, name: 'db', clock });
    const seen: unknown[] = [];
    for (const event of ['queued', 'admitted', 'abandoned', 'rejected', 'resized'] as const) {
      bulkhead.on(event, (payload: BulkheadEvents[typeof event]) => seen.push([event, payload]));
    }
    const caller = new AbortController();
    quiet(bulkhead.execute(gate.operation('a')));
    quiet(bulkhead.execute(gate.operation('b'), { signal: caller.signal }));
    quiet(bulkhead.execute(gate.operation('c')));
    caller.abort();
    await clock.advance(10);
    quiet(bulkhead.execute(gate.operation('d')));
    await clock.advance(5);
    bulkhead.resize(2);
    const at = clock.wall();
    const facts = { policy: 'db' };
    expect(seen).toEqual([
      ['queued', { ...facts, waiting: 1, at: at - 15 }],
      ['rejected', { ...facts, reason: 'full', at: at - 15 }],
      ['abandoned', { ...facts, waiting: 0, at: at - 15 }],
      ['queued', { ...facts, waiting: 1, at: at - 5 }],
      ['resized', { ...facts, from: 1, to: 2, at }],
      ['admitted', { ...facts, waitedMs: 5, at }],
    ]);
  });

  it('survives listeners that throw, abort and call it again', async () => {
    const gate = new Gate();
    const bulkhead = new Bulkhead({ slots: 1, queue: 2 });
    const caller = new AbortController();
    bulkhead.on('queued', () => caller.abort('in the listener'));
    bulkhead.on('abandoned', () => {
      quiet(bulkhead.execute(gate.operation('again')));
    });
    const first = bulkhead.execute(gate.operation('a'));
    await expect(bulkhead.execute(gate.operation('b'), { signal: caller.signal })).rejects.toBe(
      'in the listener',
    );
    gate.end('a');
    await first;
    expect(gate.started).toEqual(['a', 'again']);
    gate.end('again');
    await settle();
    expect(state(bulkhead)).toEqual([1, 0, 0, 0]);
  });

  it('forgets a call once, when the listener to its refusal aborts it', async () => {
    const gate = new Gate();
    const bulkhead = new Bulkhead({ slots: 1, queue: 1, order: 'lifo' });
    const caller = new AbortController();
    const seen: string[] = [];
    bulkhead.on('rejected', ({ reason }) => {
      seen.push(reason);
      caller.abort('in the listener');
    });
    bulkhead.on('abandoned', () => seen.push('abandoned'));
    quiet(bulkhead.execute(gate.operation('a')));
    const displaced = bulkhead.execute(gate.operation('b'), { signal: caller.signal });
    quiet(bulkhead.execute(gate.operation('c')));
    await expect(displaced).rejects.toBe('in the listener');
    expect(seen).toEqual(['displaced']);
    expect(state(bulkhead)).toEqual([1, 1, 1, 1]);
  });

  it('describes itself in JSON', () => {
    const bulkhead = new Bulkhead({ slots: 2, ageMs: Number.POSITIVE_INFINITY });
    expect(bulkhead.describe()).toEqual({
      kind: 'bulkhead',
      name: 'bulkhead',
      slots: 2,
      queue: 0,
      order: 'fifo',
      levels: 3,
      ageMs: null,
      queueTimeoutMs: null,
    });
    expect(bulkhead.snapshot()).toEqual({
      name: 'bulkhead',
      slots: 2,
      taken: 0,
      waiting: 0,
      queue: 0,
      rejected: 0,
    });
  });
});
