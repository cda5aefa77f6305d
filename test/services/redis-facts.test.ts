import { describe, expect, it } from 'vitest';
import { redisAnswers, redisForTest } from '../fixtures/redis.js';

const there = await redisAnswers();

/** What the driver depends on, and the pages of Redis say little of. */
describe.skipIf(!there)('Redis', () => {
  async function pendingEntry() {
    const { client, prefix } = redisForTest();
    const key = `${prefix}s`;
    await client.xgroup('CREATE', key, 'g', '$', 'MKSTREAM');
    const id = (await client.xadd(key, '*', 'a', '1'))!;
    await client.xreadgroup('GROUP', 'g', 'one', 'COUNT', 1, 'STREAMS', key, '>');
    const pending = async () => ((await client.xpending(key, 'g', '-', '+', 10)) as unknown[][])[0];
    return { client, key, id, pending };
  }

  it('counts a delivery when an entry is claimed, not when only its id is, and as it is told', async () => {
    const { client, key, id, pending } = await pendingEntry();
    expect(await pending()).toEqual([id, 'one', expect.any(Number), 1]);
    await client.xclaim(key, 'g', 'two', 0, id, 'JUSTID');
    expect(await pending()).toEqual([id, 'two', expect.any(Number), 1]);
    await client.xclaim(key, 'g', 'three', 0, id);
    expect(await pending()).toEqual([id, 'three', expect.any(Number), 2]);
    await client.xclaim(key, 'g', 'four', 0, id, 'RETRYCOUNT', 0, 'JUSTID');
    expect(await pending()).toEqual([id, 'four', expect.any(Number), 0]);
  });

  it('drops what a consumer holds in silence when the consumer is deleted', async () => {
    const { client, key, pending } = await pendingEntry();
    expect(await client.xgroup('DELCONSUMER', key, 'g', 'one')).toBe(1);
    expect(await pending()).toBeUndefined();
  });

  it('claims no entry that was deleted', async () => {
    const { client, key, id } = await pendingEntry();
    await client.xdel(key, id);
    const claimed = (await client.xclaim(key, 'g', 'two', 0, id)) as unknown[];
    expect(claimed.filter(entry => entry !== null)).toEqual([]);
  });

  it('reads a group within a script, and does not wait there', async () => {
    const { client, prefix } = redisForTest();
    const key = `${prefix}s`;
    await client.xgroup('CREATE', key, 'g', '$', 'MKSTREAM');
    const read = "return redis.call('XREADGROUP','GROUP','g','me','COUNT',9,'STREAMS',KEYS[1],'>')";
    expect(await client.eval(read, 1, key)).toBeNull();
    await client.xadd(key, '*', 'a', '1');
    expect(await client.eval(read, 1, key)).toEqual([[key, [[expect.any(String), ['a', '1']]]]]);
  });
});
