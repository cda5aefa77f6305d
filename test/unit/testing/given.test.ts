import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineEvents } from '../../../src/events/event-registry.js';
import { type GivenEvent, given } from '../../../src/testing/given.js';

interface Stock {
  readonly apples: number;
}
const replays: boolean[] = [];
const stock = {
  init: (): Stock => ({ apples: 0 }),
  on: {
    picked: (state: Stock, n: number, { replaying }: { readonly replaying: boolean }) => {
      replays.push(replaying);
      return { apples: state.apples + n };
    },
    lost: () => {
      throw Object.assign(new RangeError('nothing is there'), { code: 'ERR_EMPTY' });
    },
  },
};
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    error => error as Error,
  );

describe('given a projection', () => {
  it('then its state is what the events make of it', async () => {
    await given(stock).then({ apples: 0 });
    replays.length = 0;
    await given(stock)
      .events({ type: 'picked', data: 3 })
      .when({ type: 'picked', data: 4 }, { type: 'picked', data: 1 })
      .then({ apples: 8 });
    expect(replays).toEqual([true, false, false]);
  });

  it('then a state that is another is told of', async () => {
    const error = await failure(given(stock).when({ type: 'picked', data: 4 }).then({ apples: 5 }));
    expect(error).toMatchObject({
      name: 'GivenError',
      message: 'then: expected { apples: 5 }, got { apples: 4 }',
    });
  });

  it('then it may be looked at, and awaited', async () => {
    const sentence = given(stock).when({ type: 'picked', data: 2 });
    await sentence.then(({ apples }) => expect(apples).toBe(2));
    const wrong = sentence.then(({ apples }) => expect(apples).toBe(3));
    expect(await failure(wrong)).toMatchObject({ name: 'AssertionError' });
    const awaited = (one: unknown) => Promise.resolve(one as PromiseLike<unknown>);
    expect(await awaited(sentence)).toEqual({ apples: 2 });
    const lost = awaited(given(stock).when({ type: 'lost', data: undefined }));
    expect(await failure(lost)).toMatchObject({ code: 'ERR_EMPTY' });
  });

  it('can be told in parts, none of which changes another', async () => {
    const three = given(stock).events({ type: 'picked', data: 3 });
    await three.when({ type: 'picked', data: 1 }).then({ apples: 4 });
    await three.then({ apples: 3 });
  });

  it('a handler that changes the state in place fails', async () => {
    const careless = {
      init: () => ({ items: [] as string[], raw: new Uint8Array(1) }),
      on: {
        added: (state: { items: string[]; raw: Uint8Array<ArrayBuffer> }, item: string) => {
          state.items.push(item);
          return state;
        },
      },
    };
    await given(careless).when({ type: 'added', data: 'a' }).thenThrows('TypeError');
  });

  it('passes over events without a handler', async () => {
    const other = { type: 'other', data: 1 } as unknown as GivenEvent<{ picked: number }>;
    await given(stock).when(other).then({ apples: 0 });
  });

  it('reads what was written in another version through its registry', async () => {
    const registry = defineEvents(
      { picked: { 1: z.number(), 2: z.object({ n: z.number() }) } },
      { upcast: { picked: { 1: n => ({ n }) } } },
    );
    const projection = {
      init: () => 0,
      on: { picked: (sum: number, { n }: { n: number }) => sum + n },
      registry,
    };
    await given(projection)
      .events({ type: 'picked', data: 3, version: 1 })
      .when({ type: 'picked', data: { n: 4 } })
      .then(7);
    await given(projection).when({ type: 'picked', data: 'x', version: 1 }).thenThrows('ERR_INVALID_EVENT');
    await given(stock)
      .when({ type: 'picked', data: 1, version: 1 })
      .thenThrows(/reads no versions/);
  });
});

describe('thenThrows', () => {
  const lost = given(stock).when({ type: 'lost', data: undefined });

  it.each([undefined, 'ERR_EMPTY', 'RangeError', /nothing/])('takes %s', async expected => {
    await lost.thenThrows(expected);
  });

  it.each(['ERR_OTHER', /something/])('refuses %s', async expected => {
    const error = await failure(lost.thenThrows(expected));
    expect(error).toMatchObject({ name: 'GivenError', cause: { code: 'ERR_EMPTY' } });
  });

  it('fails where nothing does', async () => {
    expect(await failure(given(stock).thenThrows())).toMatchObject({
      message: 'thenThrows: nothing failed, and the result is { apples: 0 }',
    });
  });
});

describe('given a handler', () => {
  it('then what it answered to the last event is looked at', async () => {
    const seen: string[] = [];
    const handler = (
      { type, data }: GivenEvent,
      { position, replaying }: { position: unknown; replaying: boolean },
    ) => seen.push(`${type} ${data} ${position} ${replaying}`);
    await given(handler).events({ type: 'a', data: 1 }).when({ type: 'b', data: 2 }).then(2);
    expect(seen).toEqual(['a 1 1 true', 'b 2 2 false']);
    await given(handler).then(undefined);
    await given(() => Promise.reject(new Error('no')))
      .when({ type: 'a', data: 1 })
      .thenThrows(/no/);
  });

  it('refuses what is neither', () => {
    expect(() => given({} as never)).toThrow(/a projection with `init` and `on`, or a function/);
    expect(() => given(undefined as never)).toThrow(TypeError);
  });
});
