import { describe, expect, it } from 'vitest';
import { settle } from '../../../src/testing/settle.js';
import { scene } from '../../fixtures/consumer.js';

/** A broker that takes its time to say that it knows of an end. */
function slowly() {
  const answers: (() => void)[] = [];
  const ack = (): Promise<'done'> => new Promise(resolve => answers.push(() => resolve('done')));
  return { answers, ack };
}

describe('a consumer whose broker is being told of an end', () => {
  it('begins the next handler meanwhile, and asks for no more than it holds', async () => {
    const { answers, ack } = slowly();
    const seen: unknown[] = [];
    const { consumer, deliver, credit } = scene(
      { group: 'g', concurrency: 1, prefetch: 4 },
      data => void seen.push(data),
      { ack },
    );
    for (const n of [1, 2, 3, 4]) deliver(n);
    await settle();
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(consumer.load).toMatchObject({ held: 4, running: 0 });
    expect(credit()).toBe(0);
    for (const answer of answers) answer();
    await settle();
    expect(consumer.load.held).toBe(0);
    expect(credit()).toBe(4);
  });

  it('runs no more handlers at once for it', async () => {
    const { ack } = slowly();
    let [running, most] = [0, 0];
    const ends: (() => void)[] = [];
    const handle = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await new Promise<void>(resolve => ends.push(resolve));
      running--;
    };
    const { deliver } = scene({ group: 'g', concurrency: 2, prefetch: 8 }, handle, { ack });
    for (const n of [1, 2, 3, 4, 5]) deliver(n);
    for (let n = 0; n < 5; n++) {
      await settle();
      ends.shift()?.();
    }
    await settle();
    expect([most, running]).toEqual([2, 0]);
  });

  it('lets what is behind it in its lane wait for that', async () => {
    const { answers, ack } = slowly();
    const seen: unknown[] = [];
    const { deliver } = scene({ group: 'g', order: 'key', concurrency: 4 }, data => void seen.push(data), {
      ack,
      key: 'k',
    });
    for (const n of [1, 2]) deliver(n);
    await settle();
    expect(seen).toEqual([1]);
    answers[0]!();
    await settle();
    expect(seen).toEqual([1, 2]);
  });

  it('drains when that is done: it is finished, and not given back', async () => {
    const { answers, ack } = slowly();
    const { consumer, deliver, back } = scene({ group: 'g' }, () => {}, { ack });
    deliver(1);
    await settle();
    let drained: unknown;
    void consumer.drain(1_000).then(end => {
      drained = end;
    });
    await settle();
    expect(drained).toBeUndefined();
    answers[0]!();
    await settle();
    expect(drained).toEqual({ finished: 1, released: 0 });
    expect(back).toEqual([]);
  });
});

describe('a consumer', () => {
  it('asks a driver again that throws in place of taking a request, less and less often', async () => {
    const asked: number[] = [];
    let fails = 3;
    const { clock, emitter } = scene({ group: 'g', prefetch: 8 }, () => {}, {
      request(count) {
        asked.push(count);
        if (fails-- > 0) throw new Error('not now');
      },
    });
    const lost: unknown[] = [];
    emitter.on('lost', ({ error }) => lost.push(String(error)));
    expect(asked).toEqual([8]);
    await clock.advance(99);
    expect(asked).toEqual([8]);
    await clock.advance(1 + 200 + 400);
    expect(asked).toEqual([8, 8, 8, 8]);
    expect(lost).toEqual(['Error: not now', 'Error: not now']);
    await clock.advance(60_000);
    expect(asked).toHaveLength(4);
  });

  it('handles what it has been handed, while its driver takes no request', async () => {
    const seen: unknown[] = [];
    let broken = false;
    const options = { group: 'g', concurrency: 1, prefetch: 2, order: 'key' } as const;
    const { clock, deliver, consumer } = scene(options, data => void seen.push(data), {
      request() {
        if (broken) throw new Error('not now');
      },
    });
    broken = true;
    for (const n of [1, 2, 3]) deliver(n);
    await settle();
    expect(seen).toEqual([1, 2, 3]);
    expect(consumer.load).toMatchObject({ held: 0, running: 0 });
    broken = false;
    await clock.advance(100);
    deliver(4);
    await settle();
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it('gives back what has not begun, and awaits what has, of a driver that cannot pause', async () => {
    let open = (): void => {};
    const gate = new Promise<void>(resolve => (open = resolve));
    const { deliver, consumer, back } = scene({ group: 'g', concurrency: 1, prefetch: 2 }, () => gate, {
      pause: () => Promise.reject(new Error('not now')),
    });
    deliver(1);
    deliver(2);
    const drained = consumer.drain(1_000);
    await settle();
    open();
    expect(await drained).toEqual({ finished: 1, released: 1 });
    expect(back).toEqual([2]);
  });

  it('buries unseen what came too often, where that was counted and not where it is a flag', async () => {
    const options = { group: 'g', failure: { immediate: 1, redeliver: [] } };
    for (const attempt of ['exact', 'flag'] as const) {
      const seen: unknown[] = [];
      const handle = (data: unknown) => void seen.push(data);
      const { deliver, buried } = scene(options, handle, { capabilities: { attempt } });
      deliver(1, 'done', 2);
      await settle();
      expect([attempt, seen, buried]).toEqual(attempt === 'exact' ? [attempt, [], [1]] : [attempt, [1], []]);
    }
  });

  it('does not begin what it has lost while it waited its turn', async () => {
    const seen: unknown[] = [];
    let open = (): void => {};
    const gate = new Promise<void>(resolve => (open = resolve));
    const options = { group: 'g', concurrency: 1, prefetch: 3, leaseMs: 300 };
    const { clock, consumer, deliver } = scene(options, data => {
      seen.push(data);
      return data === 1 ? gate : undefined;
    });
    deliver(1);
    deliver(2, 'stale');
    deliver(3);
    await clock.advance(100);
    open();
    await settle();
    expect(seen).toEqual([1, 3]);
    expect(consumer.load).toMatchObject({ held: 0, running: 0 });
  });

  it('asks for the little that there is room for where all else is put off', async () => {
    const failure = { immediate: 1, redeliver: [3_600_000] };
    const { deliver, credit, consumer } = scene(
      { group: 'g', concurrency: 4, prefetch: 8, failure },
      data => {
        if (data !== 'fine') throw new Error('later');
      },
    );
    for (let n = 0; n < 7; n++) {
      expect(credit()).toBeGreaterThan(0);
      deliver(n);
      await settle();
    }
    expect(consumer.load.held).toBe(7);
    expect(credit()).toBe(1);
    deliver('fine');
    await settle();
    expect(credit()).toBe(1);
  });

  it('counts once what is settled but not quiet when it is drained', async () => {
    let open = (): void => {};
    const gate = new Promise<void>(resolve => (open = resolve));
    const options = { group: 'g', timeoutMs: 100, failure: { immediate: 1, redeliver: [1_000] } };
    const { clock, consumer, deliver } = scene(options, () => gate);
    deliver(1);
    await clock.advance(100);
    const drained = consumer.drain(1_000);
    await settle();
    open();
    expect(await drained).toEqual({ finished: 0, released: 1 });
  });
});
