import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { observedKinds } from '../../../src/observe/kinds.js';

const src = join(import.meta.dirname, '../../../src');
const held = readFileSync(join(import.meta.dirname, '../../types/observed-kinds.test-d.ts'), 'utf8');
const rooms = [
  'observe',
  'resilience',
  'messaging',
  'events',
  'saga',
  'data',
  'discovery',
  'proxy',
  'gateway',
  'adapters',
];

/** Inside of drivers: nobody can listen to these. */
const inner = ['ForwardingEvents', 'LinkEvents', 'PullEvents', 'SessionEvents', 'WaiterEvents'];

function mapsOfRooms(): string[] {
  const files = rooms.flatMap(room =>
    readdirSync(join(src, room), { recursive: true, encoding: 'utf8' }).map(file => join(src, room, file)),
  );
  const texts = files.filter(file => file.endsWith('.ts')).map(file => readFileSync(file, 'utf8'));
  return texts.flatMap(text =>
    [...text.matchAll(/^export interface (\w+Events)\b/gm)].map(found => found[1]!),
  );
}

describe('the table of kinds', () => {
  it('is held to the map of events of every room', () => {
    const maps = mapsOfRooms();
    expect(maps.length).toBeGreaterThan(30);
    const missing = maps.filter(map => !inner.includes(map) && !new RegExp(`: ${map};`).test(held));
    expect(missing).toEqual([]);
  });

  it('names no event twice', () => {
    for (const events of Object.values(observedKinds)) expect(new Set(events).size).toBe(events.length);
  });

  it('is the one in the docs', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/observe.md'), 'utf8');
    for (const [kind, events] of Object.entries(observedKinds)) {
      expect(page).toContain(`| \`${kind}\` | ${events.map(event => `\`${event}\``).join(', ')} |`);
    }
  });
});
