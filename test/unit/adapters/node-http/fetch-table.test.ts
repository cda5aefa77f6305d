import { describe, expect, it } from 'vitest';
import { FetchTable } from '../../../../src/adapters/node-http/fetch-table.js';

/** An answer that is not to be kept came for a key. */
const pass = (table: FetchTable, key: string) => table.begin({ key, uri: key }, true).end({ kind: 'alone' });

describe('what a cache knows of answers that were not to be kept', () => {
  it('is bounded by how many there are, the newest of which it knows', () => {
    const table = new FetchTable(3, () => 0);
    for (const key of ['a', 'b', 'c', 'd']) pass(table, key);
    expect(['a', 'b', 'c', 'd'].map(key => table.isPassing(key))).toEqual([false, true, true, true]);
  });

  it('is bounded by how long their keys are, which clients choose', () => {
    const table = new FetchTable(10_000, () => 0);
    const keys = Array.from({ length: 1_000 }, (_, at) => `${at}`.padStart(8_192, '/'));
    for (const key of keys) pass(table, key);
    expect(keys.filter(key => table.isPassing(key))).toEqual(keys.slice(-512));
    table.clear();
    for (const key of keys) pass(table, key);
    expect(keys.filter(key => table.isPassing(key))).toHaveLength(512);
  });

  it('makes room again when it is out of date', () => {
    let now = 0;
    const table = new FetchTable(10_000, () => now);
    const keys = Array.from({ length: 512 }, (_, at) => `${at}`.padStart(8_192, '/'));
    for (const key of keys) pass(table, key);
    now = 10_000;
    expect(keys.filter(key => table.isPassing(key))).toEqual([]);
    for (const key of keys) pass(table, `${key.slice(1)}a`);
    expect(keys.filter(key => table.isPassing(`${key.slice(1)}a`))).toHaveLength(512);
  });
});
