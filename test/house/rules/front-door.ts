import type ts from 'typescript';
import { exportsOf } from '../program.js';

/** Everything that a room exports stands in the front door as well, under the same name, value or type. */
export function frontDoor(program: ts.Program, door: string, rooms: readonly string[]): string[] {
  const open = exportsOf(program, door);
  const found: string[] = [];
  for (const room of rooms) {
    for (const [name, symbol] of exportsOf(program, room)) {
      const there = open.get(name);
      if (there === undefined) found.push(`${door} lacks ${name} of ${room}: export it there too`);
      else if (there !== symbol) found.push(`${door} has another ${name} than ${room}: rename one of them`);
    }
  }
  return found;
}
