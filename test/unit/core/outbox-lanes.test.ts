import { describe, expect, it } from 'vitest';
import { Hold } from '../../../src/core/outbox-holds.js';
import { clearedBy, OutboxLanes, suspectsAmong } from '../../../src/core/outbox-lanes.js';

const hold = (bucket: number, suspectTo?: number) => new Hold({ bucket, epoch: 1, suspectTo }, 100);
const row = (id: number, key: string, bucket = 0, crashes = 0) => ({ id, key, bucket, crashes });

describe('the lanes of a relay', () => {
  it('are one for each key, in the order of what was read', () => {
    const lanes = new OutboxLanes();
    const [zero, one] = [hold(0), hold(1)];
    const holdOf = (bucket: number) => [zero, one][bucket];
    const rows = [row(1, 'a'), row(2, 'b', 1), row(3, 'a'), row(4, 'c', 9)];
    const opened = lanes.enter(rows, holdOf);
    expect(opened.map(({ key, hold: of, rows: mine }) => [key, of, mine.map(({ id }) => id)])).toEqual([
      ['a', zero, [1, 3]],
      ['b', one, [2]],
    ]);
    expect([lanes.size, zero.open, one.open]).toEqual([3, 1, 1]);
    expect(lanes.skip(0)).toEqual(['a', 'b']);
    expect(lanes.enter([row(5, 'a'), row(6, 'd')], holdOf).map(({ key }) => key)).toEqual(['d']);
    lanes.leave(opened[0]!);
    lanes.leave(opened[0]!);
    expect([lanes.size, zero.open]).toEqual([2, 1]);
    expect(lanes.skip(0)).toEqual(['b', 'd']);
    const [again] = lanes.enter([row(5, 'a')], holdOf);
    lanes.leave(opened[0]!);
    expect(lanes.skip(0)).toContain('a');
    lanes.leave(again!);
    expect(lanes.skip(0)).toEqual(['b', 'd']);
  });

  it('rest until their time, and are counted until one goes through', () => {
    const lanes = new OutboxLanes();
    expect([lanes.restsOf('a'), lanes.earliest(0)]).toEqual([0, Infinity]);
    lanes.rest('a', 10);
    lanes.rest('b', 20);
    expect([lanes.skip(9), lanes.skip(10), lanes.skip(20)]).toEqual([['a', 'b'], ['b'], []]);
    expect([lanes.earliest(0), lanes.earliest(10), lanes.earliest(20)]).toEqual([10, 20, Infinity]);
    lanes.rest('a', 30);
    expect(lanes.restsOf('a')).toBe(2);
    lanes.wake('a');
    expect([lanes.restsOf('a'), lanes.skip(15)]).toEqual([0, ['b']]);
  });

  it('forget the oldest rests where there are too many', () => {
    const lanes = new OutboxLanes();
    for (let n = 0; n < 10_000; n++) lanes.rest(`k${n}`, 10);
    lanes.rest('k0', 10);
    expect(lanes.skip(0)).toHaveLength(10_000);
    lanes.rest('one more', 10);
    expect([lanes.restsOf('k1'), lanes.restsOf('k0'), lanes.restsOf('one more')]).toEqual([0, 2, 1]);
  });
});

describe('what is suspect', () => {
  const holds = [hold(0, 5), hold(1), hold(2, 9)];
  const holdOf = (bucket: number) => holds[bucket];

  it('is what stood in reach of a relay that fell silent, and what was accused', () => {
    const rows = [row(4, 'a'), row(5, 'b'), row(6, 'c'), row(1, 'd', 1), row(7, 'e', 1, 2), row(1, 'f', 7)];
    expect(suspectsAmong(rows, holdOf).map(({ key }) => key)).toEqual(['a', 'b', 'e']);
  });

  it.each([
    [[], false, [0, 2]],
    [[], true, []],
    [[row(6, 'a')], true, [0]],
    [[row(5, 'a')], true, []],
    [[row(5, 'a')], false, [2]],
    [[row(6, 'a'), row(10, 'b', 2)], true, [0, 2]],
    [[row(6, 'a'), row(9, 'b', 2), row(10, 'b', 2)], true, [0]],
  ])('ends when all of it is through: %j, more: %s', (rows, more, cleared) => {
    expect(clearedBy(rows, holds, more).map(({ bucket }) => bucket)).toEqual(cleared);
  });
});
