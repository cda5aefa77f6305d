import { describe, expect, it } from 'vitest';
import { StreamWaiter } from '../../../../src/adapters/redis/stream-waiter.js';
import { settle } from '../../../../src/testing/settle.js';
import { VirtualClock } from '../../../../src/testing/virtual-clock.js';
import { ScriptedRedis, type Sent } from '../../../fixtures/scripted-redis.js';

const scene = (answer: (sent: Sent) => void = () => {}) => {
  const client = new ScriptedRedis(answer);
  const clock = new VirtualClock();
  const told: string[] = [];
  const waiter = new StreamWaiter(client, clock, ['s', 'w', 'l'], {
    lost: error => void told.push(String(error)),
    back: () => void told.push('back'),
  });
  const wait = (waitMs: number) => {
    const state = { over: false };
    void waiter.wait(['1-0', '0-0', '0-0'], waitMs).then(() => {
      state.over = true;
    });
    return state;
  };
  return { client, clock, told, waiter, wait };
};

describe('waiting for a stream to grow', () => {
  it('asks on a connection of its own, for as long as there is nothing for sure', async () => {
    const { client, wait } = scene(({ resolve }) => resolve(null));
    const waits = [wait(700), wait(-1), wait(60_000), wait(0.2)];
    await settle();
    expect(waits.every(({ over }) => over)).toBe(true);
    expect(client.sent).toEqual([]);
    expect(client.copies).toHaveLength(1);
    const [copy] = client.copies;
    expect(copy?.sent.map(({ args }) => args[3])).toEqual(['700', '5000', '5000', '1']);
    const streams = ['STREAMS', 's', 'w', 'l', '1-0', '0-0', '0-0'];
    expect(copy?.sent[0]?.args).toEqual(['COUNT', '1', 'BLOCK', '700', ...streams]);
    const { options } = copy!;
    expect([options?.retryStrategy(1), options?.retryStrategy(100)]).toEqual([50, 1_000]);
  });

  it('gives a connection up that is silent for too long, and makes another one', async () => {
    const { client, clock, told, wait } = scene();
    const first = wait(1_000);
    await clock.advance(3_999);
    expect(first.over).toBe(false);
    await clock.advance(1);
    expect([first.over, client.copies[0]?.ended]).toEqual([true, true]);
    expect(told).toEqual(['Error: redis: no answer to XREAD within 4000 ms']);
    wait(1_000);
    expect(client.copies).toHaveLength(2);
    // What the old one still says is nobody's business.
    client.copies[0]?.emit('close');
    client.copies[0]?.emit('ready');
    expect(told).toHaveLength(1);
  });

  it('tells of a lost connection and of the next one, and looks again then', async () => {
    const { client, told, wait } = scene();
    const first = wait(5_000);
    const [copy] = client.copies;
    copy?.emit('ready');
    copy?.emit('error', new Error('ECONNREFUSED'));
    copy?.emit('close');
    await settle();
    expect([first.over, ...told]).toEqual([false, 'Error: ECONNREFUSED']);
    copy?.emit('ready');
    await settle();
    expect([first.over, ...told]).toEqual([true, 'Error: ECONNREFUSED', 'back']);
  });

  it('waits on a new connection when one has come back, and not behind its own old question', async () => {
    const { client, clock, told, waiter, wait } = scene();
    const first = wait(5_000);
    const [old] = client.copies;
    old?.emit('close');
    old?.emit('ready');
    const second = wait(5_000);
    await settle();
    expect([first.over, second.over, old?.ended, client.copies.length]).toEqual([true, false, true, 2]);
    // What the old one was asked has an answer as well.
    old?.sent[0]?.reject(new Error('Connection is closed.'));
    await settle();
    await clock.advance(4_999);
    client.copies[1]?.sent[0]?.resolve(null);
    await settle();
    expect([second.over, ...told]).toEqual([true, 'Error: redis: the connection is closed', 'back']);
    const third = wait(5_000);
    waiter.close();
    await settle();
    expect([third.over, clock.timers]).toEqual([true, 0]);
  });

  it('ends a wait that came after one that was woken and is answered later', async () => {
    const { client, waiter, wait } = scene();
    const first = wait(5_000);
    const [old] = client.copies;
    old?.emit('close');
    old?.emit('ready');
    const second = wait(5_000);
    old?.sent[0]?.resolve(null);
    await settle();
    waiter.close();
    await settle();
    expect([first.over, second.over]).toEqual([true, true]);
  });

  it('pauses before it tries again what fails at once', async () => {
    const { clock, wait } = scene(({ reject }) => reject(new Error('NOPERM')));
    const first = wait(5_000);
    await settle();
    expect(first.over).toBe(false);
    await clock.advance(50);
    expect(first.over).toBe(true);
  });

  it('ends with the connection, and leaves no timer', async () => {
    const { client, clock, waiter, wait } = scene();
    const first = wait(5_000);
    waiter.close();
    await settle();
    expect([first.over, client.copies[0]?.ended, clock.timers]).toEqual([true, true, 0]);
    waiter.close();
  });
});
