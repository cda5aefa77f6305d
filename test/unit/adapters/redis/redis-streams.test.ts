import { describe, expect, it } from 'vitest';
import { redisStreams } from '../../../../src/adapters/redis/redis-streams.js';
import type { OutRecord } from '../../../../src/messaging/driver.js';
import { VirtualClock } from '../../../../src/testing/virtual-clock.js';
import { before7, replyError, ScriptedRedis, type Sent } from '../../../fixtures/scripted-redis.js';

const record: OutRecord = {
  ...{ topic: 'orders', id: 'a', key: undefined, headers: {}, body: new Uint8Array(1), priority: 0 },
  ...{ notBefore: undefined, expiresAt: undefined, group: undefined },
};

const over = (answer: (sent: Sent) => void, clock = new VirtualClock()) => {
  const client = new ScriptedRedis(answer);
  return { client, clock, driver: redisStreams({ client, clock }) };
};

describe('redisStreams', () => {
  const client = new ScriptedRedis();

  it.each([
    [{}, 'redisStreams: `client` must be a client of ioredis, with `callBuffer`, got undefined'],
    [{ client: {} }, 'redisStreams: `client` must be a client of ioredis, with `callBuffer`, got an object'],
    [
      { client: Object.assign(new ScriptedRedis(), { isCluster: true }) },
      'redisStreams: `client` must be a connection to one server, not to a cluster, got an object',
    ],
    [
      { client: Object.assign(new ScriptedRedis(), { options: { keyPrefix: 'x:' } }) },
      'redisStreams: `client` must be without `keyPrefix`: say `prefix` here, got "x:"',
    ],
    [
      { client, prefix: 'a b' },
      'redisStreams: `prefix` must be 1 to 128 characters of A-Z a-z 0-9 _ : . { } -, got "a b"',
    ],
    [{ client, maxLength: 0 }, 'redisStreams: `maxLength` must be an integer >= 1 <= 1073741824, got 0'],
    [{ client, retainMs: -1 }, 'redisStreams: `retainMs` must be a number >= 0 <= 1099511627776, got -1'],
    [
      { client, maxDeadLetters: 0.5 },
      'redisStreams: `maxDeadLetters` must be an integer >= 0 <= 1073741824, got 0.5',
    ],
    [
      { client, maxRecordBytes: Infinity },
      'redisStreams: `maxRecordBytes` must be an integer >= 1 <= 134217728, got Infinity',
    ],
    [{ client, clock: 7 }, 'redisStreams: `clock` must be a Clock, got 7'],
    [
      { client, group: 'g' },
      'redisStreams: unknown option `group`; known are prefix, maxLength, retainMs, maxDeadLetters, ' +
        'maxRecordBytes, client, clock',
    ],
  ])('refuses %o', (options, message) => {
    expect(() => redisStreams(options as never)).toThrow(message);
  });

  it('takes an option that is undefined for one that was left out', () => {
    const driver = redisStreams({ client, maxRecordBytes: undefined } as never);
    expect(driver.capabilities.maxRecordBytes).toBe(1_048_576);
  });
});

describe('connecting to Redis', () => {
  const saying = (text: string) => over(({ resolve }) => resolve(Buffer.from(text))).driver.connect();

  it('refuses a server that is too old for its scripts', async () => {
    await expect(saying('redis_version:6.0.20\r\n')).rejects.toMatchObject({
      code: 'ERR_TOPOLOGY',
      message: 'redis: the server must be 6.2 or later, is 6.0.20',
    });
    await expect(saying('# Server\r\nredis_version:6.2.0\r\n')).resolves.toBeUndefined();
    await expect(saying('redis_version:10.0.1\r\n')).resolves.toBeUndefined();
  });

  it('takes a server that does not say how old it is', async () => {
    await expect(saying('')).resolves.toBeUndefined();
    const forbidden = over(({ reject }) => reject(replyError('NOPERM no permission to run INFO')));
    await expect(forbidden.driver.connect()).resolves.toBeUndefined();
    const gone = over(({ reject }) => reject(new Error('Connection is closed.')));
    await expect(gone.driver.connect()).rejects.toThrow('Connection is closed.');
  });

  it('is refused once the driver is closed', async () => {
    const { driver } = over(() => {});
    await driver.close();
    await expect(driver.connect()).rejects.toMatchObject({ code: 'ERR_BUS_CLOSED' });
  });
});

describe('publishing to Redis', () => {
  const outcomeOf = async (error: unknown) => {
    const [outcome] = await over(({ reject }) => reject(error)).driver.publish([record]);
    return outcome;
  };

  it('takes a script to a server that does not know it', async () => {
    const { client, driver } = over(({ command, resolve, reject }) =>
      command === 'EVALSHA'
        ? reject(replyError('NOSCRIPT No matching script.'))
        : resolve([Buffer.from('1-0')]),
    );
    expect(await driver.publish([record])).toEqual([{ ok: true, position: '1-0' }]);
    expect(client.sent.map(({ command }) => command)).toEqual(['EVALSHA', 'EVAL']);
  });

  it.each([
    [replyError('LOADING Redis is loading the dataset in memory'), true, false],
    [replyError('READONLY You can not write against a read only replica.'), true, false],
    [replyError(before7('@user_script: 9: -OOM command not allowed')), true, false],
    [replyError(before7('WRONGTYPE Operation against a key')), false, false],
    [replyError('NOPERM this user has no permissions'), false, false],
    [new Error('Connection is closed.'), true, true],
    [new Error("Stream isn't writeable and enableOfflineQueue options is false"), true, false],
  ])('says of %o whether another try may do better and whether it may be stored', async (error, ...says) => {
    const [retryable, maybeStored] = says;
    expect(await outcomeOf(error)).toEqual({ ok: false, error, retryable, maybeStored });
  });

  it('has an answer for each record of a batch', async () => {
    const answers = ['1-0', '!FULL the stream', '!WRONGTYPE'].map(text => Buffer.from(text));
    const { driver } = over(({ resolve }) => resolve(answers));
    const outcomes = await driver.publish([record, record, record]);
    const told = outcomes.map(one => (one.ok ? one.position : [one.retryable, one.maybeStored]));
    expect(told).toEqual(['1-0', [true, false], [false, false]]);
  });

  it('tells the server how long to wait, not until when: clocks differ', async () => {
    const { client, clock, driver } = over(({ resolve }) => resolve([Buffer.from('later-1')]));
    await driver.publish([{ ...record, notBefore: clock.wall() + 1_500 }]);
    expect(client.sent[0]?.args.at(-4)).toBe('1500 orders ');
  });

  it('does not wait for ever for a client that never says what became of a command', async () => {
    const { clock, driver } = over(() => {});
    const publishing = driver.publish([record]);
    await clock.advance(30_000);
    expect(await publishing).toMatchObject([{ ok: false, retryable: true, maybeStored: true }]);
  });
});
