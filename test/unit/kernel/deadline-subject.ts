import { expect } from 'vitest';
import { DeadlineList, type Due } from '../../../src/kernel/deadline-list.js';
import { TurnClock } from './turn-clock.js';

export class Node implements Due {
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

/** A list on a clock with turns, and what has fired. */
export class Subject {
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

  /** Goes on to a time that lies ahead, and to the end of the turn that begins then. */
  advanceTo(time: number): void {
    this.clock.nextTurn(time - this.clock.time);
    this.clock.nextTurn();
  }
}
