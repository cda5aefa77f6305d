import { describe, expect, it } from 'vitest';
import { type Listed, Roll } from '../../../src/core/roll.js';

class Guest implements Listed {
  place = -1;
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

const guests = (...names: string[]): Guest[] => names.map(name => new Guest(name));
const namesIn = (roll: Roll<Guest>): string[] => roll.all().map(({ name }) => name);

describe('Roll', () => {
  it('knows who is here', () => {
    const roll = new Roll<Guest>();
    const [a, b, c] = guests('a', 'b', 'c') as [Guest, Guest, Guest];
    expect([roll.size, namesIn(roll)]).toEqual([0, []]);
    for (const guest of [a, b, c]) roll.enter(guest);
    expect([roll.size, namesIn(roll)]).toEqual([3, ['a', 'b', 'c']]);
  });

  it('lets anybody leave, once', () => {
    const roll = new Roll<Guest>();
    const [a, b, c] = guests('a', 'b', 'c') as [Guest, Guest, Guest];
    for (const guest of [a, b, c]) roll.enter(guest);
    expect(roll.leave(a)).toBe(true);
    expect([namesIn(roll), a.place]).toEqual([['c', 'b'], -1]);
    expect(roll.leave(a)).toBe(false);
    expect(roll.leave(c)).toBe(true);
    expect(roll.leave(b)).toBe(true);
    expect([roll.size, b.place, c.place]).toEqual([0, -1, -1]);
    roll.enter(a);
    expect(namesIn(roll)).toEqual(['a']);
  });

  it('does not take out of one what stands in another', () => {
    const [here, there] = [new Roll<Guest>(), new Roll<Guest>()];
    const [a, b] = guests('a', 'b') as [Guest, Guest];
    here.enter(a);
    there.enter(b);
    expect(there.leave(a)).toBe(false);
    expect([namesIn(here), namesIn(there)]).toEqual([['a'], ['b']]);
  });

  it('answers with those of now, whoever leaves while they are walked', () => {
    const roll = new Roll<Guest>();
    for (const guest of guests('a', 'b', 'c')) roll.enter(guest);
    const seen: string[] = [];
    for (const guest of roll.all()) {
      seen.push(guest.name);
      roll.leave(guest);
    }
    expect([seen, roll.size]).toEqual([['a', 'b', 'c'], 0]);
  });
});
