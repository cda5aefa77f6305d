import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { fromText, toName, toText } from '../../../../src/adapters/redis/saga-codec.js';
import { redisSagaDefaults, redisSagaStore } from '../../../../src/adapters/redis/saga-store.js';
import { pageCells } from '../../../fixtures/adapter-page.js';
import { replyError } from '../../../fixtures/scripted-redis.js';

const answering = (answer: () => unknown) => ({ evalsha: async () => answer(), eval: async () => answer() });
const failing = (error: unknown) =>
  redisSagaStore({
    client: answering(() => {
      throw error;
    }),
  });

describe('a store of sagas over Redis', () => {
  it('has the options and the defaults of its page', () => {
    const texts = Object.entries(redisSagaDefaults).map(([name, value]) => [name, inspect(value)]);
    const cells = Object.entries(pageCells('redis', 'Sagas', 3));
    const options = Object.fromEntries(cells.filter(([name]) => !name.startsWith(':')));
    const rest = { client: 'required', clock: 'systemClock' };
    expect(options).toEqual({ ...Object.fromEntries(texts), ...rest });
  });

  it.each([
    [{ client: {} }, /`client` must be a client, with `eval` and `evalsha`/],
    [{ prefix: 'a{b}' }, /`prefix` must be 1 to 128 characters/],
    [{ maxHistory: 0.5 }, /`maxHistory` must be an integer >= 1/],
    [{ answerTimeoutMs: 0 }, /`answerTimeoutMs` must be a number >= 1/],
    [{ schema: 'x' }, /unknown option `schema`/],
  ])('refuses %j', (wrong, message) => {
    const make = () => redisSagaStore({ client: answering(() => []), ...wrong } as never);
    expect(make).toThrow(message);
    expect(make).toThrow(/^redisSagaStore: /);
  });

  it('says of an answer of the server that it was not done, and when to try again', async () => {
    const facts = (retryable: boolean, maybeDone: boolean) => ({
      code: 'ERR_SAGA_STORE',
      retryable,
      maybeDone,
    });
    const wake = (error: unknown) => failing(error).wake('a');
    await expect(wake(replyError('OOM command not allowed'))).rejects.toMatchObject(facts(true, false));
    await expect(wake(replyError('WRONGTYPE Operation'))).rejects.toMatchObject(facts(false, false));
    await expect(wake(new Error('Connection is closed.'))).rejects.toMatchObject(facts(true, true));
    await expect(wake(undefined)).rejects.toMatchObject(facts(true, true));
  });

  it('carries any text, and no line break', () => {
    for (const text of ['', 'a', 'a\nb', '"', '"a"', '\ud800', '😀', '\0']) {
      expect(fromText(toText(text))).toBe(text);
      expect(toText(text)).not.toContain('\n');
      expect(Buffer.from(toText(text)).toString()).toBe(toText(text));
    }
    expect(toName('n'.repeat(201))).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(toName(toName('n'.repeat(201)))).not.toBe(toName('n'.repeat(201)));
  });
});
