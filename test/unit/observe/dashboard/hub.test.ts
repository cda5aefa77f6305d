import { beforeEach, describe, expect, it } from 'vitest';
import { Dashboard } from '../../../../src/observe/dashboard/dashboard.js';
import type { PatchMessage, StateMessage } from '../../../../src/observe/dashboard/protocol.js';
import { Observatory } from '../../../../src/observe/observatory.js';
import { CircuitBreaker } from '../../../../src/resilience/circuit-breaker.js';
import { VirtualClock } from '../../../../src/testing/virtual-clock.js';

interface Told {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: unknown;
}

/** The messages in what a viewer was sent. */
function messagesIn(text: string): Told[] {
  return text.split('\n\n').flatMap(block => {
    const fields = Object.fromEntries(block.split('\n').map(line => line.split(/: (.*)/s).slice(0, 2)));
    return fields.event === undefined
      ? []
      : [{ id: fields.id, event: fields.event, data: JSON.parse(fields.data) }];
  });
}

/** A viewer of a board, and what it has heard. */
async function viewerOf(board: Dashboard, lastEventId?: string) {
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  const response = await board.fetch(new Request('http://shop.example/api/stream', { headers }));
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  /** All that is there: what follows comes in a later turn. */
  const heard = async (): Promise<Told[]> => {
    for (;;) {
      const next = await Promise.race([
        reader!.read(),
        new Promise<undefined>(resolve => setTimeout(resolve, 5)),
      ]);
      if (next === undefined || next.done) return messagesIn(text);
      text += decoder.decode(next.value);
    }
  };
  return { response, heard: reader === undefined ? async () => [] : heard, leave: () => reader?.cancel() };
}

