import { describe, expect, it } from 'vitest';
import { Node, Subject } from './deadline-subject.js';

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

  it('postpones only that, whatever leaves meanwhile', () => {
    const subject = new Subject();
    const [oldest, older] = ['oldest', 'older'].map(label => subject.add(label, 100));
    subject.clock.nextTurn(1);
    const [newer, newest] = ['newer', 'newest'].map(label => subject.add(label, 100));
    subject.list.remove(older!);
    subject.list.remove(newest!);
    subject.clock.block(50);
    subject.clock.nextTurn();
    expect([oldest!.dueAt, newer!.dueAt]).toEqual([100, 151]);
  });

  it('leaves a longer span as it is when coarse time moves amid the turn', () => {
    const subject = new Subject();
    const short = subject.add('short', 10);
    subject.clock.block(50);
    subject.clock.refresh();
    const long = subject.add('long', 100);
    subject.clock.nextTurn();
    expect([short.dueAt, long.dueAt]).toEqual([60, 150]);
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
    expect([short.dueAt, long.dueAt]).toEqual([110, 150]);
    subject.advanceTo(110);
    expect(subject.fired).toEqual(['short']);
    subject.advanceTo(150);
    expect(subject.fired).toEqual(['short', 'long']);
  });

  it('postpones each by what it has waited, whoever leaves from between them', () => {
    const subject = new Subject();
    const older = subject.add('older', 100);
    subject.clock.nextTurn(1);
    const stretches = [0, 1, 2, 3].map(() => {
      const nodes = ['a', 'b', 'c'].map(label => subject.add(label, 100));
      subject.clock.block(10);
      subject.clock.refresh();
      return nodes;
    });
    // The last of one stretch, and all of another.
    subject.list.remove(stretches[0]![2]!);
    for (const node of stretches[2]!) subject.list.remove(node);
    subject.clock.nextTurn();
    const left = [stretches[0]!.slice(0, 2), stretches[1]!, stretches[3]!].flat();
    expect(left.map(({ dueAt }) => dueAt)).toEqual(left.map(() => 141));
    expect(older.dueAt).toBe(100);
  });

  it('lets no postponement pass a deadline from outside, whatever stands before it', () => {
    const subject = new Subject();
    const long = subject.add('long', 100);
    subject.clock.block(50);
    subject.clock.refresh();
    const capped = new Node('capped', 110, 120);
    subject.list.add(capped, subject.clock.coarse());
    subject.clock.block(20);
    subject.clock.nextTurn();
    expect([long.dueAt, capped.dueAt]).toEqual([170, 120]);
    subject.advanceTo(120);
    expect(subject.fired).toEqual(['capped']);
    subject.advanceTo(170);
    expect(subject.fired).toEqual(['capped', 'long']);
  });

  it('keeps a deadline from outside although one before it was postponed beyond it', () => {
    const subject = new Subject();
    const older = subject.add('older', 90);
    subject.clock.nextTurn(1);
    const nodes = [Infinity, 105, Infinity, 103].map((latest, place) => {
      const node = new Node(`${place}`, 101, latest);
      subject.list.add(node, subject.clock.coarse());
      return node;
    });
    subject.clock.block(50);
    subject.clock.nextTurn();
    expect(nodes.map(({ dueAt }) => dueAt)).toEqual([151, 105, 151, 103]);
    expect(older.dueAt).toBe(90);
    subject.list.remove(nodes[2]!);
    for (const [time, fired] of [
      [90, ['older']],
      [103, ['older', '3']],
      [105, ['older', '3', '1']],
      [150, ['older', '3', '1']],
      [151, ['older', '3', '1', '0']],
    ] as const) {
      subject.advanceTo(time);
      expect(subject.fired).toEqual(fired);
    }
    expect(subject.clock.timersAt).toEqual([]);
    expect(subject.list.fits(0)).toBe(true);
  });

  it('loses none that come after it has put those before in order', () => {
    const subject = new Subject();
    const nodes = [Infinity, 105, 108].map((latest, place) => new Node(`${place}`, 101, latest));
    for (const node of nodes) subject.list.add(node, subject.clock.coarse());
    subject.clock.block(50);
    subject.clock.nextTurn();
    expect(nodes.map(({ dueAt }) => dueAt)).toEqual([151, 105, 108]);
    expect(subject.list.fitting(0)).toBe(151);
    subject.list.add(new Node('late', 160, Infinity), subject.clock.coarse());
    subject.advanceTo(200);
    expect(subject.fired).toEqual(['1', '2', '0', 'late']);
  });

  it('moves each once, however often coarse time moves amid the turn', () => {
    const subject = new Subject();
    let moves = 0;
    const watched = (): Node =>
      Object.defineProperty(new Node('watched', 1_000), 'dueAt', {
        get: () => 1_000,
        set: () => void moves++,
      });
    for (let at = 0; at < 50; at++) {
      subject.list.add(watched(), subject.clock.coarse());
      subject.clock.block(1);
      subject.clock.refresh();
    }
    subject.clock.nextTurn();
    expect(moves).toBe(50);
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
