import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PatternTable } from '../../src/core/pattern-table.js';
import { checkPattern, checkTopic, matchesPattern } from '../../src/core/topic-pattern.js';

// Few tokens, so that patterns and topics meet; some of them begin alike, and some mean something to objects.
const token = fc.constantFrom('a', 'b', 'ab', 'B', '-', '__proto__');
const topic = fc.array(token, { minLength: 1, maxLength: 5 }).map(tokens => tokens.join('.'));
const pattern = fc
  .tuple(fc.array(fc.oneof(token, fc.constant('*')), { maxLength: 5 }), fc.boolean())
  .map(([tokens, open]) => (open || tokens.length === 0 ? [...tokens, '>'] : tokens).join('.'));

/** What the grammar says, token by token. */
function naive(pattern: string, topic: string): boolean {
  const wanted = pattern.split('.');
  const tokens = topic.split('.');
  const open = wanted.at(-1) === '>';
  if (open ? tokens.length < wanted.length : tokens.length !== wanted.length) return false;
  return wanted.every((one, i) => one === '*' || one === '>' || one === tokens[i]);
}

const runs = { numRuns: 3000 };

describe('patterns', () => {
  it('match as the naive matcher does (BU10)', () => {
    fc.assert(
      fc.property(pattern, topic, (p, t) => {
        expect(matchesPattern(p, t)).toBe(naive(p, t));
      }),
      runs,
    );
  });

  it('are valid as the generators make them, and any other text is judged by the grammar', () => {
    const wild = /^(?:[\w-]+|\*)(?:\.(?:[\w-]+|\*))*(?:\.>)?$|^>$/;
    fc.assert(
      fc.property(pattern, p => checkPattern(p) === undefined),
      runs,
    );
    fc.assert(
      fc.property(topic, t => checkTopic(t) === undefined && checkPattern(t) === undefined),
      runs,
    );
    const text = fc.string({ unit: fc.constantFrom('a', '.', '*', '>', '-', ' ', 'é'), maxLength: 9 });
    fc.assert(
      fc.property(text, one => {
        expect(checkPattern(one) === undefined).toBe(wild.test(one));
        expect(checkTopic(one) === undefined).toBe(/^[\w-]+(?:\.[\w-]+)*$/.test(one));
      }),
      runs,
    );
  });
});

describe('a table of patterns', () => {
  const step = fc.tuple(fc.constantFrom('add', 'remove', 'find'), pattern, topic, fc.nat({ max: 3 }));

  it('finds what a list of all patterns finds, in the same order, within its bound', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 8 }), (steps, most) => {
        const table = new PatternTable<number>(most);
        let list: { pattern: string; value: number }[] = [];
        for (const [verb, pattern, topic, value] of steps) {
          const had = list.some(one => one.pattern === pattern && one.value === value);
          if (verb === 'add') {
            expect(table.add(pattern, value)).toBe(had || list.length < most);
            if (!had && list.length < most) list.push({ pattern, value });
          } else if (verb === 'remove') {
            expect(table.remove(pattern, value)).toBe(had);
            list = list.filter(one => one.pattern !== pattern || one.value !== value);
          }
          expect(table.size).toBe(list.length);
          const found = list.filter(one => naive(one.pattern, topic)).map(one => one.value);
          expect(table.find(topic)).toEqual(found);
        }
      }),
      { numRuns: 500 },
    );
  });
});
