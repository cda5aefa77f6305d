import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeadlineList } from '../../../src/kernel/deadline-list.js';
import { Node, Subject } from './deadline-subject.js';
import { TurnClock } from './turn-clock.js';

describe('DeadlineList', () => {
  it('fires in order of time, each once, and not before', () => {
    const subject = new Subject();
    subject.add('a', 10);
    subject.clock.nextTurn(5);
    subject.add('b', 10);
    subject.clock.nextTurn(4);
    expect(subject.fired).toEqual([]);
    subject.clock.nextTurn(1);
    subject.clock.nextTurn();
    expect(subject.fired).toEqual(['a']);
    subject.clock.nextTurn(5);
    subject.clock.nextTurn(100);
    expect(subject.fired).toEqual(['a', 'b']);
  });

  it('touches no timer within a turn, and needs one for many', () => {
    const subject = new Subject();
    for (let i = 0; i < 100; i++) subject.add(`${i}`, 50);
    expect(subject.clock.set).toBe(0);
    subject.clock.nextTurn();
    expect(subject.clock.timersAt).toEqual([50]);
    expect(subject.clock.keepAliveTimers).toBe(1);
    subject.clock.nextTurn(1);
    for (let i = 0; i < 100; i++) subject.add(`${i}`, 50);
    subject.clock.nextTurn();
    expect(subject.clock.set).toBe(1);
  });

  it('needs no timer for what came and went within a turn', () => {
    const subject = new Subject();
    for (let i = 0; i < 10; i++) subject.list.remove(subject.add(`${i}`, 50));
    subject.clock.nextTurn();
    expect(subject.clock.set).toBe(0);
  });

  it('has no timer when nothing waits any more', () => {
    const subject = new Subject();
    const node = subject.add('a', 50);
    subject.clock.nextTurn(1);
    subject.list.remove(node);
    subject.clock.nextTurn(1);
    expect(subject.clock.timersAt).toEqual([]);
    expect(subject.fired).toEqual([]);
  });

  it('asks for one end of a turn, however often the list empties in it', () => {
    const subject = new Subject();
    const first = subject.add('a', 50);
    subject.clock.nextTurn(1);
    subject.list.remove(first);
    for (let i = 0; i < 100; i++) subject.list.remove(subject.add(`${i}`, 50));
    expect(subject.clock.turnEnds).toBe(1);
  });

  it.each([
    [0, ['b', 'c']],
    [1, ['a', 'c']],
    [2, ['a', 'b']],
  ])('takes out number %d of three, and again without effect', (place, left) => {
    const subject = new Subject();
    const nodes = ['a', 'b', 'c'].map(label => subject.add(label, 10));
    subject.list.remove(nodes[place]!);
    subject.list.remove(nodes[place]!);
    subject.clock.nextTurn(10);
    subject.clock.nextTurn();
    expect(subject.fired).toEqual(left);
  });

  it('wakes early and waits on when the nearest one has left', () => {
    const subject = new Subject();
    const first = subject.add('a', 10);
    subject.clock.nextTurn(5);
    subject.add('b', 10);
    subject.list.remove(first);
    subject.clock.nextTurn(5);
    expect(subject.clock.timersAt).toEqual([]);
    subject.clock.nextTurn();
    expect(subject.fired).toEqual([]);
    expect(subject.clock.timersAt).toEqual([15]);
  });

  it('arms anew for a deadline that comes before that of a list which has emptied', () => {
    const subject = new Subject();
    const far = subject.add('far', 100);
    subject.clock.nextTurn(1);
    subject.list.remove(far);
    subject.add('near', 10);
    subject.clock.nextTurn();
    expect(subject.clock.timersAt).toEqual([11]);
  });

  it('says which deadlines keep the order', () => {
    const subject = new Subject();
    expect(subject.list.fits(0)).toBe(true);
    subject.add('a', 10);
    expect(subject.list.fits(10)).toBe(true);
    expect(subject.list.fits(9)).toBe(false);
  });

  it('says when a deadline keeps the order at the soonest', () => {
    const subject = new Subject();
    expect(subject.list.fitting(3)).toBe(3);
    subject.add('a', 10);
    expect([3, 10, 20].map(dueAt => subject.list.fitting(dueAt))).toEqual([10, 10, 20]);
  });

  it('asks for no end of a turn where nothing is to be settled', () => {
    const subject = new Subject();
    const first = subject.add('a', 10);
    subject.add('b', 10);
    subject.clock.nextTurn(1);
    subject.list.remove(first);
    expect(subject.clock.turnEnds).toBe(0);
    subject.clock.nextTurn(10);
    subject.clock.nextTurn();
    expect([subject.fired, subject.clock.turnEnds]).toEqual([['b'], 0]);
  });

  it('bears it that the last one leaves in the turn in which its timer fires', () => {
    const subject = new Subject();
    const only = subject.add('a', 10);
    // Set before the timer of the list, so that it fires before that.
    subject.clock.schedule(10, () => subject.list.remove(only));
    subject.clock.nextTurn(10);
    subject.clock.nextTurn();
    expect([subject.fired, subject.clock.timersAt]).toEqual([[], []]);
  });
});

describe('DeadlineList, whatever happens', () => {
  it('stays in order and fires nothing early, with at most one timer', () => {
    const step = fc.oneof(
      fc.constant({ do: 'add' as const, n: 0 }),
      fc.record({ do: fc.constant('remove' as const), n: fc.nat(20) }),
      fc.record({ do: fc.constant('block' as const), n: fc.nat(30) }),
      fc.constant({ do: 'refresh' as const, n: 0 }),
      fc.record({ do: fc.constant('turn' as const), n: fc.nat(30) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const span = 20;
        const clock = new TurnClock();
        const waiting = new Map<Node, number>();
        const fired: number[] = [];
        const list = new DeadlineList<Node>(clock, node => {
          expect(clock.time).toBeGreaterThanOrEqual(waiting.get(node)! + span);
          waiting.delete(node);
          fired.push(Number(node.label));
        });
        let made = 0;
        for (const { do: what, n } of steps) {
          if (what === 'block') clock.block(n);
          else if (what === 'refresh') clock.refresh();
          else if (what === 'turn') clock.nextTurn(n);
          else if (what === 'remove') {
            const node = [...waiting.keys()][n];
            if (node === undefined) continue;
            list.remove(node);
            waiting.delete(node);
          } else {
            const now = clock.coarse();
            const node = new Node(`${made++}`, now + span);
            expect(list.fits(node.dueAt)).toBe(true);
            waiting.set(node, now);
            list.add(node, now);
          }
          expect(clock.timersAt.length).toBeLessThanOrEqual(1);
        }
        for (let turn = 0; turn < 4; turn++) clock.nextTurn(span);
        expect(waiting.size).toBe(0);
        expect(fired).toEqual([...fired].sort((a, b) => a - b));
        expect(clock.timersAt).toEqual([]);
      }),
    );
  });
});
