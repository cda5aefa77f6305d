import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { postgresBus } from '../../../../src/adapters/postgres/bus.js';
import { postgresDriver } from '../../../../src/adapters/postgres/bus-driver.js';
import { Database } from '../../../../src/adapters/postgres/database.js';
import { failureOf } from '../../../../src/adapters/postgres/failures.js';
import { fromColumn, literal, regexOf, toColumn } from '../../../../src/adapters/postgres/names.js';
import { Batcher } from '../../../../src/adapters/sql/batcher.js';
import { matchesPattern } from '../../../../src/core/topic-pattern.js';
import { systemClock } from '../../../../src/kernel/clock.js';
import { VirtualClock } from '../../../../src/testing/virtual-clock.js';

const client = { query: async () => ({ rows: [] }) };

describe('names and texts', () => {
  it('come out of a column as they went in, and never as what a column refuses', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map(n => String.fromCharCode(n)) }),
        text => {
          const column = toColumn(text);
          expect(fromColumn(column)).toBe(text);
          expect(column.includes('\0')).toBe(false);
          expect(Buffer.from(column).toString()).toBe(column);
        },
      ),
    );
    expect(['"', '\0', 'a\ud800', '"a"'].map(text => fromColumn(toColumn(text)))).toEqual([
      ...['"', '\0', 'a\ud800', '"a"'],
    ]);
  });

  it('make a pattern a regular expression that matches the same', () => {
    const token = fc.constantFrom('a', 'b-1', 'C_');
    const topics = fc.array(token, { minLength: 1, maxLength: 4 }).map(tokens => tokens.join('.'));
    const patterns = fc
      .tuple(fc.array(fc.oneof(token, fc.constant('*')), { minLength: 1, maxLength: 4 }), fc.boolean())
      .map(([tokens, rest]) => [...tokens, ...(rest ? ['>'] : [])].join('.'));
    fc.assert(
      fc.property(patterns, topics, (pattern, name) => {
        const regex = regexOf(pattern);
        const matches = regex === undefined ? pattern === name : new RegExp(regex).test(name);
        expect(matches).toBe(matchesPattern(pattern, name));
      }),
    );
  });

  it('stand in a statement as one text', () => expect(literal("it's")).toBe("'it''s'"));
});

describe('what an error says of a statement', () => {
  it.each([
    ['ECONNREFUSED', true, false],
    ['ECONNRESET', true, true],
    ['EPIPE', true, true],
    [undefined, true, true],
    ['53300', true, false],
    ['40001', true, false],
    ['40P01', true, false],
    ['57P03', true, false],
    ['57014', true, false],
    ['25006', true, false],
    ['57P01', true, true],
    ['08006', true, true],
    ['42P01', false, false],
    ['22021', false, false],
    ['23505', false, false],
  ])('of %s', (code, retryable, maybeDone) => {
    expect(failureOf(Object.assign(new Error('x'), { code }))).toEqual({ retryable, maybeDone });
  });
});

describe('a database that does not answer', () => {
  it('is given up after the time for a statement', async () => {
    const clock = new VirtualClock();
    const silent = { query: () => new Promise<never>(() => {}) };
    const asked = new Database(silent, 's', clock, 500)
      .run('SELECT 1')
      .catch((error: Error) => error.message);
    await clock.advance(500);
    expect(await asked).toBe('no answer within 500 ms');
  });
});

describe('a batcher', () => {
  const turn = () => new Promise(resolve => setTimeout(resolve, 5));

  it('runs one batch at a time, in order, and says to each what came of it', async () => {
    const batches: number[][] = [];
    let running = 0;
    const batcher = new Batcher<number, number>(
      async items => {
        expect(++running).toBe(1);
        batches.push([...items]);
        await turn();
        running--;
        return items.map(item => 2 * item);
      },
      systemClock,
      3,
    );
    const answers = await Promise.all([1, 2, 3, 4, 5, 6, 7].map(item => batcher.add(item)));
    expect(answers).toEqual([2, 4, 6, 8, 10, 12, 14]);
    expect(batches).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
    await batcher.idle();
  });

  it('takes many in one go, in order, and cuts what is too many or too large', async () => {
    const batches: number[][] = [];
    const run = async (items: readonly number[]) => {
      batches.push([...items]);
      return items.map(item => -item);
    };
    const batcher = new Batcher<number, number>(run, systemClock, 3, item => item * 1_048_576);
    const answers = await Promise.all([
      batcher.addAll([1, 0, 1, 0]),
      batcher.add(1),
      batcher.addAll([]),
      batcher.addAll([3, 2, 9, 0]),
    ]);
    expect(answers).toEqual([[-1, -0, -1, -0], -1, [], [-3, -2, -9, -0]]);
    expect(batches).toEqual([[1, 0, 1], [0, 1, 3], [2], [9], [0]]);
  });

  it('goes on after a batch that failed', async () => {
    let fails = true;
    const run = async (items: readonly number[]) => {
      if (fails) throw new Error('down');
      return items;
    };
    const batcher = new Batcher<number, number>(run, systemClock, 10);
    await expect(Promise.all([batcher.add(1), batcher.add(2)])).rejects.toThrow('down');
    fails = false;
    await expect(batcher.add(3)).resolves.toBe(3);
  });

  it('ends a batch that would be too large, but not before its first', async () => {
    const sizes: number[] = [];
    const run = async (items: readonly number[]) => {
      sizes.push(items.length);
      return items;
    };
    const mebi = 1_048_576;
    const batcher = new Batcher<number, number>(run, systemClock, 100, bytes => bytes);
    await Promise.all([9 * mebi, mebi, mebi, 3 * mebi].map(bytes => batcher.add(bytes)));
    expect(sizes).toEqual([1, 2, 1]);
  });
});

describe('options of a bus over PostgreSQL', () => {
  it.each([
    [{ client: undefined }, '`client` must be what has a `query(text, params)`'],
    [{ client, schema: 'Orders' }, '`schema` must be a name of a-z 0-9 _ of at most 48 characters'],
    [{ client, schema: 'x'.repeat(49) }, '`schema` must be a name'],
    [{ client, topology: 'make' }, "`topology` must be 'ensure' or 'check' or 'none'"],
    [{ client, notifications: {} }, '`notifications` must be a Pool or what has a `listen'],
    [{ client, pollMs: 0 }, '`pollMs` must be'],
    [{ client, statementTimeoutMs: Infinity }, '`statementTimeoutMs` must be'],
    [{ client, retainMs: -1 }, '`retainMs` must be'],
    [{ client, retainDeadLettersMs: NaN }, '`retainDeadLettersMs` must be'],
    [{ client, maxRecordBytes: 2 ** 30 }, '`maxRecordBytes` must be'],
    [{ client, pool: 1 }, 'unknown option `pool`'],
  ])('%o are refused', (options, message) => {
    expect(() => postgresBus(options as never)).toThrow(message);
    expect(() => postgresDriver(options as never)).toThrow(message);
  });

  it('of the bus reach the bus', () => {
    const bus = postgresBus({ client, name: 'orders', maxRecordBytes: 5 });
    expect(bus.describe()).toMatchObject({ name: 'orders', driver: 'postgres' });
    expect(bus.capabilities.maxRecordBytes).toBe(5);
    expect(() => postgresBus({ client, maxPublishing: 0 })).toThrow('`maxPublishing` must be');
  });
});
