import { describe, expect, it } from 'vitest';
import { redisStreams } from '../../../../src/adapters/redis/redis-streams.js';
import type { RawDelivery, SubscribeSpec } from '../../../../src/messaging/driver.js';
import { settle } from '../../../../src/testing/settle.js';
import { VirtualClock } from '../../../../src/testing/virtual-clock.js';
import { before7, replyError, ScriptedRedis, type Sent } from '../../../fixtures/scripted-redis.js';

const spec: SubscribeSpec = {
  ...{ pattern: 'orders', group: 'g', leaseMs: 1_000 },
  start: 'latest',
  order: 'none',
  topology: 'ensure',
};

/** The last of the words that all scripts of a group begin with. */
const AFTER_MEMBER = 2 + 4 + 4;
const entry = (id: string) => [Buffer.from(`${id} 1 orders\n{}\n`), Buffer.from('body')];
const fetched = (ids: readonly string[], ...rest: unknown[]) => [ids.flatMap(entry), ...rest];

/** A subscription whose commands are answered by hand, but for the first one, which joins the group. */
async function scene() {
  const client = new ScriptedRedis();
  const clock = new VirtualClock();
  const seen: RawDelivery[] = [];
  const told: string[] = [];
  const subscribing = redisStreams({ client, clock }).subscribe(spec, {
    deliver: delivery => void seen.push(delivery),
    ready: () => void told.push('ready'),
    lost: error => void told.push(String(error)),
  });
  client.sent[0]?.resolve(Buffer.from('ok'));
  const subscription = await subscribing;
  const next = async (): Promise<Sent & { readonly rest: readonly string[] }> => {
    await settle();
    const sent = client.sent.at(-1)!;
    return { ...sent, rest: sent.args.slice(AFTER_MEMBER).map(String) };
  };
  return { client, clock, subscription, seen, told, next };
}

describe('a subscription to a stream', () => {
  it('fetches what was requested within a turn at once, and the rest when that has come', async () => {
    const { client, subscription, seen, next } = await scene();
    subscription.request(2);
    subscription.request(3);
    const first = await next();
    expect(first.rest.slice(0, 2)).toEqual(['5', '1000']);
    subscription.request(1);
    expect(client.sent).toHaveLength(2);
    first.resolve(fetched(['1-0', '2-0']));
    expect((await next()).rest[0]).toBe('4');
    expect(seen.map(({ position, attempt }) => [position, attempt])).toEqual([
      ['1-0', 1],
      ['2-0', 1],
    ]);
  });

  it('gives back untouched what comes after a pause, and asks for what is requested then', async () => {
    const { client, subscription, seen, next } = await scene();
    subscription.request(2);
    const first = await next();
    await subscription.pause();
    subscription.request(1);
    first.resolve(fetched(['1-0', '2-0']));
    expect((await next()).rest[0]).toBe('1');
    expect(seen).toEqual([]);
    const given = client.sent.map(({ args }) => args.slice(AFTER_MEMBER).map(String));
    expect(given).toContainEqual(['release 1-0 1 ', 'release 2-0 1 ']);
  });

  it('settles what comes together in one step, and says of each what came of it', async () => {
    const { client, subscription, seen, next } = await scene();
    subscription.request(3);
    (await next()).resolve(fetched(['1-0', '2-0', '3-0']));
    await settle();
    const answers = [seen[0]!.ack(), seen[1]!.nack(5), seen[2]!.deadLetter!({ 'x-death-reason': 'r' })];
    const settling = await next();
    const dead = 'dead 3-0 1 {"x-death-reason":"r"}';
    expect(settling.rest).toEqual(['ack 1-0 1 ', 'nack 2-0 1 5', dead]);
    const sent = client.sent.length;
    const later = seen[0]!.extend!(7);
    await settle();
    expect(client.sent).toHaveLength(sent);
    settling.resolve([1, 0, 2]);
    const told = await Promise.allSettled(answers);
    expect(told.map(one => (one.status === 'fulfilled' ? one.value : String(one.reason)))).toEqual([
      'done',
      'stale',
      'Error: redis: there are as many dead letters as `maxDeadLetters` allows',
    ]);
    expect((await next()).rest).toEqual(['extend 1-0 1 7']);
    (await next()).reject(new Error('Connection is closed.'));
    await expect(later).rejects.toThrow('Connection is closed.');
  });

  it('waits when there is nothing, and looks again when there may be something', async () => {
    const { client, subscription, next } = await scene();
    subscription.request(1);
    (await next()).resolve(fetched([], 300, ...['9-0', '0-0', '0-0'].map(end => Buffer.from(end))));
    await settle();
    const [waiting] = client.copies[0]!.sent;
    expect(waiting?.args.slice(0, 4)).toEqual(['COUNT', '1', 'BLOCK', '300']);
    subscription.request(1);
    await settle();
    expect(client.sent).toHaveLength(2);
    waiting?.resolve([]);
    expect((await next()).rest[0]).toBe('2');
  });

  it('tells once of a server that is gone, asks again with pauses, and tells when it is there', async () => {
    const { client, clock, subscription, told, next } = await scene();
    subscription.request(1);
    for (const pauseMs of [50, 100, 200]) {
      (await next()).reject(new Error('gone'));
      await settle();
      const sent = client.sent.length;
      await clock.advance(pauseMs - 1);
      expect(client.sent).toHaveLength(sent);
      await clock.advance(1);
      expect(client.sent).toHaveLength(sent + 1);
    }
    expect(told).toEqual(['ready', 'Error: gone']);
    (await next()).resolve(fetched([]));
    await settle();
    expect(told).toEqual(['ready', 'Error: gone', 'ready']);
  });

  it.each(['NOGROUP No such key', before7('NOGROUP No such key')])(
    'joins its group again when it is gone, from the beginning of what is there: %s',
    async text => {
      const { subscription, told, next } = await scene();
      subscription.request(1);
      (await next()).reject(replyError(text));
      const joining = await next();
      expect(joining.rest).toEqual(['earliest', 'ensure', '0', '0']);
      joining.resolve(Buffer.from('ok'));
      expect((await next()).rest[0]).toBe('1');
      expect(told).toEqual(['ready', `ReplyError: ${text}`]);
    },
  );

  it('does not wait for a server that does not answer to its farewell', async () => {
    const { clock, subscription } = await scene();
    let closed = false;
    void subscription.close().then(() => {
      closed = true;
    });
    await clock.advance(1_999);
    expect(closed).toBe(false);
    await clock.advance(1);
    expect(closed).toBe(true);
  });
});
