import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bindingOf, RabbitNames } from '../../../../src/adapters/rabbitmq/rabbit-names.js';
import { matchesPattern } from '../../../../src/core/topic-pattern.js';

/** What the specification says of a topic exchange: `*` is one word, `#` is none or more. */
function binds(binding: readonly string[], key: readonly string[]): boolean {
  const [first, ...rest] = binding;
  if (first === undefined) return key.length === 0;
  if (first === '#') return binds(rest, key) || (key.length > 0 && binds(binding, key.slice(1)));
  return key.length > 0 && (first === '*' || first === key[0]) && binds(rest, key.slice(1));
}

const word = fc.constantFrom('a', 'b', 'orders');
const words = fc.array(word, { minLength: 1, maxLength: 4 });
const pattern = fc
  .tuple(fc.array(fc.oneof(word, fc.constant('*')), { maxLength: 3 }), fc.boolean())
  .filter(([tokens, open]) => tokens.length > 0 || open)
  .map(([tokens, open]) => [...tokens, ...(open ? ['>'] : [])].join('.'));

describe('the names at a RabbitMQ server', () => {
  it('bind a queue to just what its pattern matches', () => {
    fc.assert(
      fc.property(pattern, words, (text, topic) => {
        const bound = binds(bindingOf(text).split('.'), topic);
        expect(bound).toBe(matchesPattern(text, topic.join('.')));
      }),
      { numRuns: 1_000 },
    );
  });

  it('never are longer than the protocol takes, and differ where they are for different topics', () => {
    const names = new RabbitNames('p'.repeat(32));
    const [one, two] = ['a', 'b'].map(end => names.group('g'.repeat(128), `${'t'.repeat(254)}${end}`));
    expect(one!.length).toBeLessThanOrEqual(255);
    expect(one).not.toBe(two);
    expect(names.dead('g'.repeat(128), 't'.repeat(255)).length).toBeLessThanOrEqual(255);
    expect(names.looking(one!).length).toBeLessThanOrEqual(255);
    expect(new RabbitNames('shop').group('billing', 'orders.>')).toBe('shop:group:billing:orders.>');
  });
});
