import { describe, expect, it } from 'vitest';
import {
  type CallSlice,
  mergeSlices,
  newSlices,
  readSlices,
} from '../../../../src/observe/dashboard/call-series.js';
import { ThingTable } from '../../../../src/observe/dashboard/thing-table.js';

const slice = (at: number, calls = 1): CallSlice => [at, calls, 0, 5, 9];

describe('the calls of a meter over time', () => {
  it('are told slice by slice, the one that was not over again', () => {
    const before = [slice(1), slice(2)];
    expect(newSlices([], before)).toEqual(before);
    expect(newSlices(before, before)).toBeUndefined();
    expect(newSlices(before, [slice(1), slice(2, 7)])).toEqual([slice(2, 7)]);
    expect(newSlices(before, [slice(2, 7), slice(3)])).toEqual([slice(2, 7), slice(3)]);
    expect(newSlices([], [])).toBeUndefined();
  });

  it('are the same on the other side, and bounded', () => {
    expect(mergeSlices([slice(1), slice(2)], [slice(2, 7), slice(3)])).toEqual([
      slice(1),
      slice(2, 7),
      slice(3),
    ]);
    expect(mergeSlices([slice(1)], [])).toEqual([slice(1)]);
    let all: readonly CallSlice[] = [];
    for (let at = 0; at < 5_000; at++) all = mergeSlices(all, [slice(at)]);
    expect(all).toHaveLength(600);
    expect(all.at(-1)).toEqual(slice(4_999));
  });

  it.each([[undefined], ['x'], [[1, null, [1], [1, 2, 3, 4, 'x'], [1, 2, 3, 4, Number.NaN]]]])(
    'are nothing in %j',
    value => expect(readSlices(value)).toEqual([]),
  );

  it('are in the order of time', () => {
    expect(readSlices([slice(2), slice(1), slice(2), slice(3)])).toEqual([slice(2), slice(3)]);
  });

  it('do not make a table tell the whole past again', () => {
    const table = new ThingTable();
    const facts = { service: 's', instance: '', id: 'meter/m', kind: 'meter', name: 'm', whole: '' };
    const past = Array.from({ length: 300 }, (_, at) => slice(at));
    const meter = { ...facts, description: {}, snapshot: { calls: 1 }, detail: null };
    table.update([{ ...meter, series: past }]);
    const changes = table.update([{ ...meter, series: [...past.slice(1), slice(300)] }]);
    expect(changes).toEqual({ changed: [{ key: 't1', series: [slice(299), slice(300)] }] });
    expect(table.things[0]?.series).toHaveLength(300);
  });
});