describe('what viewers are told', () => {
  let clock: VirtualClock;
  let observatory: Observatory;
  let breaker: CircuitBreaker;
  let board: Dashboard;

  beforeEach(() => {
    clock = new VirtualClock();
    observatory = new Observatory({ service: 'shop', clock });
    breaker = new CircuitBreaker({ name: 'payments', clock });
    observatory.watch(breaker);
    board = new Dashboard({ observatory, clock, intervalMs: 1_000 });
  });

  it('begins with all there is', async () => {
    const viewer = await viewerOf(board);
    const [state] = await viewer.heard();
    expect(state).toMatchObject({
      event: 'state',
      data: {
        title: 'shop',
        things: [{ key: 't1', kind: 'circuit-breaker', name: 'payments', service: 'shop' }],
      },
    });
    expect((state!.data as StateMessage).things[0]!.detail).toMatchObject({ state: 'closed' });
    await viewer.leave();
  });

  it('is after that what has changed, and a beat where nothing has', async () => {
    const viewer = await viewerOf(board);
    await clock.advance(1_000);
    breaker.isolate();
    await clock.advance(1_000);
    const [, beat, patch] = await viewer.heard();
    expect(beat).toMatchObject({ event: 'beat', id: undefined });
    const { changed, events, made } = patch!.data as PatchMessage;
    expect(changed).toMatchObject([{ key: 't1', snapshot: { state: 'isolated' } }]);
    expect(changed![0]).not.toHaveProperty('description');
    expect(events).toMatchObject([{ event: 'isolated', name: 'payments', count: 1 }]);
    expect(made).toBeUndefined();
    await viewer.leave();
  });

  it('is no work while nobody looks', async () => {
    let asked = 0;
    observatory.watch({
      name: 'dear',
      describe: () => ({ kind: 'dear' }),
      snapshot: () => ++asked,
    });
    const before = asked;
    await clock.advance(10_000);
    expect(asked).toBe(before);
    const one = await viewerOf(board);
    const others = await Promise.all(Array.from({ length: 20 }, () => viewerOf(board)));
    const begun = asked;
    await clock.advance(3_000);
    expect(asked - begun).toBe(3);
    for (const viewer of [one, ...others]) await viewer.leave();
    const left = asked;
    await clock.advance(10_000);
    expect(asked).toBe(left);
    expect(board.snapshot().viewers).toBe(0);
  });

  it('is for one that comes back what it has missed, and nothing else', async () => {
    const viewer = await viewerOf(board);
    breaker.isolate();
    await clock.advance(1_000);
    const seen = (await viewer.heard()).at(-1)!.id!;
    await viewer.leave();
    breaker.reset();
    const again = await viewerOf(board, seen);
    await clock.advance(1_000);
    const heard = await again.heard();
    expect(heard.map(({ event }) => event)).toEqual(['patch']);
    expect((heard[0]!.data as PatchMessage).events).toMatchObject([{ event: 'closed' }]);
    await again.leave();
  });

  it('is all there is for one that comes back too late, or to another run', async () => {
    const reader = await viewerOf(board);
    const [state] = await reader.heard();
    const late = state!.id!;
    for (let change = 0; change < 310; change++) {
      if (change % 2 === 0) breaker.isolate();
      else breaker.reset();
      await clock.advance(1_000);
      if (change % 20 === 0) await reader.heard();
    }
    for (const id of [late, 'another.1', `${late}99999`, 'nonsense', '']) {
      const viewer = await viewerOf(board, id);
      expect((await viewer.heard())[0]!.event, id).toBe('state');
    }
  });

  it('tells of things that come and go', async () => {
    const viewer = await viewerOf(board);
    const unwatch = observatory.watch(new CircuitBreaker({ name: 'stock', clock }));
    await clock.advance(1_000);
    unwatch();
    await clock.advance(1_000);
    const [, made, gone] = await viewer.heard();
    expect((made!.data as PatchMessage).made).toMatchObject([{ key: 't2', name: 'stock' }]);
    expect((gone!.data as PatchMessage).gone).toEqual(['t2']);
    await viewer.leave();
  });

  it('counts a storm of events, and keeps the states of a breaker apart from it', async () => {
    breaker.isolate();
    for (let call = 0; call < 5_000; call++) await breaker.execute(() => 1).catch(() => {});
    const viewer = await viewerOf(board);
    const state = (await viewer.heard())[0]!.data as StateMessage;
    expect(state.events).toMatchObject([
      { event: 'isolated', count: 1 },
      { event: 'rejected', count: 5_000 },
    ]);
    expect(state.timelines['t1']).toMatchObject([{ state: 'closed', at: 0 }, { state: 'isolated' }]);
    await viewer.leave();
  });

  it('is told to so many viewers as there may be', async () => {
    const small = new Dashboard({ observatory, clock, maxViewers: 2 });
    const turned: number[] = [];
    small.on('turnedAway', ({ viewers }) => turned.push(viewers));
    const first = await viewerOf(small);
    await viewerOf(small);
    const third = await viewerOf(small);
    expect(third.response.status).toBe(503);
    expect(third.response.headers.get('retry-after')).toBe('10');
    expect(turned).toEqual([2]);
    await first.leave();
    expect((await viewerOf(small)).response.status).toBe(200);
    small.close();
  });

  it('ends with the dashboard', async () => {
    const viewer = await viewerOf(board);
    board.close();
    await expect(viewer.heard()).resolves.toHaveLength(1);
  });

  it('is not told any more to one that has stopped reading', async () => {
    const slow = await board.fetch(new Request('http://shop.example/api/stream'));
    const quick = await viewerOf(board);
    // 65 kB are taken before anything counts as waiting; what comes then is too old after half a minute.
    observatory.watch({
      name: 'loud',
      describe: () => ({ kind: 'loud' }),
      snapshot: () => ({ noise: 'x'.repeat(1_900), at: clock.now() }),
    });
    for (let second = 0; second < 120; second++) {
      await clock.advance(1_000);
      await quick.heard();
    }
    expect(board.snapshot()).toMatchObject({ viewers: 1, dropped: 1 });
    await expect(
      (async () => {
        const reader = slow.body!.getReader();
        while (!(await reader.read()).done);
      })(),
    ).rejects.toThrow('the viewer has stopped reading');
    await quick.leave();
  });
});
