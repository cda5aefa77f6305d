import { describe, expect, it } from 'vitest';
import { ConflictRefusal, type MergeRules, mergeRecords } from '../../../src/core/merge.js';

const last: MergeRules = { conflict: 'last', depth: 0 };

describe('mergeRecords', () => {
  it('lets the last record win, with keys where they first stood', () => {
    const merged = mergeRecords(
      [
        { b: 1, a: 1 },
        { c: 2, a: 2 },
      ],
      last,
    );
    expect(JSON.stringify(merged)).toBe('{"b":1,"a":2,"c":2}');
  });

  it('lets the first record win', () => {
    expect(mergeRecords([{ a: 1 }, { a: 2 }], { conflict: 'first', depth: 0 })).toEqual({ a: 1 });
  });

  it('refuses a key that two have, by its path', () => {
    const merge = () => mergeRecords([{ a: { b: 1 } }, { a: { b: 2 } }], { conflict: 'refuse', depth: 1 });
    expect(merge).toThrow(ConflictRefusal);
    try {
      merge();
    } catch (refusal) {
      expect((refusal as ConflictRefusal).path).toEqual(['a', 'b']);
    }
  });

  it('asks a function what becomes of a key that two have', () => {
    const asked: unknown[] = [];
    const sum = mergeRecords([{ a: 1 }, { a: 2 }, { a: 4 }], {
      conflict: conflict => {
        asked.push(conflict);
        return (conflict.earlier as number) + (conflict.later as number);
      },
      depth: 0,
    });
    expect(sum).toEqual({ a: 7 });
    expect(asked).toEqual([
      { path: ['a'], earlier: 1, later: 2 },
      { path: ['a'], earlier: 3, later: 4 },
    ]);
  });

  it('merges records in records only as deep as it was told, and nothing but records', () => {
    const records = [{ a: { x: { m: 1 }, y: 1 } }, { a: { x: { n: 2 }, z: 2 } }];
    expect(mergeRecords(records, last)).toEqual({ a: { x: { n: 2 }, z: 2 } });
    expect(mergeRecords(records, { ...last, depth: 1 })).toEqual({ a: { x: { n: 2 }, y: 1, z: 2 } });
    expect(mergeRecords(records, { ...last, depth: 2 })).toEqual({ a: { x: { m: 1, n: 2 }, y: 1, z: 2 } });
    const odd = [{ a: { x: 1 } }, { a: [1] }, { a: null }, { a: new Date(0) }];
    expect(mergeRecords(odd, { ...last, depth: 9 })).toEqual({ a: new Date(0) });
    expect(mergeRecords([{ a: 1 }, { a: { x: 1 } }], { ...last, depth: 9 })).toEqual({ a: { x: 1 } });
    // What is no record takes the place of one, and is replaced by one.
    class Point {
      readonly x = 2;
    }
    for (const other of [undefined, null, 1, 'text', true, [1], new Date(0), new Point(), () => 1]) {
      const deep = { ...last, depth: 9 };
      expect(mergeRecords([{ a: { x: 1 } }, { a: other }], deep)['a']).toBe(other);
      expect(mergeRecords([{ a: other }, { a: { y: 1 } }], deep)).toEqual({ a: { y: 1 } });
    }
    const bare = Object.assign(Object.create(null) as object, { y: 2 });
    expect(mergeRecords([{ a: { x: 1 } }, { a: bare }], { ...last, depth: 9 })).toEqual({
      a: { x: 1, y: 2 },
    });
  });

  it('changes no record, and makes no prototype of a key', () => {
    const first = Object.freeze({ a: Object.freeze({ x: 1 }) });
    const hostile = JSON.parse('{"__proto__":{"admin":true},"a":{"y":2}}') as Record<string, unknown>;
    const merged = mergeRecords([first, hostile], { ...last, depth: 9 });
    expect((merged as { admin?: boolean }).admin).toBeUndefined();
    expect(Object.keys(merged)).toEqual(['a', '__proto__']);
    expect(first).toEqual({ a: { x: 1 } });
  });
});
