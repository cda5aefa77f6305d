import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { redisStreams, redisStreamsDefaults } from '../../../../src/adapters/redis/redis-streams.js';
import { pageCells } from '../../../fixtures/adapter-page.js';
import { ScriptedRedis } from '../../../fixtures/scripted-redis.js';

describe('the page about Redis Streams', () => {
  const texts = (values: object) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, inspect(value)]));

  it('has the options and their defaults', () => {
    const rest = { client: 'required', clock: 'systemClock' };
    expect(pageCells('redis', 'Options', 3)).toEqual({ ...texts(redisStreamsDefaults), ...rest });
  });

  it('has what the driver declares that it can do', () => {
    const { capabilities } = redisStreams({ client: new ScriptedRedis() });
    expect(pageCells('redis', 'What it can do', 2)).toEqual(texts(capabilities));
  });
});
