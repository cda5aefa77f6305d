import { afterEach, describe, expect, it } from 'vitest';
import { PublishError } from '../../../src/kernel/bus-errors.js';
import { CircuitOpenError } from '../../../src/kernel/errors.js';
import type { InMemoryProcessStore } from '../../../src/saga/process-memory.js';
import type { ProcessStore } from '../../../src/saga/process-store.js';
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

describe('a broker that is away', () => {
  const publishError = (maybeStored: boolean) =>
    new PublishError('no answer', { retryable: true, maybeStored });

  it.each<[string, () => unknown]>([
    ['a breaker is open', () => new CircuitOpenError('open')],
    ['nobody listens', () => Object.assign(new Error('x'), { code: 'ECONNREFUSED' })],
    ['the bus had no answer', () => publishError(false)],
    ['the bus does not know', () => publishError(true)],
  ])('uses up no tries and no time: %s', async (_, error) => {
    let away = true;
    const { place, pass, told, sent } = await scene(() => (away ? Promise.reject(error()) : undefined), {
      ...{ maxPublishTries: 1, maxPublishMs: 0 },
    });
    await place('a');
    await pass(100_000);
    expect(told.publishFailed.length).toBeGreaterThan(10);
    expect(new Set(told.publishFailed.map(({ tries }) => tries))).toEqual(new Set([0]));
    expect(told.publishFailed.slice(0, 8).map(({ retryMs }) => retryMs)).toEqual([
      ...[100, 200, 400, 800, 1_600, 3_200, 6_000, 6_000],
    ]);
    expect(told.parked).toEqual([]);
    away = false;
    await pass(6_100);
    expect(sent[0]).toBe('charge a');
  });

  it('has refused what gets no answer while others get theirs', async () => {
    const broker = refuses(() => publishError(true));
    const { place, pass, told } = await scene(broker, { maxPublishTries: 4 });
    await place('a');
    await pass(30);
    for (let at = 0; at < 40; at++) {
      await place(`b-${at}`);
      await pass(50);
    }
    expect(told.publishFailed.map(({ tries }) => tries)).toEqual([0, 1, 2, 3]);
    expect(told.parked).toEqual([expect.objectContaining({ key: 'a', why: 'refused', tries: 4 })]);
  });
});

/** Somebody who claims what there is to publish, and is not heard of again. */
async function die(store: ProcessStore): Promise<void> {
  await store.claim('order', 10, 1);
}

describe('a command that ends programs', () => {
  it('is parked without another try when it has ended as many as it may', async () => {
    const { place, pass, told, manager, store, asked, sent } = await scene(() => undefined, {
      ...{ relays: false, maxPublishCrashes: 3 },
    });
    await place('a');
    for (let at = 0; at < 3; at++) {
      await die(store);
      await pass(10);
    }
    const other = await scene(() => undefined, { store: () => store, maxPublishCrashes: 3 });
    await other.place('b');
    await other.pass(500);
    expect([...asked, ...other.asked]).toEqual(['charge b']);
    expect(other.told.parked).toEqual([
      expect.objectContaining({ key: 'a', why: 'deadly', tries: 0, crashes: 3 }),
    ]);
    const [parked] = await manager.parked();
    expect(parked).toMatchObject({ key: 'a', to: 'charge', crashes: 3, tries: 0 });
    expect(parked!.error.message).toBe('3 programs that were to publish it were not heard of again');
    expect([told.parked, sent]).toEqual([[], []]);
  });

  it('is tried as often as it may, and well if it goes well', async () => {
    const { place, pay, pass, store } = await scene(() => undefined, { relays: false });
    await place('a');
    await pay('a');
    for (let at = 0; at < 2; at++) {
      await die(store);
      await pass(10);
    }
    const other = await scene(() => undefined, { store: () => store });
    await other.pass(100);
    expect(other.asked).toEqual(['charge a', 'ship a']);
    expect(other.told.parked).toEqual([]);
  });
});

describe('a publish that takes long', () => {
  it('does not hold up what others send, and is waited for at the end', async () => {
    let answer = (): void => {};
    const broker: Broker = (_, key) =>
      key === 'a' ? new Promise<void>(resolve => (answer = resolve)) : undefined;
    const { place, pass, sent, manager } = await scene(broker);
    await place('a');
    await pass(100);
    await place('b');
    await pass(2_000);
    expect(sent).toEqual(['charge b']);
    const closed = manager.close();
    let over = false;
    void closed.then(() => (over = true));
    await pass(5_000);
    expect(over).toBe(false);
    answer();
    await pass(1);
    expect(over).toBe(true);
    expect(sent).toEqual(['charge b', 'charge a']);
  });

  it('counts as one of those that are published at a time', async () => {
    const answers: (() => void)[] = [];
    const broker: Broker = () => new Promise<void>(resolve => void answers.push(resolve));
    const { place, pass, asked } = await scene(broker, { batch: 2 });
    for (const key of ['a', 'b', 'c']) await place(key);
    await pass(5_000);
    expect(asked).toEqual(['charge a', 'charge b']);
    answers[1]!();
    await pass(5_000);
    expect(asked).toEqual(['charge a', 'charge b', 'charge c']);
    for (const answer of answers) answer();
  });

  it('is told of when the store does not hear what became of it', async () => {
    let answer = (): void => {};
    const broker: Broker = () => new Promise<void>(resolve => (answer = resolve));
    const { place, pass, manager, store } = await scene(broker);
    const errors: string[] = [];
    manager.on('interrupted', ({ error }) => void errors.push((error as Error).message));
    const settle = store.settle.bind(store);
    (store as InMemoryProcessStore).settle = () => Promise.reject(new Error('the store is away'));
    await place('a');
    await pass(3_000);
    answer();
    await pass(10);
    expect(errors).toEqual(['the store is away']);
    (store as InMemoryProcessStore).settle = settle;
  });
});
