import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { redisStreams } from '../../dist/redis.js';
import { handled, throughputGroup } from '../harness/throughput.mjs';
import { attributes, fresh, keelson } from '../subjects/brokers.mjs';

const url = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';
const client = () => new Redis(url, { maxRetriesPerRequest: null });

async function forget(redis, prefix) {
  const keys = await redis.keys(`${prefix}*`);
  if (keys.length > 0) await redis.del(keys);
  redis.disconnect();
}

const connect = async () => {
  const redis = client();
  const prefix = fresh();
  const driver = redisStreams({ client: redis, prefix });
  return { driver, end: () => forget(redis, prefix) };
};

const bullmq = {
  name: 'bullmq 6.7.0',
  open: async seen => {
    const connection = client();
    const name = fresh();
    const queue = new Queue(name, { connection, prefix: name });
    await queue.waitUntilReady();
    return {
      publish: async numbers => {
        for (let at = 0; at < numbers.length; at += 500) {
          const jobs = numbers.slice(at, at + 500).map(n => ({ name: 'n', data: { n } }));
          await queue.addBulk(jobs.map(job => ({ ...job, opts: { removeOnComplete: true } })));
        }
      },
      consume: async (count, many) => {
        const blocking = client();
        const handler = async ({ data }) => void seen(data.n);
        const worker = new Worker(name, handler, { connection: blocking, prefix: name, concurrency: 50 });
        await handled(count, many);
        await worker.close();
        blocking.disconnect();
      },
      close: async () => {
        await queue.close();
        await forget(connection, name);
      },
    };
  },
};

/** Floors, settled by so many at a time. `whole`: an entry says what ours says, and is gone when settled. */
const raw = (name, many, whole) => ({
  name,
  open: async seen => {
    const redis = client();
    const key = fresh();
    await redis.xgroup('CREATE', key, 'g', '0', 'MKSTREAM');
    const said = n => ['topic', key, 'key', '', 'headers', JSON.stringify(attributes('ce-', key, n))];
    const add = n => redis.xadd(key, '*', 'body', JSON.stringify({ n }), ...(whole ? said(n) : []));
    return {
      publish: numbers => Promise.all(numbers.map(add)),
      consume: async (count, sofar) => {
        while (sofar() < count) {
          const [[, entries]] = await redis.xreadgroup(
            'GROUP',
            'g',
            'me',
            'COUNT',
            many,
            'STREAMS',
            key,
            '>',
          );
          for (const [, fields] of entries) {
            if (whole) JSON.parse(fields[7]);
            seen(JSON.parse(fields[1]).n);
          }
          const ids = entries.map(([id]) => id);
          const settling = redis.pipeline().xack(key, 'g', ...ids);
          if (whole) settling.xdel(key, ...ids);
          await settling.exec();
        }
      },
      close: () => forget(redis, key),
    };
  },
});

const bare = raw('ioredis, XREADGROUP and XACK by 100', 100, false);
const same = raw('ioredis, the same entry by 50', 50, true);

export const group = throughputGroup({
  name: 'redis',
  title: 'Redis Streams beside BullMQ, both 50 at a time',
  count: 20_000,
  subjects: [keelson(connect, { concurrency: 50 }), bullmq, bare, same],
  targets: [
    { stretch: 'consume', of: bullmq.name, share: 2 },
    { stretch: 'consume', of: same.name, share: 0.6 },
    { stretch: 'consume', atLeast: 40_000 },
  ],
});
