import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeadlineList, type Due } from '../../../src/kernel/deadline-list.js';
import { TurnClock } from './turn-clock.js';

class Node implements Due {
  dueBefore: Due | undefined = undefined;
  dueAfter: Due | undefined = undefined;
  readonly label: string;
  dueAt: number;
  readonly latest: number;

  constructor(label: string, deadline: number, latest = Infinity) {
    this.label = label;
    this.dueAt = deadline;
    this.latest = latest;
  }
}

class Subject {
  readonly clock = new TurnClock();
  readonly fired: string[] = [];
  readonly list = new DeadlineList<Node>(this.clock, node => this.fired.push(node.label));

  add(label: string, spanMs: number): Node {
    const now = this.clock.coarse();
    const node = new Node(label, now + spanMs);
    expect(this.list.fits(node.dueAt)).toBe(true);
    this.list.add(node, now);
    return node;
  }
}

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
});

describe('DeadlineList in a turn that blocks', () => {
  it('counts from the end of the turn in which a deadline was added', () => {
    const subject = new Subject();
    const node = subject.add('a', 10);
    subject.clock.block(500);
    subject.clock.nextTurn();
    expect(node.dueAt).toBe(510);
    subject.clock.nextTurn(9);
    subject.clock.nextTurn();
    expect(subject.fired).toEqual([]);
    subject.clock.nextTurn(1);
    subject.clock.nextTurn();
    expect(subject.fired).toEqual(['a']);
  });

  it('postpones what was added in this turn and nothing else', () => {
    const subject = new Subject();
    const older = subject.add('older', 100);
    subject.clock.nextTurn(1);
    const newer = subject.add('newer', 100);
    subject.clock.block(50);
    subject.clock.nextTurn();
    expect([older.dueAt, newer.dueAt]).toEqual([100, 151]);
  });

  it('charges no part of the turn twice when coarse time moves amid it', () => {
    const subject = new Subject();
    const before = subject.add('before', 10);
    subject.clock.block(300);
    subject.clock.refresh();
    const after = subject.add('after', 10);
    subject.clock.block(200);
    subject.clock.nextTurn();
    expect([before.dueAt, after.dueAt]).toEqual([510, 510]);
    // A deadline beyond 510 would not let the calls of the next turn into the list.
    expect(subject.list.fits(subject.clock.coarse() + 10)).toBe(true);
  });

  it('keeps the order when spans differ and coarse time moves amid the turn', () => {
    const subject = new Subject();
    const long = subject.add('long', 100);
    subject.clock.block(50);
    subject.clock.refresh();
    const short = subject.add('short', 60);
    subject.clock.nextTurn();
    expect(long.dueAt).toBe(150);
    expect(short.dueAt).toBe(150);
  });

  it('reads what has arrived before anything expires', () => {
    const subject = new Subject();
    const answered = subject.add('answered', 10);
    subject.add('silent', 10);
    subject.clock.nextTurn();
    // The timer fires first in this turn, and the reply is read after it in the same turn.
    subject.clock.nextTurn(5_000);
    expect(subject.fired).toEqual([]);
    subject.list.remove(answered);
    subject.clock.nextTurn();
    expect(subject.fired).toEqual(['silent']);
  });

  it('leaves no timer behind when one is set between the firing and the expiry', () => {
    const subject = new Subject();
    const first = subject.add('a', 100);
    subject.clock.nextTurn();
    subject.clock.time = 99;
    subject.clock.refresh();
    subject.list.remove(first);
    const near = subject.add('near', 0.5);
    subject.clock.nextTurn(1);
    subject.list.remove(near);
    subject.clock.nextTurn();
    subject.clock.nextTurn();
    expect(subject.clock.timersAt).toEqual([]);
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
