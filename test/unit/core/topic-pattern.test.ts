import { describe, expect, it } from 'vitest';
import {
  checkPattern,
  checkTopic,
  hasWildcard,
  MAX_TOPIC_LENGTH,
  MAX_TOPIC_TOKENS,
  matchesPattern,
} from '../../../src/core/topic-pattern.js';

const tokens = (count: number) => Array.from({ length: count }, (_, i) => `t${i}`).join('.');

describe('checkTopic', () => {
  it.each(['a', 'order.placed', 'Order_2.placed-now', '0', 'a'.repeat(MAX_TOPIC_LENGTH), tokens(32)])(
    'takes %s',
    name => {
      expect(checkTopic(name)).toBeUndefined();
    },
  );

  it.each(['', '.', 'a.', '.a', 'a..b', 'a b', 'a.*', '>', 'a>', 'ä', 'a/b', 'a:b', 'a\n', '__proto__\0'])(
    'refuses %j and says what a topic is',
    name => {
      expect(checkTopic(name)).toBe('dot separated tokens of A-Z, a-z, 0-9, `_` and `-`');
    },
  );

  it.each([undefined, null, 5, {}, ['a']])('refuses %j, which is no text', name => {
    expect(checkTopic(name)).toMatch(/^a string of dot separated tokens/);
  });

  it('has a bound on length and on tokens', () => {
    expect(checkTopic('a'.repeat(MAX_TOPIC_LENGTH + 1))).toBe('at most 255 characters long');
    expect(checkTopic(tokens(MAX_TOPIC_TOKENS + 1))).toBe('at most 32 tokens long');
  });
});

describe('checkPattern', () => {
  it.each(['a', '*', '>', 'a.*', 'a.>', '*.b.*', '*.>', '*.*'])('takes %s', pattern => {
    expect(checkPattern(pattern)).toBeUndefined();
  });

  it.each(['', '>.a', 'a.>.b', '**', 'a*', 'a.b>', 'a..>', 'a.#', 'a.+', '.>'])('refuses %j', pattern => {
    expect(checkPattern(pattern)).toMatch(/^dot separated tokens .*, or `\*` for one token, or as the last/);
  });

  it('has the bounds of a topic', () => {
    expect(checkPattern(`${'a'.repeat(MAX_TOPIC_LENGTH)}.>`)).toBe('at most 255 characters long');
    expect(checkPattern(`${tokens(MAX_TOPIC_TOKENS)}.>`)).toBe('at most 32 tokens long');
    expect(checkPattern(7)).toMatch(/^a string of/);
  });
});

describe('hasWildcard', () => {
  it.each([
    ['a.b', false],
    ['a.*', true],
    ['*', true],
    ['>', true],
    ['a.>', true],
  ])('of %s is %s', (pattern, wild) => {
    expect(hasWildcard(pattern)).toBe(wild);
  });
});

describe('matchesPattern', () => {
  it.each([
    ['a.b', 'a.b', true],
    ['a.b', 'a.c', false],
    ['a.b', 'a', false],
    ['a', 'a.b', false],
    ['a', 'ab', false],
    ['A', 'a', false],
    ['*', 'a', true],
    ['*', 'a.b', false],
    ['a.*', 'a.b', true],
    ['a.*', 'a', false],
    ['a.*', 'a.b.c', false],
    ['a.*.c', 'a.bbb.c', true],
    ['*.*', 'a.b', true],
    ['>', 'a', true],
    ['>', 'a.b.c', true],
    ['a.>', 'a', false],
    ['a.>', 'a.b', true],
    ['a.>', 'a.b.c', true],
    ['a.>', 'ab.c', false],
    ['*.>', 'a', false],
    ['*.>', 'a.b', true],
    ['a.*', 'a.', false],
    ['>', '', false],
  ])('%s and %s: %s', (pattern, topic, matches) => {
    expect(matchesPattern(pattern, topic)).toBe(matches);
  });
});
