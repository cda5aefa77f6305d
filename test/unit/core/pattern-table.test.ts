import { describe, expect, it, vi } from 'vitest';
import { PatternTable } from '../../../src/core/pattern-table.js';

function tableOf(...entries: [pattern: string, value: string][]): PatternTable<string> {
  const table = new PatternTable<string>(100);
  for (const [pattern, value] of entries) expect(table.add(pattern, value)).toBe(true);
  return table;
}

describe('PatternTable', () => {
  it('finds the values of all patterns that match, in the order in which they were added', () => {
    const table = tableOf(
      ['>', '1'],
      ['a.*', '2'],
      ['a.b', '3'],
      ['b', '4'],
      ['a.>', '5'],
      ['*.b', '6'],
      ['a.b', '7'],
    );
    expect(table.find('a.b')).toEqual(['1', '2', '3', '5', '6', '7']);
    expect(table.find('b')).toEqual(['1', '4']);
    expect(table.find('a')).toEqual(['1']);
    expect(table.find('a.b.c')).toEqual(['1', '5']);
    expect(table.size).toBe(7);
  });

  it('tells all its values, in the order in which they were added', () => {
    expect(tableOf().values()).toEqual([]);
    expect(tableOf(['b.c', '1'], ['a', '2'], ['>', '3'], ['b', '4']).values()).toEqual(['1', '2', '3', '4']);
  });

  it('finds nothing where nothing matches', () => {
    expect(tableOf().find('a')).toEqual([]);
    expect(tableOf(['a.b.c', '1']).find('a.b')).toEqual([]);
    expect(tableOf(['a.>', '1']).find('a')).toEqual([]);
  });

  it('has a value once under each pattern, and keeps its place', () => {
    const table = tableOf(['a', '1'], ['a', '2'], ['a', '1'], ['*', '1']);
    expect(table.size).toBe(3);
    expect(table.find('a')).toEqual(['1', '2', '1']);
  });

  it('removes what is there, once', () => {
    const table = tableOf(['a.b', '1'], ['a.b', '2'], ['a.b.c', '3']);
    expect(table.remove('a.b', '1')).toBe(true);
    expect(table.remove('a.b', '1')).toBe(false);
    expect(table.remove('a.*', '2')).toBe(false);
    expect(table.remove('a', '2')).toBe(false);
    expect(table.remove('a.b.c.d', '3')).toBe(false);
    expect(table.find('a.b')).toEqual(['2']);
    expect(table.remove('a.b', '2')).toBe(true);
    expect(table.find('a.b.c')).toEqual(['3']);
    expect(table.remove('a.b.c', '3')).toBe(true);
    expect(table.size).toBe(0);
    expect(table.find('a.b.c')).toEqual([]);
  });

  it('lets go of what has become empty, and of nothing else', () => {
    const table = tableOf(['a.b.c', '1'], ['a.b.c', '2'], ['a.x', '3']);
    const forget = vi.spyOn(Map.prototype, 'delete');
    const forgotten = (pattern: string, value: string): unknown[] => {
      forget.mockClear();
      table.remove(pattern, value);
      expect(forget.mock.results.every(({ value: was }) => was === true)).toBe(true);
      return forget.mock.calls.map(([what]) => what);
    };
    expect(forgotten('a.b.c', '1')).toEqual(['1']);
    expect(forgotten('a.b.c', '2')).toEqual(['2', 'c', 'b']);
    expect(forgotten('a.x', '3')).toEqual(['3', 'x', 'a']);
    forget.mockRestore();
  });

  it('puts a value that comes back at the end', () => {
    const table = tableOf(['a', '1'], ['a', '2']);
    table.remove('a', '1');
    table.add('*', '1');
    expect(table.find('a')).toEqual(['2', '1']);
  });

  it('takes no more than its bound, and says so', () => {
    const table = new PatternTable<number>(2);
    expect([table.add('a', 1), table.add('b', 2), table.add('c', 3)]).toEqual([true, true, false]);
    expect(table.add('a', 1)).toBe(true);
    expect(table.find('c')).toEqual([]);
    table.remove('a', 1);
    expect(table.add('c', 3)).toBe(true);
    expect(table.size).toBe(2);
  });

  it('holds names that mean something to objects', () => {
    const table = tableOf(['__proto__', '1'], ['constructor.toString', '2']);
    expect(table.find('__proto__')).toEqual(['1']);
    expect(table.find('constructor')).toEqual([]);
    expect(table.find('constructor.toString')).toEqual(['2']);
  });

  it('finds more values of one pattern than a call takes arguments', () => {
    const table = new PatternTable<number>(1_000_000);
    for (let i = 0; i < 200_000; i++) table.add('>', i);
    expect(table.find('a').length).toBe(200_000);
  });
});
